//! What EMR leaves in the namespace and Kubernetes keeps alive: the Deployment of an
//! interactive endpoint's gateway, its replica sets, the Jobs of runs.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::RunsAs;
use crate::names::{Component, JobLabel, Says};
use crate::policy::RuleId;
use crate::request::pod::PodMeta;
use crate::rules::shared::ownership::identity_of;
use crate::write::{PodWrite, Write};

use super::{ABOUT, Advice, Finding, POD_UPDATES};

/// Whoever may not start the pods at all is told that alone.
const FOREIGN_ACCOUNT: RuleId = RuleId::new("foreign-service-account");

pub(super) static EMRS: Advice = Advice {
    why: "its pods run EMR's own program under the execution role, without the limits that other \
          pods of the role have",
    instead: &[
        (
            &[Person, Job],
            "change the endpoint or the job through Amazon EMR",
        ),
        (
            &[Software, AddOn, Operator],
            "leave the workload to Amazon EMR, which made it; a queue may suspend and resume it",
        ),
    ],
    source: POD_UPDATES,
};

/// A template of EMR's that somebody else changes: Kubernetes restarts its pods with
/// other programs. Restarts and scaling change no template.
pub(super) fn judge(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    stored: &PodMeta<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(old) = &pod_write.old else { return };
    if pod_write.is_pod() || !pod_write.starts_other_programs() {
        return;
    }
    let labels = stored.labels.iter().chain(old.metadata.labels.iter());
    let marks = |key: &str, value: &str| {
        let says = JobLabel::of(key, value).map(|row| row.says);
        matches!(says, Some(Says::Emr | Says::Run | Says::Endpoint))
    };
    let own = matches!(
        identity_of(old, write),
        RunsAs::Job {
            component: Some(Component::Client | Component::Jeg),
            ..
        }
    );
    let mut labels = labels.map(|(key, value)| (key.as_str(), value.as_str()));
    if own || labels.any(|(key, value)| marks(key, value)) {
        let act = format!(
            "change the pods of {}, which is Amazon EMR's",
            write.object()
        );
        findings.push(
            Finding::new(&ABOUT, &EMRS, act)
                .key("template of EMR")
                .caused_by(FOREIGN_ACCOUNT),
        );
    }
}
