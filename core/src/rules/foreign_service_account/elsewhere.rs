//! Custom resources that give a role to a service account of another namespace.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Requester, RunsAs};
use crate::names::shown;
use crate::request::{Object, Path, view};
use crate::rules::{Advice, Finding};
use crate::write::Write;

use super::report::about;

pub(super) static ADVICE_ELSEWHERE: Advice = Advice {
    why: "pods of that namespace get the role, and lose the one that they had",
    instead: &[
        (
            &[Person],
            "name a service account of the object's own namespace, or ask the platform team to list you for the other one (`virtualClusters[].submitters`), with that account under `serviceAccounts` (a job's account: its role under `roles`)",
        ),
        (
            &[Software, AddOn],
            "list this service account under `submitters.users` of the virtual cluster of the other namespace in rolegate's policy, with the account that gets the role under `serviceAccounts`",
        ),
        (
            &[Operator],
            "declare the service account that gets the role under `identities.operators[].jobServiceAccounts` in rolegate's policy, with its namespace",
        ),
        (&[Job], "start pods under this job's own role"),
    ],
    source: "Amazon EKS Pod Identity: an association gives the role to every pod under the \
             service account",
};

/// Judges the accounts of the new object; if they are allowed, those of the stored one,
/// which lose their role.
pub(super) fn check(
    write: &Write<'_>,
    what: &str,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) {
    let refused = refused(write, what, "gives a role to", new);
    let refused = refused.or_else(|| {
        let old = old?;
        self::refused(write, what, "takes a role from", old)
    });
    findings.extend(refused);
}

fn refused(write: &Write<'_>, what: &str, verb: &str, object: Object<'_>) -> Option<Finding> {
    let kind = write.kind_row()?;
    let own = write.target.namespace();
    let text = |field: &&str| view::text_at(object.raw(), field).filter(|text| !text.is_empty());
    kind.account_namespaces.iter().find_map(|field| {
        let namespace = text(field)?;
        let namespace = namespace.as_str();
        // An object without a namespace concerns rolegate where a virtual cluster does.
        if namespace == own || own.is_empty() && !write.policy.clusters.have(namespace) {
            return None;
        }
        let mut accounts = kind.guide.accounts.iter().filter_map(text);
        accounts.find_map(|account| {
            let refused = refusal(write, namespace, &account)?;
            let act = format!(
                "{what}, which {verb} service account {}/{}: {refused}",
                shown(namespace, 63),
                shown(&account, 160)
            );
            Some(about(&ADVICE_ELSEWHERE, act, Path::parse_dotted(field)))
        })
    })
}

/// Why the requester may not decide the role of that account; `None` where it may start
/// pods or submit jobs under the account in that namespace.
fn refusal(write: &Write<'_>, namespace: &str, account: &str) -> Option<String> {
    let runs_as = RunsAs::of(namespace, account, write.policy);
    let own = match (&write.requester, &runs_as) {
        (Requester::System(_), _) => true,
        (Requester::Operator(operator), RunsAs::Job { role, .. }) => {
            operator.runs(role) || write.policy.declares(operator, namespace, account)
        }
        (Requester::Operator(_) | Requester::Job(_), _) | (_, RunsAs::Reserved) => false,
        (_, RunsAs::Job { role, .. }) => write
            .submitters_in(namespace)
            .any(|entry| entry.roles.iter().any(|roles| roles.matches(role))),
        (_, RunsAs::Ordinary) => {
            let mut entries = write.submitters_in(namespace);
            entries.any(|entry| entry.service_accounts.iter().any(|one| one == account))
                && write.policy.grants(namespace, account).next().is_none()
        }
    };
    (!own).then(|| {
        "that is another namespace, for which the policy does not list the account for this requester"
            .to_owned()
    })
}
