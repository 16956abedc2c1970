//! What a pod should have: the policy's chain, the pod's request and the state
//! of its containers, joined.

use std::fmt::Write as _;

use crate::facts::{Class, Requester, RunsAs};
use crate::names::Component;
use crate::names::RoleArn;
use crate::policy::{Chain, ChainMode, OwnSettings, Policy, VirtualCluster};
use crate::request::pod::{Container, Pod};

use super::edits::{Edits, Part, Wanted};
use super::obstacles::{obstacle, own_choice};
use super::{
    CONFIG_ANNOTATION, CONFIG_VOLUME, Operation, Patch, Profile, SessionName, Source, Trouble,
    request, source,
};

/// The API asks for warnings of at most 120 characters.
const WARNING_CHARACTERS: usize = 120;

/// Who creates a pod, and what the policy says of its namespace.
#[derive(Clone, Copy, Debug)]
pub struct Creator<'p> {
    pub requester: &'p Requester<'p>,
    pub policy: &'p Policy,
    pub tenancy: &'p VirtualCluster,
}

/// How much a pod needs its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// No chain is about this pod.
    None,
    /// The policy gives one without being asked, and does without.
    Offered,
    /// The pod asks for one.
    Asked,
    /// The policy refuses the pod without one.
    Required,
}

/// What has to be done to one pod, and what stands in the way.
#[derive(Debug)]
pub struct Plan<'p> {
    /// How much the pod needs a profile.
    pub demand: Demand,
    /// The policy's chain for the pod's role.
    pub chain: Option<&'p Chain>,
    /// The mode it gets.
    pub mode: ChainMode,
    /// Why it, or a container of it, gets none.
    pub troubles: Vec<Trouble>,
    target: Option<&'p RoleArn>,
    containers: Vec<&'p str>,
    edits: Vec<Operation>,
    // What each of them is for.
    parts: Vec<Part<'p>>,
    driver: bool,
    // Whether the pod had something of a profile before.
    begun: bool,
}

/// Makes the plan for a pod on its way in.
#[must_use]
pub fn plan<'p>(creator: Creator<'p>, pod: &'p Pod<'p>) -> Plan<'p> {
    let account = pod.spec.service_accounts().next().unwrap_or_default();
    let identity = RunsAs::of(account, creator.policy);
    let component = match &identity {
        RunsAs::Job { component, .. } => *component,
        RunsAs::Reserved | RunsAs::Ordinary => None,
    };
    let role = identity.role();
    let chains = &creator.tenancy.chains;
    let chain = role.and_then(|role| chains.iter().find(|chain| chain.from.role() == role));
    let mut plan = Plan {
        demand: Demand::None,
        chain,
        mode: chain.map_or(ChainMode::Profile, |chain| chain.mode),
        troubles: Vec::new(),
        target: None,
        containers: Vec::new(),
        edits: Vec::new(),
        parts: Vec::new(),
        driver: component == Some(Component::Driver),
        begun: is_begun(pod),
    };
    if matches!(component, Some(Component::Client | Component::Jeg)) {
        plan.runner(creator.requester.class());
        return plan;
    }
    let Some(chain) = chain else {
        // Whoever asks in vain is told so. Where the policy chains nobody, the
        // guide's variables are the application's own.
        let none = [].iter();
        plan.troubles
            .extend(request::target(pod, none, role, &[]).err());
        let containers = pod.spec.containers.iter();
        if !chains.is_empty() && role.is_some() && plan.troubles.is_empty() {
            plan.troubles
                .extend(request::target(pod, containers, role, &[]).err());
        }
        return plan;
    };
    plan.fill(creator, pod, chain);
    plan
}

impl<'p> Plan<'p> {
    /// Pods that submit jobs keep the execution role. Where the policy requires
    /// a chain, only EMR and Kubernetes start them: a job or an operator could
    /// run anything there.
    fn runner(&mut self, requester: Class) {
        let required = self.chain.is_some_and(|chain| chain.required);
        let trusted = matches!(requester, Class::System | Class::EmrService | Class::Admin);
        if required && !trusted {
            self.demand = Demand::Required;
            self.troubles.push(Trouble::RunnersAccount);
        }
    }

    fn fill(&mut self, creator: Creator<'p>, pod: &'p Pod<'p>, chain: &'p Chain) {
        if chain.required {
            self.demand = Demand::Required;
        }
        let role = chain.from.role();
        let chosen = |container: &&Container<'_>| {
            chain.containers.iter().any(|name| *name == *container.name)
        };
        let containers = || pod.spec.containers.iter().filter(chosen);
        let asked = match request::target(pod, containers(), Some(role), &chain.to) {
            Ok(asked) => asked,
            Err(trouble) => {
                self.demand = self.demand.max(Demand::Asked);
                return self.troubles.push(trouble);
            }
        };
        if asked.is_some() {
            self.demand = self.demand.max(Demand::Asked);
        }
        let Some(target) = asked.or(chain.default.as_ref()) else {
            if chain.required {
                self.troubles.push(Trouble::NothingAsked);
            }
            return;
        };
        self.demand = self.demand.max(Demand::Offered);
        self.target = Some(target);
        match request::mode(pod, chain) {
            Ok(mode) => self.mode = mode,
            Err(trouble) => self.troubles.push(trouble),
        }
        let Some((source, indices)) = self.sources(pod, chain, chosen) else {
            return;
        };
        let session = SessionName::of_pod(creator.requester, pod, role);
        let profile = Profile {
            chain,
            target,
            source: &source,
            session: &session,
        };
        let mut text = String::with_capacity(1024);
        // Writing to a String can not fail.
        let _ = write!(text, "{profile}");
        let wanted = Wanted {
            target,
            mode: self.mode,
            token: chain.token,
        };
        let mut edits = Edits::of(pod);
        edits.annotation(text);
        edits.volumes(chain.token);
        for index in indices {
            edits.container(index, &wanted);
        }
        (self.edits, self.parts) = (edits.made, edits.parts);
    }

    /// The containers that get a profile, and the one source they share.
    fn sources(
        &mut self,
        pod: &'p Pod<'p>,
        chain: &'p Chain,
        chosen: impl Fn(&&Container<'_>) -> bool,
    ) -> Option<(Source<'p>, Vec<usize>)> {
        let listed = |name: &str| {
            name == "default" || chain.profiles.iter().any(|profile| profile.name == name)
        };
        let mut found: Option<(Source<'p>, Vec<usize>)> = None;
        let mut any = false;
        for (index, container) in pod.spec.containers.iter().enumerate() {
            if !chosen(&container) {
                continue;
            }
            any = true;
            if let Some(trouble) = own_choice(container, listed) {
                self.troubles.push(trouble);
                continue;
            }
            let source = match source::of(container, pod, chain, self.mode) {
                Ok(source) => source,
                Err(trouble) => {
                    self.troubles.push(trouble);
                    continue;
                }
            };
            if let Some(trouble) = obstacle(container, pod, &source, self.mode) {
                self.troubles.push(trouble);
                continue;
            }
            match &mut found {
                None => found = Some((source, vec![index])),
                Some((first, indices)) if *first == source => indices.push(index),
                Some(_) => {
                    self.troubles.push(Trouble::SourcesDiffer);
                    continue;
                }
            }
            self.containers.push(&container.name);
        }
        if !any {
            self.troubles.push(Trouble::NoContainer);
        }
        found
    }

    /// The role at the end of the chain, where some container gets the profile.
    #[must_use]
    pub fn target(&self) -> Option<&'p RoleArn> {
        self.target.filter(|_| !self.containers.is_empty())
    }

    /// Whether the pod has all that makes a profile: nothing of it is missing
    /// and nothing differs from what rolegate writes.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        !self.containers.is_empty() && self.missing().next().is_none()
    }

    /// Whether this container gets the profile.
    #[must_use]
    pub fn gives_profile_to(&self, container: &str) -> bool {
        self.containers.contains(&container)
    }

    /// What is missing or differs, in words.
    pub fn missing(&self) -> impl Iterator<Item = String> {
        let parts = self.parts.iter();
        parts
            .filter(|part| **part != Part::Convenience)
            .map(Part::to_string)
    }

    /// Whether the pod came with something of a profile, whoever wrote it.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.begun
    }

    /// Whether the policy refuses a pod for this.
    #[must_use]
    pub fn refuses(&self, trouble: &Trouble) -> bool {
        let required = self.demand == Demand::Required;
        if trouble.is_bad_request() {
            true
        } else if trouble.is_own_choice() {
            let refuse = |chain: &Chain| chain.own_settings == OwnSettings::Refuse;
            required || self.chain.is_some_and(refuse)
        } else {
            self.demand >= Demand::Asked
        }
    }

    /// What whoever creates the pod should know. What EKS's webhook may still
    /// mend is left to the next call.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let troubles = self
            .troubles
            .iter()
            .filter(|trouble| !trouble.may_pass() && **trouble != Trouble::NoContainer)
            .map(|trouble| format!("rolegate: no chained profile: {trouble}"));
        let limits = (self.driver && !self.edits.is_empty()).then(|| self.limits().to_owned());
        troubles
            .chain(limits)
            .take(8)
            .map(|line| cut(&line))
            .collect()
    }

    /// What is known not to follow the chain, whatever else is in the pod.
    const fn limits(&self) -> &'static str {
        match self.mode {
            ChainMode::Profile => {
                "rolegate: EMRFS, Java, Go and C++ code keeps the execution role in mode profile; boto3, CLI, JS and Rust chain"
            }
            ChainMode::JavaV2 => {
                "rolegate: EMRFS, S3A, Java SDK 1, Go and C++ code keeps the execution role in mode java-v2"
            }
            ChainMode::Exclusive => {
                "rolegate: EMRFS, S3A, Java SDK 1 and C++ find no credentials in mode exclusive unless configured"
            }
            ChainMode::PodIdentity => {
                "rolegate: EMRFS, Java SDK 1 and C++ code keeps the execution role in mode pod-identity"
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

fn cut(line: &str) -> String {
    if line.len() <= WARNING_CHARACTERS || line.chars().count() <= WARNING_CHARACTERS {
        return line.to_owned();
    }
    let mut line: String = line.chars().take(WARNING_CHARACTERS - 1).collect();
    line.push('…');
    line
}
