//! The plan for a pod: the policy's chain, the pod's request and the state of its
//! containers, combined into what has to be done.

use crate::identity::{Volumes, gives_identity};
use crate::names::{Component, RoleArn, enumerated};
use crate::policy::{Chain, ChainMode, OwnSettings};
use crate::request::pod::{Container, Pod};
use crate::request::warnings::{WARNING_BYTES, warnings};

use super::edits::{Edits, Part, Wanted};
use super::no_profile_reason::named;
use super::obstacles::{device_of_ours, obstacle, own_choice};
use super::subject::{
    Creator, chain_of, chosen, component_of, identity_of, is_listed, is_runner, refuses_runner,
};
use super::{
    CONFIG_ANNOTATION, CONFIG_VOLUME, NoProfile, Operation, Patch, Profile, SessionName, Slot,
    Source, request, source,
};

/// How much a pod needs its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// No chain applies to this pod.
    None,
    /// The policy gives it one by default and allows the pod without one.
    Offered,
    /// The pod asks for one.
    Asked,
    /// The policy denies the pod without one.
    Required,
}

/// Which containers that get a profile have credentials to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credentials {
    /// All or none of them, or it makes no difference.
    There,
    /// Some, and others have none.
    Partly,
}

/// What has to be done to one pod, and what prevents it.
#[derive(Debug)]
pub struct Plan<'p> {
    pub demand: Demand,
    /// The policy's chain for the pod's role.
    pub chain: Option<&'p Chain>,
    /// The mode it gets.
    pub mode: ChainMode,
    /// Why the pod, or a container of it, gets no profile.
    pub reasons: Vec<NoProfile>,
    target: Option<&'p RoleArn>,
    containers: Vec<&'p str>,
    edits: Vec<Operation>,
    /// What each of `edits` is for.
    parts: Vec<Part<'p>>,
    driver: bool,
    /// Whether `AWS_ROLE_ARN` holds the role at the end of the chain already.
    names_target: bool,
    credentials: Credentials,
    /// Whether the pod came with something of a profile.
    begun: bool,
}

/// Makes the plan for a pod on its way in.
#[must_use]
pub fn plan<'p>(creator: Creator<'p>, pod: &'p Pod<'p>) -> Plan<'p> {
    let identity = identity_of(creator, pod);
    let component = component_of(&identity);
    let role = identity.role();
    let chains = &creator.tenancy.chains;
    let chain = chain_of(creator, &identity);
    let mut plan = Plan {
        demand: Demand::None,
        chain,
        mode: chain.map_or(ChainMode::Profile, |chain| chain.mode),
        reasons: Vec::new(),
        target: None,
        containers: Vec::new(),
        edits: Vec::new(),
        parts: Vec::new(),
        driver: component == Some(Component::Driver),
        names_target: false,
        credentials: Credentials::There,
        begun: is_begun(pod),
    };
    if is_runner(component) {
        if refuses_runner(creator, chain) {
            plan.demand = Demand::Required;
            plan.reasons.push(NoProfile::RunnersAccount);
        }
        return plan;
    }
    let Some(chain) = chain else {
        // A request that the policy does not grant is reported. Where a namespace
        // has no chains at all, the guide's variables belong to the application.
        let none = [].iter();
        plan.reasons
            .extend(request::wish(pod, none, role, &[], None).err());
        let containers = pod.spec.containers.iter();
        if !chains.is_empty() && role.is_some() && plan.reasons.is_empty() {
            plan.reasons
                .extend(request::guides_target(containers, role).err());
        }
        return plan;
    };
    plan.fill(creator, pod, chain);
    plan
}

impl<'p> Plan<'p> {
    fn fill(&mut self, creator: Creator<'p>, pod: &'p Pod<'p>, chain: &'p Chain) {
        if chain.required {
            self.demand = Demand::Required;
        }
        let role = chain.from.role();
        let chosen = chosen(pod, chain);
        let containers = chosen.iter().map(|(_, container)| *container);
        let default = chain.default.as_ref();
        let wish = match request::wish(pod, containers, Some(role), &chain.to, default) {
            Ok(wish) => wish,
            Err(reason) => {
                self.demand = self.demand.max(Demand::Asked);
                return self.reasons.push(reason);
            }
        };
        if wish.asked.is_some() {
            self.demand = self.demand.max(Demand::Asked);
        }
        self.reasons.extend(wish.half);
        let Some(target) = wish.asked.or(wish.implied).or(default) else {
            if chain.required {
                self.reasons.push(NoProfile::NothingAsked);
            }
            return;
        };
        self.demand = self.demand.max(Demand::Offered);
        self.target = Some(target);
        match request::mode(pod, chain) {
            Ok(mode) => self.mode = mode,
            Err(reason) => self.reasons.push(reason),
        }
        let Some((source, slots)) = self.sources(pod, (chain, target), &chosen) else {
            return;
        };
        let session = SessionName::of_pod(creator.requester, pod);
        let profile = Profile {
            chain,
            target,
            source: &source,
            session: &session,
        };
        let text = profile.text();
        if !Edits::has_room(pod, &text) {
            self.containers.clear();
            return self.reasons.push(NoProfile::TooManyAnnotations);
        }
        let wanted = Wanted {
            target,
            mode: self.mode,
            token: chain.token,
        };
        let mut edits = Edits::of(pod);
        edits.annotation(text);
        edits.volumes(chain.token);
        for slot in slots {
            edits.container(slot, &wanted);
        }
        (self.edits, self.parts) = (edits.made, edits.parts);
    }

    /// The containers that get a profile, and the source that they share.
    fn sources(
        &mut self,
        pod: &'p Pod<'p>,
        (chain, target): (&'p Chain, &'p RoleArn),
        chosen: &[(Slot, &'p Container<'p>)],
    ) -> Option<(Source<'p>, Vec<Slot>)> {
        if let Some(reason) = device_of_ours(pod) {
            self.reasons.push(reason);
            return None;
        }
        let listed = |name: &str| {
            name == "default" || chain.profiles.iter().any(|profile| profile.name == name)
        };
        let way = (self.mode, chain.token);
        let volumes = Volumes::of(pod);
        let mut found: Option<(Source<'p>, Vec<Slot>)> = None;
        let mut waits = false;
        if !pod.spec.containers.iter().any(|one| is_listed(one, chain)) {
            self.reasons.push(NoProfile::NoContainer);
            return None;
        }
        for &(slot, container) in chosen {
            if let Some(reason) = own_choice(container, &volumes, listed, way) {
                self.reasons.push(reason);
                continue;
            }
            let source = match source::of(container, &volumes, chain, target, self.mode) {
                Ok(source) => source,
                Err(reason) => {
                    waits |= reason.may_pass();
                    self.reasons.push(reason);
                    continue;
                }
            };
            if let Some(reason) = obstacle(container, &volumes, &source, way) {
                self.reasons.push(reason);
                continue;
            }
            match &mut found {
                None => found = Some((source, vec![slot])),
                Some((first, slots)) if *first == source => slots.push(slot),
                Some(_) => {
                    self.reasons.push(NoProfile::SourcesDiffer);
                    continue;
                }
            }
            if gives_identity(container) {
                self.reasons.push(NoProfile::EnvFrom {
                    container: named(&container.name),
                });
            }
            self.names_target |= request::held(container, [target]).is_some();
            self.containers.push(&container.name);
        }
        if waits {
            // EKS gives all containers theirs at once. What is written before that
            // would depend on which webhook is called first.
            if found.is_some() {
                self.credentials = Credentials::Partly;
            }
            self.containers.clear();
            return None;
        }
        found
    }

    /// The role at the end of the chain, where some container gets the profile.
    #[must_use]
    pub fn target(&self) -> Option<&'p RoleArn> {
        self.target.filter(|_| !self.containers.is_empty())
    }

    /// Whether the policy gives the pod no profile at all, whatever its containers.
    #[must_use]
    pub(super) const fn gives_none(&self) -> bool {
        self.target.is_none()
    }

    /// Whether the pod has its whole profile, exactly as rolegate writes it.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        !self.containers.is_empty() && self.missing().next().is_none()
    }

    /// The containers that get the profile, by name.
    #[must_use]
    pub fn containers(&self) -> &[&'p str] {
        &self.containers
    }

    /// What is missing or differs, as text.
    pub fn missing(&self) -> impl Iterator<Item = String> {
        let parts = self.parts.iter();
        parts
            .filter(|part| **part != Part::Convenience)
            .map(Part::to_string)
    }

    /// Whether the pod came with something of a profile, no matter who wrote it.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.begun
    }

    /// Whether the policy denies the pod for this reason.
    #[must_use]
    pub fn refuses(&self, reason: &NoProfile) -> bool {
        let required = self.demand == Demand::Required;
        if reason.is_bad_request() {
            true
        } else if matches!(reason, NoProfile::HalfAPair { .. }) {
            false
        } else {
            let refuse = |chain: &Chain| chain.own_settings == OwnSettings::Refuse;
            let own = reason.is_own_choice() || matches!(reason, NoProfile::EnvFrom { .. });
            let strict = required || own && self.chain.is_some_and(refuse);
            // It has the profile that it asks for; what else it has, nobody sees.
            let asked = !matches!(reason, NoProfile::EnvFrom { .. });
            strict || asked && self.demand >= Demand::Asked
        }
    }

    /// What the creator of the pod should know. What EKS's webhook may still fix
    /// is left to the next call.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let reasons = self.reasons.iter().filter(|reason| {
            (!reason.may_pass() || self.credentials == Credentials::Partly)
                && **reason != NoProfile::NoContainer
        });
        let reasons = reasons.map(|reason| {
            let mut line = match reason {
                NoProfile::EnvFrom { .. } | NoProfile::HalfAPair { .. } => {
                    format!("rolegate: {reason}")
                }
                reason => format!("rolegate: no chained profile: {reason}"),
            };
            if let (true, Some(chain)) = (reason.is_about_target(), self.chain) {
                line.push_str("; the policy lists ");
                let room = WARNING_BYTES.saturating_sub(line.len());
                let roles = chain.to.iter().map(RoleArn::as_str);
                line.push_str(&enumerated(roles, room));
            }
            line
        });
        let limits = (self.driver && !self.edits.is_empty()).then(|| self.limits().to_owned());
        warnings(reasons.chain(limits))
    }

    /// What does not follow the chain in this mode, in any pod.
    const fn limits(&self) -> &'static str {
        match self.mode {
            ChainMode::Profile | ChainMode::JavaV2 if self.names_target => {
                "rolegate: EMRFS, S3A, Java SDK 1, Go, C++, delta-rs and DuckDB code finds no \
                 credentials, because AWS_ROLE_ARN names the chained role; leave it to EKS's \
                 webhook, or ask for mode exclusive, in which Go chains"
            }
            ChainMode::Profile => {
                "rolegate: EMRFS, Java, Go, C++, delta-rs, DuckDB and (without boto3) Polars code \
                 keeps the execution role in mode profile; boto3, CLI, JS and Rust SDK chain"
            }
            ChainMode::JavaV2 => {
                "rolegate: EMRFS, S3A, Java SDK 1, Go, C++, delta-rs, DuckDB and (without boto3) \
                 Polars code keeps the execution role in mode java-v2"
            }
            ChainMode::Exclusive => {
                "rolegate: EMRFS, S3A, Java SDK 1, C++, delta-rs, DuckDB and (without boto3) Polars \
                 find no credentials in mode exclusive unless configured"
            }
            ChainMode::PodIdentity => {
                "rolegate: EMRFS, Java SDK 1, C++, delta-rs, DuckDB and (without boto3) Polars code \
                 keeps the execution role in mode pod-identity"
            }
        }
    }

    /// The changes.
    #[must_use]
    pub fn into_patch(self) -> Patch {
        Patch(self.edits)
    }
}

/// Whether rolegate's annotation or volume is there.
pub(super) fn is_begun(pod: &Pod<'_>) -> bool {
    pod.metadata.annotations.get(CONFIG_ANNOTATION).is_some()
        || pod
            .spec
            .volumes
            .iter()
            .any(|volume| volume.name.as_str() == CONFIG_VOLUME)
}
