//! A job's pod without the credentials of its role.
//!
//! EKS's pod identity webhook adds variables, a volume and mounts to every
//! container of a pod whose service account has a role. It is registered with
//! `failurePolicy: Ignore`, answers from a cache that may not know the service
//! account yet, and skips a container that already has one of its variables.

use std::cell::OnceCell;

use crate::names::shown;
use crate::policy::RuleId;
use crate::request::pod::{Container, Pod, Source};
use crate::request::{Act, Path, ReviewError};
use crate::rules::shared::startable::{Start, refusal};
use crate::rules::{Advice, Checked, Finding};
use crate::write::{PodWrite, Write};

use super::{ABOUT, Options};

static ADVICE: Advice = Advice {
    why: "without them the AWS SDK falls back to the node's role, which every pod of the node \
          shares",
    instead: "start it again, without variables, labels or annotations that keep EKS's pod \
              identity webhook away; if it still fails, check that the webhook answers and that \
              the service account has its role",
    source: "Amazon EKS user guide: IAM roles for service accounts, EKS Pod Identity",
};

/// The rule that denies a pod under a service account that is not the requester's.
const FOREIGN_ACCOUNT: RuleId = RuleId::new("foreign-service-account");

/// The two variables of each way to a role: what says which role, and the token's file.
const WAYS: [(&str, &str); 2] = [
    ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ),
];

/// Containers that a sentence names; a pod can have many.
const MOST_NAMES: usize = 4;

pub(super) fn check(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let creates = matches!(write.act, Act::Create(_));
    if !(creates && pod_write.is_pod() && Options::requires_identity(write.policy)) {
        return Ok(());
    }
    let pod = &pod_write.new;
    let spec = &pod.spec;
    let job = spec.service_accounts().find_map(|account| {
        let role = write.runs_as(account).role().cloned();
        role.map(|role| (account, role))
    });
    let Some((account, role)) = job else {
        return Ok(());
    };
    let provision = Provision::of(write, pod);
    let mut first = None;
    let mut names: Vec<String> = Vec::new();
    let mut more = 0;
    for (list, containers) in [
        ("containers", &spec.containers),
        ("initContainers", &spec.init_containers),
    ] {
        for (index, container) in containers.iter().enumerate() {
            if provision.reaches(container)? {
                continue;
            }
            first.get_or_insert((list, index));
            if names.len() < MOST_NAMES {
                names.push(shown(&container.name, 63));
            } else {
                more += 1;
            }
        }
    }
    let Some((list, index)) = first else {
        return Ok(());
    };
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let act = format!(
        "start {} without the credentials of IAM role {role} in {}{more}",
        write.object(),
        names.join(", "),
    );
    let path = Path::root().key("spec").key(list).index(index).key("env");
    let mut finding = Finding::new(&ABOUT, &ADVICE, act)
        .at(path)
        .key(format!("no credentials of {role}"));
    let start = Start::Pod {
        name: write.possible_name(),
    };
    // One cause, one finding: where the requester may not use the account at all,
    // the rule about that says so.
    finding.caused_by = refusal(write, account, start).map(|_| FOREIGN_ACCOUNT);
    findings.push(finding);
    Ok(())
}

/// The parts of a pod that say whether its containers have credentials.
struct Provision<'p, 'a> {
    write: &'p Write<'a>,
    pod: &'p Pod<'p>,
    /// The names of the volumes that hold a token of the service account, found
    /// once for all containers.
    tokens: OnceCell<Vec<&'p str>>,
}

impl<'p, 'a> Provision<'p, 'a> {
    const fn of(write: &'p Write<'a>, pod: &'p Pod<'p>) -> Self {
        Self {
            write,
            pod,
            tokens: OnceCell::new(),
        }
    }

    /// Whether the container has the variables of one way, and the token where
    /// they say.
    fn reaches(&self, container: &Container<'_>) -> Result<bool, ReviewError> {
        for (role, token) in WAYS {
            let role = Value::of(container, role);
            let token = Value::of(container, token);
            let reaches = match (role, token) {
                (Value::Text(_), Value::Text(file)) => self.has_token(container, file),
                // rolegate emptied the token's variable, or the chain never needed
                // it, so that the SDK reads the profile.
                (Value::Text(_) | Value::Blank, Value::Text(_) | Value::Blank) => {
                    let state = self.write.chain_state()?;
                    state.is_some_and(|state| state.has_profile(&container.name))
                }
                _ => false,
            };
            if reaches {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a token of the pod's service account is mounted at `file`.
    fn has_token(&self, container: &Container<'_>, file: &str) -> bool {
        let file = on_unix(file);
        if file.split('/').any(|part| part == "..") {
            return false;
        }
        let mounts = container.volume_mounts.iter();
        let innermost = mounts
            .filter(|mount| is_below(&file, &on_unix(&mount.mount_path)))
            .max_by_key(|mount| mount.mount_path.len());
        innermost.is_some_and(|mount| self.tokens().contains(&mount.name.as_str()))
    }

    fn tokens(&self) -> &[&'p str] {
        self.tokens.get_or_init(|| {
            let holds = |source: &Source<'_>| match source {
                Source::Projected(parts) => parts
                    .iter()
                    .any(|part| part.service_account_token.is_some()),
                _ => false,
            };
            let volumes = self.pod.spec.volumes.iter();
            volumes
                .filter(|volume| volume.sources.iter().any(holds))
                .map(|volume| volume.name.as_str())
                .collect()
        })
    }
}

/// The value of a variable.
enum Value<'p> {
    /// It is taken from another object and may be anything.
    Unknown,
    /// Empty or absent: SDKs make no difference.
    Blank,
    Text(&'p str),
}

impl<'p> Value<'p> {
    fn of(container: &'p Container<'_>, name: &str) -> Self {
        match container.variable(name) {
            Some(variable) if variable.value_from.is_some() => Self::Unknown,
            variable => match variable.and_then(|variable| variable.value.as_deref()) {
                None | Some("") => Self::Blank,
                Some(text) => Self::Text(text),
            },
        }
    }
}

/// `C:\var\run` as `/var/run`: for Windows, EKS writes the file's path in the first
/// form and the mount's in the second.
fn on_unix(path: &str) -> String {
    let path = path.strip_prefix("C:").unwrap_or(path).replace('\\', "/");
    match path.strip_suffix('/') {
        Some(path) => path.to_owned(),
        None => path,
    }
}

fn is_below(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
