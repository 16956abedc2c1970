//! A job's pod without the credentials of its role.
//!
//! EKS's pod identity webhook adds variables, a volume and mounts to every
//! container of a pod whose service account has a role. It is registered with
//! `failurePolicy: Ignore`, answers from a cache that may not know the service
//! account yet, and skips a container that already has one of its variables.

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::identity::{
    AGENT, AGENT_AUDIENCE, AGENT_TOKEN, AGENT_URIS, IRSA, OTHER_AGENTS, Place, STS_AUDIENCE, Value,
    Volumes,
};
use crate::names::shown;
use crate::policy::RuleId;
use crate::request::pod::{Container, Pod};
use crate::request::{Act, Path, ReviewError};
use crate::rules::shared::startable::{Start, refusal};
use crate::rules::shared::violation::{self, Violation};
use crate::rules::{Advice, Checked, Finding};
use crate::write::{PodWrite, Write};

use super::{ABOUT, Options};

pub(super) static ADVICE: Advice = Advice {
    why: "without them the AWS SDK falls back to the node's role, which every pod of the node \
          shares",
    instead: &[(
        &[Person, Software, AddOn, Emr, Operator, Job, Workload],
        "start it again, without variables, labels or annotations that keep EKS's pod identity webhook away; if it still fails, check that the webhook answers and that the service account has its role",
    )],
    source: "Amazon EKS user guide: IAM roles for service accounts, EKS Pod Identity",
};

/// The rule that denies a pod under a service account that is not the requester's.
const FOREIGN_ACCOUNT: RuleId = RuleId::new("foreign-service-account");

pub(super) static FOREIGN: Advice = Advice {
    why: "a job's pod with another identity's credentials works with rights that nobody gave the job",
    instead: &[(
        &[Person, Software, AddOn, Emr, Operator, Job, Workload],
        "leave the AWS_CONTAINER_ variables to EKS's pod identity webhook; to use another role ask for a chain (`virtualClusters[].chains`)",
    )],
    source: "Amazon EKS user guide: IAM roles for service accounts, EKS Pod Identity",
};

/// Containers that a sentence names; a pod can have many.
const MOST_NAMES: usize = 4;

pub(super) fn check(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    if !Options::requires_identity(write.policy) {
        return Ok(());
    }
    let foreign = violation::started(pod_write, |pod, violations| {
        judge_foreign(pod, write, violations);
    });
    if !foreign.is_empty() {
        let verb = pod_write.verb(write.operation());
        findings.extend(foreign.into_iter().map(|violation| {
            let act = format!("{verb} {} with {}", write.object(), violation.seen);
            let cause = cause(write, &pod_write.new);
            let mut finding = violation.finding(&ABOUT, &FOREIGN, act);
            finding.caused_by = cause;
            finding
        }));
        // What else is missing there follows from it.
        return Ok(());
    }
    let creates = matches!(write.act, Act::Create(_));
    if !(creates && pod_write.is_pod()) {
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
    let provision = Provision {
        write,
        volumes: Volumes::of(pod),
    };
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
    finding.caused_by = foreign_account(write, account);
    findings.push(finding.of_absence());
    Ok(())
}

/// One cause, one finding: where the requester may not use the account at all, the
/// rule about that says so.
fn foreign_account(write: &Write<'_>, account: &str) -> Option<RuleId> {
    let start = Start::Pod {
        name: write.possible_name(),
    };
    refusal(write, account, start).map(|_| FOREIGN_ACCOUNT)
}

/// The rule that says of the same pod what is wrong, if there is one.
fn cause(write: &Write<'_>, pod: &Pod<'_>) -> Option<RuleId> {
    let mut accounts = pod.spec.service_accounts();
    accounts.find_map(|account| foreign_account(write, account))
}

/// Whether each container of a pod has the credentials of its role.
struct Provision<'p, 'a> {
    write: &'p Write<'a>,
    volumes: Volumes<'p>,
}

impl Provision<'_, '_> {
    /// Whether the container has the variables of one way, and the token where
    /// they say.
    fn reaches(&self, container: &Container<'_>) -> Result<bool, ReviewError> {
        let value = |name| Value::of(container, name);
        let [role, token] = IRSA.map(value);
        if let (Value::Text(_), Value::Text(file)) = (&role, &token)
            && self.volumes.has_token(container, file, STS_AUDIENCE)
        {
            return Ok(true);
        }
        let [uri, file] = AGENT.map(value);
        if let (Value::Text(uri), Value::Text(file)) = (&uri, &file)
            && AGENT_URIS.contains(&&**uri)
            && Place::of(file) == Place::of(AGENT_TOKEN)
            && self.volumes.has_token(container, file, AGENT_AUDIENCE)
        {
            return Ok(true);
        }
        // rolegate emptied the token's variable, or the chain never needed it, so
        // that the SDK reads the profile.
        let is_seen = |[one, two]: [&Value<'_>; 2]| {
            *one != Value::Hidden
                && *two != Value::Hidden
                && (*one == Value::Blank || *two == Value::Blank)
        };
        if is_seen([&role, &token]) || is_seen([&uri, &file]) {
            let state = self.write.chain_state()?;
            return Ok(state.is_some_and(|state| state.has_profile(&container.name)));
        }
        Ok(false)
    }
}

/// What gives a container of a job the credentials of another identity.
pub(super) fn judge_foreign(pod: &Pod<'_>, write: &Write<'_>, violations: &mut Vec<Violation>) {
    let mut accounts = pod.spec.service_accounts();
    if accounts.all(|account| write.runs_as(account).role().is_none()) {
        return;
    }
    for (list, index, container) in pod.spec.all_containers() {
        let mut foreign = |key: &str, seen: String| {
            violations.push(Violation {
                key: format!("{} {key}", container.name),
                path: Path::root().key("spec").key(list).index(index).key("env"),
                seen: format!("{seen} in {}", shown(&container.name, 63)),
            });
        };
        let [uri, token] = AGENT;
        if let Value::Text(text) = Value::of(container, uri)
            && !AGENT_URIS.contains(&&*text)
        {
            let seen = format!(
                "{uri} {}, which is not EKS Pod Identity's agent,",
                shown(&text, 160)
            );
            foreign(uri, seen);
        }
        if let Value::Text(text) = Value::of(container, token)
            && Place::of(&text) != Place::of(AGENT_TOKEN)
        {
            let seen = format!(
                "{token} {}, which is not the token of EKS Pod Identity,",
                shown(&text, 160)
            );
            foreign(token, seen);
        }
        for name in OTHER_AGENTS {
            if Value::of(container, name) != Value::Blank {
                foreign(name, format!("{name}, which EKS never sets,"));
            }
        }
    }
}
