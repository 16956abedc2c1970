//! Services as the rule reads them, and whose they are.

use serde::Deserialize;

use crate::facts::{Asked, Facts, Known, Need, Requester, SERVICES};
use crate::json::{List, Pairs, Text};
use crate::names::{FLINK_CLUSTER, shown};
use crate::request::OwnerReference;
use crate::request::pod::PodMeta;
use crate::rules::Stop;
use crate::rules::shared::labels::foreign_selection;
use crate::rules::shared::ownership::{
    Evidence, Named, identity_of, is_declared, pods_of_owners, shares_role, undeclared_role,
};
use crate::write::Write;

#[derive(Default, Deserialize)]
pub(super) struct Service<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<PodMeta<'a>>,
    #[serde(borrow)]
    pub(super) spec: Option<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) selector: Pairs<'a>,
    /// `None` for a headless Service.
    #[serde(borrow, rename = "clusterIP")]
    pub(super) cluster_ip: Option<Text<'a>>,
    #[serde(borrow, rename = "externalIPs")]
    pub(super) external_ips: List<Text<'a>>,
    #[serde(borrow)]
    pub(super) external_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) load_balancer_class: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) load_balancer_source_ranges: List<Text<'a>>,
}

impl Service<'_> {
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.annotations.get(key)
    }
}

/// Whose a stored Service is, as a clause, where it belongs to a job that is not the
/// requester's.
pub(super) fn anothers(
    write: &Write<'_>,
    facts: &Facts<'_>,
    name: &str,
    stored: &Service<'_>,
) -> Result<Option<String>, Stop> {
    let (none, nothing) = (Spec::default(), PodMeta::default());
    let metadata = stored.metadata.as_ref().unwrap_or(&nothing);
    let evidence = Evidence {
        name: Named::Service(name),
        metadata,
        selector: Some(&stored.spec.as_ref().unwrap_or(&none).selector),
    };
    let anothers = match &write.requester {
        Requester::Job(job) => evidence.is_a_jobs() && !evidence.is_own(job),
        Requester::Operator(operator) => {
            if !evidence.is_emrs() {
                let owners = &metadata.owner_references;
                let role = undeclared_role(operator, owners, write, facts)?;
                return Ok(role.map(|role| format!("whose owner runs as the IAM role {role}")));
            }
            true
        }
        _ => evidence.is_a_jobs(),
    };
    Ok(anothers.then(|| "which is a job's".to_owned()))
}

fn need(write: &Write<'_>, name: &str) -> Need {
    let Asked { group, resource } = SERVICES;
    Need::object(group, "v1", resource, write.target.namespace(), name)
}

/// Whether the Service with that name was found.
pub(super) fn is_known(write: &Write<'_>, facts: &Facts<'_>, name: &str) -> bool {
    matches!(facts.object(need(write, name)), Ok(Known::Is(..)))
}

/// [`anothers`] of the Service with that name in the request's namespace. `None` too
/// where it cannot be looked up.
pub(super) fn look_up(
    write: &Write<'_>,
    facts: &Facts<'_>,
    name: &str,
) -> Result<Option<String>, Stop> {
    let Known::Is(stored, _) = facts.object(need(write, name))? else {
        return Ok(None);
    };
    let service: Service<'_> = stored.object.read()?;
    // A job's other pods are not for everybody, even if the Service is nobody's.
    let selects = || {
        let selector = &service.spec.as_ref()?.selector;
        foreign_selection(write, selector).map(|found| format!("which has {}", found.seen))
    };
    Ok(match anothers(write, facts, name, &service)? {
        Some(whose) => Some(whose),
        None => selects(),
    })
}

/// The workload of another's job that a new selector finds pods of, by the label with
/// which Flink and most charts name it: `app: <Deployment>`.
pub(super) fn found_workload(
    write: &Write<'_>,
    facts: &Facts<'_>,
    selector: &Pairs<'_>,
) -> Result<Option<String>, Stop> {
    let Some(name) = selector.get(FLINK_CLUSTER) else {
        return Ok(None);
    };
    let owner = OwnerReference {
        kind: "Deployment".into(),
        name: name.into(),
        ..OwnerReference::default()
    };
    let found = pods_of_owners(&[owner], write, facts)?;
    let foreign = found.iter().find(|template| {
        let labels = &template.metadata.labels;
        let fits = selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value));
        let own = match (&write.requester, identity_of(template, write).role()) {
            (_, None) => true,
            (Requester::Job(job), Some(role)) => shares_role(job, role, write),
            (Requester::Operator(operator), _) => is_declared(operator, template, write),
            _ => false,
        };
        fits && !own
    });
    Ok(foreign.map(|_| format!("a selector for the pods of Deployment {}", shown(name, 63))))
}
