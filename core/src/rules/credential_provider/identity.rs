//! A job's pod without the credentials of its role.
//!
//! EKS's pod identity webhook puts variables, a volume and mounts into every
//! container of a pod whose service account has a role. It is registered with
//! `failurePolicy: Ignore`, answers from a cache that may not know the service
//! account yet, and leaves a container alone that has one of its variables.

use std::cell::OnceCell;

use crate::facts::RunsAs;
use crate::write::{PodWrite, Write};
use crate::mutation::{self, Plan};
use crate::names::shown;
use crate::policy::RuleId;
use crate::request::Operation;
use crate::request::pod::{Container, Pod, Source};
use crate::rules::Finding;

static ADVICE: Advice = Advice {
    why: "without them the AWS SDK goes on to the node's role, which every pod of the \
                   node shares",
    instead: "start it again, without variables, labels or annotations that keep EKS's \
                       pod identity webhook away; if it still fails, see whether that webhook \
                       answers and whether the service account has its role",
    source: "Amazon EKS user guide: IAM roles for service accounts, EKS Pod Identity",
};

/// The two variables of each way to a role: what says which, and the token's file.
const WAYS: [(&str, &str); 2] = [
    ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ),
];

/// A pod can have many containers; this many tell the story.
const MOST_NAMES: usize = 4;

pub(super) fn check(write: &Write<'_>, pod_write: &PodWrite<'_>, findings: &mut Vec<Finding>) {
    let creates = write.operation() == Operation::Create;
    let settings = &write.policy.rules.credential_provider;
    if !(creates && pod_write.is_pod() && settings.require_identity) {
        return;
    }
    let pod = &pod_write.new;
    let spec = &pod.spec;
    let role = spec.service_accounts().find_map(|account| {
        let identity = write.runs_as(account);
        identity.role().cloned()
    });
    let Some(role) = role else { return };
    let provision = Provision::of(write, pod);
    let mut without = [
        ("containers", &spec.containers),
        ("initContainers", &spec.init_containers),
    ]
    .into_iter()
    .flat_map(|(list, containers)| {
        let numbered = containers.iter().enumerate();
        numbered.map(move |(index, container)| (list, index, container))
    })
    .filter(|(_, _, container)| !provision.reaches(container))
    .peekable();
    let Some(&(list, index, _)) = without.peek() else {
        return;
    };
    let mut names: Vec<String> = without
        .map(|(_, _, container)| shown(&container.name, 63))
        .collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    findings.push(Finding {
        rule: RuleId::CredentialProvider,
        seen: format!(
            "{} may not start {} without the credentials of IAM role {role} in {}{more}",
            write.who(),
            write.object(),
            names.join(", "),
        ),
        path: Some(format!("spec.{list}[{index}].env")),
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    });
}

/// What of a pod says whether its containers have credentials; each part is
/// found once, however many containers ask.
struct Provision<'p, 'a> {
    write: &'p Write<'a>,
    pod: &'p Pod<'p>,
    /// The names of the volumes that hold a token of the service account.
    tokens: OnceCell<Vec<&'p str>>,
    /// The profile that rolegate has given, where it is untouched.
    profile: OnceCell<Option<Plan<'p>>>,
}

impl<'p, 'a> Provision<'p, 'a> {
    const fn of(write: &'p Write<'a>, pod: &'p Pod<'p>) -> Self {
        Self {
            write,
            pod,
            tokens: OnceCell::new(),
            profile: OnceCell::new(),
        }
    }

    /// Whether the container has the variables of one way, and the token where
    /// they say.
    fn reaches(&self, container: &Container<'_>) -> bool {
        WAYS.iter().any(|(role, token)| {
            let role = Value::of(container, role);
            let token = Value::of(container, token);
            match (role, token) {
                (Value::Text(_), Value::Text(file)) => self.has_token(container, file),
                // Blanked in place, or never needed, so that the SDK reads the profile.
                (Value::Text(_) | Value::Blank, Value::Text(_) | Value::Blank) => {
                    self.has_profile(&container.name)
                }
                _ => false,
            }
        })
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

    fn has_profile(&self, container: &str) -> bool {
        let profile = self.profile.get_or_init(|| {
            let plan = mutation::plan(self.write, self.pod);
            plan.is_in_place().then_some(plan)
        });
        profile
            .as_ref()
            .is_some_and(|plan| plan.gives_profile_to(container))
    }
}

/// What a variable says.
enum Value<'p> {
    /// It comes from elsewhere and may be anything.
    Unknown,
    /// Empty, or not there at all: one to the SDKs.
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

/// `C:\var\run` as `/var/run`: for Windows, EKS writes the file's path so and
/// the mount's as ever.
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
