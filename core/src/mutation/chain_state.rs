//! What rules ask of a new pod's plan, without a borrow of the pod, so that a
//! write can keep it for all of them.

use crate::names::RoleArn;
use crate::policy::ChainMode;
use crate::request::pod::Pod;

use super::{Creator, Demand, NoProfile, plan};

/// The state of a new pod's chained profile.
#[derive(Debug)]
pub struct ChainState {
    pub demand: Demand,
    /// Whether some container of the pod is to get a profile.
    pub has_target: bool,
    /// Whether the pod came with something of a profile, no matter who wrote it.
    pub is_begun: bool,
    /// The reasons for which the policy denies the pod.
    pub refusals: Vec<NoProfile>,
    /// What of the profile is missing or differs, as text.
    pub missing: Vec<String>,
    /// The roles that the policy chains the pod's role to, and the mode; filled in
    /// where something is refused, for the advice.
    pub offered: Vec<RoleArn>,
    pub mode: Option<ChainMode>,
    /// The containers that have their whole profile, sorted.
    in_place: Vec<String>,
}

impl ChainState {
    /// The state of a pod on its way in.
    #[must_use]
    pub fn of(creator: Creator<'_>, pod: &Pod<'_>) -> Self {
        let mut plan = plan(creator, pod);
        let reasons = std::mem::take(&mut plan.reasons);
        let refusals: Vec<_> = reasons
            .into_iter()
            .filter(|reason| plan.refuses(reason))
            .collect();
        let chain = plan.chain.filter(|_| !refusals.is_empty());
        let mut in_place: Vec<String> = if plan.is_in_place() {
            plan.containers().iter().map(ToString::to_string).collect()
        } else {
            Vec::new()
        };
        in_place.sort_unstable();
        Self {
            demand: plan.demand,
            has_target: plan.target().is_some(),
            is_begun: plan.is_begun(),
            missing: plan.missing().collect(),
            offered: chain.map_or_else(Vec::new, |chain| chain.to.clone()),
            mode: chain.map(|chain| chain.mode),
            refusals,
            in_place,
        }
    }

    /// Whether this container has its whole profile, exactly as rolegate writes it.
    #[must_use]
    pub fn has_profile(&self, container: &str) -> bool {
        let found = self
            .in_place
            .binary_search_by(|name| name.as_str().cmp(container));
        found.is_ok()
    }
}
