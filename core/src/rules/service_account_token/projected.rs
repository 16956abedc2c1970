//! Tokens that a pod has the kubelet put into a volume.

use crate::facts::{Requester, RunsAs};
use crate::names::shown;
use crate::request::ReviewError;
use crate::request::pod::{Pod, Source};
use crate::rules::Finding;
use crate::rules::shared::violation::{self, Violation};
use crate::write::Write;

use super::{audience, finding, is_listed};

pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    // Controllers repeat what was judged in the template, with EKS's own volume;
    // no subresource of a pod changes its volumes.
    if matches!(write.requester, Requester::System(_)) || !write.target.is_main() {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    for violation in violation::brought(pod_write, |pod, violations| judge(write, pod, violations))
    {
        findings.push(finding(
            format!(
                "{} may not give {} {}",
                write.who(),
                write.object(),
                violation.seen
            ),
            Some(violation.path),
        ));
    }
    Ok(())
}

fn judge(write: &Write<'_>, pod: &Pod<'_>, violations: &mut Vec<Violation>) {
    // A pod under a job's account is that job whatever tokens it carries.
    let is_foreign =
        |account: &&str| write.runs_as(account) == RunsAs::Ordinary && !is_listed(write, account);
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
                violations.push(Violation {
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
