//! Tokens that a pod has the kubelet put into a volume.

use crate::facts::{Requester, RunsAs, Subject};
use crate::names::shown;
use crate::request::ReviewError;
use crate::request::pod::{Pod, Source};
use crate::rules::Finding;
use crate::rules::shared::violation::{self, Fault};

use super::{audience, finding, is_listed};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    // Controllers repeat what was judged in the template, with EKS's own volume;
    // no subresource of a pod changes its volumes.
    if matches!(subject.requester, Requester::System(_)) || subject.request.sub_resource.is_some() {
        return Ok(());
    }
    let Some(write) = subject.pod()? else {
        return Ok(());
    };
    for fault in violation::brought(write, |pod, faults| judge(subject, pod, faults)) {
        findings.push(finding(
            format!(
                "{} may not give {} {}",
                subject.who(),
                subject.object(),
                fault.seen
            ),
            Some(fault.path),
        ));
    }
    Ok(())
}

fn judge(subject: &Subject<'_>, pod: &Pod<'_>, faults: &mut Vec<Fault>) {
    // A pod under a job's account is that job whatever tokens it carries.
    let is_foreign = |account: &&str| {
        RunsAs::of(account, subject.policy) == RunsAs::Ordinary && !is_listed(subject, account)
    };
    let mut account = None;
    for (v, volume) in pod.spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            let Source::Projected(parts) = source else {
                continue;
            };
            for (p, part) in parts.iter().enumerate() {
                let Some(token) = &part.service_account_token else {
                    continue;
                };
                let audience = token.audience.as_deref().unwrap_or_default();
                if audience::is_domestic(audience) {
                    continue;
                }
                // Looked up once, and only for pods with such a volume.
                let account =
                    *account.get_or_insert_with(|| pod.spec.service_accounts().find(is_foreign));
                let Some(account) = account else { return };
                faults.push(Fault {
                    key: format!("{account} {audience}"),
                    path: format!("spec.volumes[{v}].projected.sources[{p}].serviceAccountToken"),
                    seen: format!(
                        "a token of service account {} for {}",
                        shown(account, 160),
                        shown(audience, 120)
                    ),
                });
            }
        }
    }
}
