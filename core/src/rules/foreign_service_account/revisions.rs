//! Old revisions: a controller that starts pods from a template which the workload itself
//! has no more. A paused Deployment scales the newest replica set that is left; a
//! `StatefulSet` keeps the pods below its partition at the revision before.

use crate::facts::Addressee::Workload;
use crate::facts::{Facts, Requester, RunsAs};
use crate::names::shown;
use crate::request::pod::Pod;
use crate::request::{Object, OwnerReference};
use crate::rules::shared::ownership::{identity_of, pods_of_owners};
use crate::rules::{Advice, Checked, Finding, Stop};
use crate::write::Write;

use super::ABOUT;

pub(super) static ADVICE_ON_REVISIONS: Advice = Advice {
    why: "whoever changes the workload may not start pods under that service account, and an old \
          template would do so all the same",
    instead: &[(
        &[Workload],
        "delete the old revision (the ReplicaSet, or the StatefulSet with its history), and make the workload again",
    )],
    source: "Kubernetes documentation, Deployments: pausing a rollout; StatefulSets: partitioned rolling updates",
};

/// A replica set that its Deployment's controller scales up.
pub(super) fn of_replica_set(
    write: &Write<'_>,
    facts: &Facts<'_>,
    template: Object<'_>,
    old: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let accounts = template.service_accounts()?;
    if !accounts.iter().any(|(_, account)| counts(write, account)) {
        return Ok(());
    }
    let owners = old.metadata()?.owner_references.unwrap_or_default();
    let what = format!("scale up {}", write.object());
    judge(write, facts, &template.pod()?, &owners, &what, findings)
}

/// A pod that the controller of a `StatefulSet` creates.
pub(super) fn of_pod(
    write: &Write<'_>,
    facts: &Facts<'_>,
    pod: &Pod<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let owners = &pod.metadata.owner_references;
    let of_set = owners.iter().any(|owner| *owner.kind == *"StatefulSet");
    let counts = |account: &str| counts(write, account);
    if !of_set || !findings.is_empty() || !pod.spec.service_accounts().any(counts) {
        return Ok(());
    }
    let what = format!("start pod {}", write.what());
    judge(write, facts, pod, owners, &what, findings)
}

fn judge(
    write: &Write<'_>,
    facts: &Facts<'_>,
    pod: &Pod<'_>,
    owners: &[OwnerReference<'_>],
    what: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), Stop> {
    if !matches!(write.requester, Requester::System(_)) {
        return Ok(());
    }
    // Whose template is not known is not judged.
    for owner in pods_of_owners(owners, write, facts)? {
        if is_same(write, pod, &owner) {
            continue;
        }
        let account = pod.spec.service_accounts().next().unwrap_or_default();
        let act = format!(
            "{what} under service account {}: the workload that owns it has another one now",
            shown(account, 160)
        );
        let finding = Finding::new(&ABOUT, &ADVICE_ON_REVISIONS, act);
        findings.push(finding.key(account.to_owned()));
        break;
    }
    Ok(())
}

/// Whether the account stands for something that a tenant is not.
fn counts(write: &Write<'_>, account: &str) -> bool {
    let mut grants = write.policy.grants(write.target.namespace(), account);
    write.runs_as(account) != RunsAs::Ordinary || grants.next().is_some()
}

/// Whether both run under the same accounts, or the same role: an operator may change a
/// job's account within it.
fn is_same(write: &Write<'_>, pod: &Pod<'_>, owner: &Pod<'_>) -> bool {
    let role = identity_of(pod, write).role().cloned();
    role.is_some() && role.as_ref() == identity_of(owner, write).role()
        || pod
            .spec
            .service_accounts()
            .eq(owner.spec.service_accounts())
}
