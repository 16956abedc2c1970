//! Tokens that a pod's volumes request from the kubelet.

use crate::facts::{Requester, RunsAs};
use crate::names::shown;
use crate::request::pod::{Pod, Source};
use crate::request::{Path, ReviewError};
use crate::rules::Finding;
use crate::rules::shared::violation::{self, Violation};
use crate::write::Write;

use super::{ABOUT, ADVICE, audience, is_listed};

pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    // Controllers copy what was judged in the template, with EKS's own volume;
    // no subresource of a pod changes its volumes.
    if matches!(write.requester, Requester::System(_)) || !write.target.is_main() {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let judge = |pod: &Pod<'_>, violations: &mut Vec<Violation>| judge(write, pod, violations);
    for violation in violation::brought(pod_write, judge) {
        let act = format!("give {} {}", write.object(), violation.seen);
        findings.push(violation.finding(&ABOUT, &ADVICE, act));
    }
    Ok(())
}

fn judge(write: &Write<'_>, pod: &Pod<'_>, violations: &mut Vec<Violation>) {
    // A pod under a job's service account is that job, whatever tokens it has.
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
                if audience::is_internal(audience) {
                    continue;
                }
                // Looked up once, and only for pods with such a volume.
                let account =
                    *account.get_or_insert_with(|| pod.spec.service_accounts().find(is_foreign));
                let Some(account) = account else { return };
                let volumes = Path::root().key("spec").key("volumes");
                let sources = volumes.index(v).key("projected").key("sources");
                violations.push(Violation {
                    key: format!("{account} {audience}"),
                    path: sources.index(p).key("serviceAccountToken"),
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
