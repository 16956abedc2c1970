//! Exec into pods that are no job's, for submitters with `exec: true`.
//!
//! The request does not show the pod, so it is looked up. It is the requester's own if
//! the requester could have started it as it is: under that service account, with those
//! Secrets, volumes and tokens.

use crate::facts::{Facts, Known, Need, Requester};
use crate::names::shown;
use crate::request::{Act, Kind, Request, Resource, Target};
use crate::write::Write;

use super::super::credential_provider::CredentialProvider;
use super::super::foreign_service_account::ForeignServiceAccount;
use super::super::foreign_volume::ForeignVolume;
use super::super::secret_read::SecretRead;
use super::super::service_account_token::ServiceAccountToken;
use super::super::{Rule, Stop};

/// The rules that say what a pod gets by its service account, its Secrets, its volumes
/// and its node.
static OF_A_START: [&dyn Rule; 5] = [
    &ForeignServiceAccount,
    &SecretRead,
    &ServiceAccountToken,
    &CredentialProvider,
    &ForeignVolume,
];

/// Whether the policy lets the requester exec into pods of its own.
pub(super) fn may_exec(write: &Write<'_>) -> bool {
    matches!(
        write.requester,
        Requester::Tenant(None) | Requester::Platform(_)
    ) && write.submitters().any(|entry| entry.exec)
}

/// Why the pod is not the requester's own, as a clause; `None` where it is.
pub(super) fn refusal(write: &Write<'_>, facts: &Facts<'_>) -> Result<Option<String>, Stop> {
    let (namespace, name) = (write.target.namespace(), write.possible_name());
    let pod = match facts.object(Need::object("", "v1", "pods", namespace, name))? {
        Known::Is(pod, _) => pod,
        Known::Absent(_) => return Ok(Some("there is no such pod".to_owned())),
        Known::Unknown => {
            return Ok(Some(
                "rolegate could not read whose pod that is; it must run with --cluster and the \
                 right to get pods"
                    .to_owned(),
            ));
        }
    };
    let request = Request::new(
        write.user.clone(),
        Target {
            resource: Resource {
                group: "".into(),
                version: "v1".into(),
                resource: "pods".into(),
            },
            kind: Kind {
                kind: "Pod".into(),
                ..Kind::default()
            },
            namespace: namespace.into(),
            name: name.into(),
            ..Target::default()
        },
        Act::Create(pod.object),
    );
    let start = Write::new(&request, write.policy)?;
    let mut findings = Vec::new();
    for rule in OF_A_START {
        rule.write(&start, facts, &mut findings)?;
    }
    let first = findings.first();
    Ok(first.map(|finding| format!("it may not {}", shown(&finding.act, 400))))
}
