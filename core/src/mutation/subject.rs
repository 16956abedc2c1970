//! Which pods a chain is for, and which of their containers.

use crate::facts::{Class, Requester, RunsAs};
use crate::identity::is_log_sidecar;
use crate::names::Component;
use crate::policy::{Chain, Policy, VirtualCluster};
use crate::request::pod::{Container, Pod};

use super::Slot;

/// Who creates a pod, and what the policy says of its namespace.
#[derive(Clone, Copy, Debug)]
pub struct Creator<'p> {
    pub requester: &'p Requester<'p>,
    /// Of the pod.
    pub namespace: &'p str,
    pub policy: &'p Policy,
    pub tenancy: &'p VirtualCluster,
}

/// What the pod's service account stands for.
pub(super) fn identity_of(creator: Creator<'_>, pod: &Pod<'_>) -> RunsAs {
    let account = pod.spec.service_accounts().next().unwrap_or_default();
    RunsAs::of(creator.namespace, account, creator.policy)
}

pub(super) const fn component_of(identity: &RunsAs) -> Option<Component> {
    match identity {
        RunsAs::Job { component, .. } => *component,
        RunsAs::Reserved | RunsAs::Ordinary => None,
    }
}

pub(super) fn chain_of<'p>(creator: Creator<'p>, identity: &RunsAs) -> Option<&'p Chain> {
    let role = identity.role()?;
    let mut chains = creator.tenancy.chains.iter();
    chains.find(|chain| chain.from.role() == role)
}

/// Whether the policy names a container as one that runs a job's code.
pub(super) fn is_listed(container: &Container<'_>, chain: &Chain) -> bool {
    chain.containers.iter().any(|name| *name == *container.name)
}

/// The containers that get the profile: those that the policy lists, and where it
/// requires the chain all but EMR's log sidecar.
pub(super) fn chosen<'p>(pod: &'p Pod<'p>, chain: &'p Chain) -> Vec<(Slot, &'p Container<'p>)> {
    let spec = &pod.spec;
    let main = spec.containers.iter().enumerate();
    let main = main.map(|(index, container)| (Slot::Main(index), container));
    let init = spec.init_containers.iter().enumerate();
    let init = init.map(|(index, container)| (Slot::Init(index), container));
    let is_chosen = |slot: Slot, container: &Container<'_>| {
        if chain.required {
            !is_log_sidecar(container, pod)
        } else {
            matches!(slot, Slot::Main(_)) && is_listed(container, chain)
        }
    };
    main.chain(init)
        .filter(|(slot, container)| is_chosen(*slot, container))
        .collect()
}

/// Whether this part of a job submits it. Such pods keep the execution role.
pub(super) const fn is_runner(component: Option<Component>) -> bool {
    matches!(component, Some(Component::Client | Component::Jeg))
}

/// Where the policy requires a chain, only EMR, Kubernetes and administrators
/// start job runners and gateways: a job or an operator could run any program there.
pub(super) fn refuses_runner(creator: Creator<'_>, chain: Option<&Chain>) -> bool {
    let class = creator.requester.class();
    let trusted = matches!(class, Class::System | Class::EmrService | Class::Admin);
    !trusted && chain.is_some_and(|chain| chain.required)
}

/// Whether a pod is a job runner or gateway that the policy denies to its creator
/// ([`NoProfile::RunnersAccount`]). A plan says so as well; this makes none.
pub(crate) fn is_refused_runner(creator: Creator<'_>, pod: &Pod<'_>) -> bool {
    let identity = identity_of(creator, pod);
    is_runner(component_of(&identity)) && refuses_runner(creator, chain_of(creator, &identity))
}
