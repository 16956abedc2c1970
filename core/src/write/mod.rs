//! One write as a rule sees it: the request, its requester, the policy's entry for
//! the namespace, and values that several rules use, each computed once.

mod memo;
mod named;
mod pod_write;

use std::cell::OnceCell;
use std::ops::Deref;

use crate::facts::kinds::Kind;
use crate::facts::{Action, Extent, Requester, RunsAs, extent};
use crate::json::Raw;
use crate::mutation::{self, ChainState, Creator, Mutation};
use crate::names::{self, shown};
use crate::policy::{Policy, Submitter, VirtualCluster};
use crate::request::references::References;
use crate::request::{Act, ObjectName, Request, ReviewError, change};

pub use named::{fixed_accounts, is_custom, named};
pub use pod_write::PodWrite;

use memo::Memo;

/// One request with everything that a rule needs to judge it. Dereferences to the
/// [`Request`], which holds the user, the target and the act.
#[derive(Debug)]
pub struct Write<'a> {
    request: &'a Request<'a>,
    pub requester: Requester<'a>,
    pub name: ObjectName<'a>,
    pub policy: &'a Policy,
    /// The policy's entry for the namespace.
    pub tenancy: &'a VirtualCluster,
    /// Whether the object has no namespace, or one with rolegate's label. From other
    /// namespaces the cluster door sees service accounts and their tokens only, and
    /// judges those that have rights under the policy.
    pub is_managed: bool,
    pod: OnceCell<Option<PodWrite<'a>>>,
    possible_name: OnceCell<String>,
    is_unchanged: OnceCell<bool>,
    keeps_intent: OnceCell<bool>,
    chain_state: OnceCell<Option<ChainState>>,
    runs_as: Memo<RunsAs>,
    named: OnceCell<References>,
    named_before: OnceCell<References>,
}

impl<'a> Deref for Write<'a> {
    type Target = Request<'a>;

    fn deref(&self) -> &Request<'a> {
        self.request
    }
}

impl<'a> Write<'a> {
    /// Prepares a request for the rules, under a policy.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when the object's name cannot be read.
    pub fn new(request: &'a Request<'a>, policy: &'a Policy) -> Result<Self, ReviewError> {
        let namespace = request.target.namespace();
        Ok(Self {
            request,
            requester: Requester::of(&request.user, namespace, policy),
            name: request.object_name()?,
            policy,
            tenancy: policy.tenancy(namespace),
            is_managed: true,
            pod: OnceCell::new(),
            possible_name: OnceCell::new(),
            is_unchanged: OnceCell::new(),
            keeps_intent: OnceCell::new(),
            chain_state: OnceCell::new(),
            runs_as: Memo::new(),
            named: OnceCell::new(),
            named_before: OnceCell::new(),
        })
    }

    /// The request with its own lifetime, which dereferencing does not give.
    #[must_use]
    pub const fn request(&self) -> &'a Request<'a> {
        self.request
    }

    /// The pod or pod template that the request writes, read once for all rules;
    /// `None` where it writes none. `None` for custom resources too: some rules walk
    /// them by themselves.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when a field that a rule judges cannot be read.
    pub fn pod(&self) -> Result<Option<&PodWrite<'a>>, ReviewError> {
        if let Some(read) = self.pod.get() {
            return Ok(read.as_ref());
        }
        let read = PodWrite::of(self)?;
        Ok(self.pod.get_or_init(|| read).as_ref())
    }

    /// The object's name, or one that it could get: five letters replace the part
    /// that the API server generates. Empty where it is unknown.
    #[must_use]
    pub fn possible_name(&self) -> &str {
        self.possible_name.get_or_init(|| self.name.sample())
    }

    /// Whether this is an UPDATE that changes only the API server's bookkeeping.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let same = |(old, new)| change::same_object(Some(old), Some(new));
        let compare = || self.raws().is_some_and(same);
        *self.is_unchanged.get_or_init(compare)
    }

    /// Whether this is an UPDATE that changes only `metadata` and `status`.
    #[must_use]
    pub fn keeps_intent(&self) -> bool {
        let same = |(old, new)| change::same_intent(Some(old), Some(new));
        let compare = || self.raws().is_some_and(same);
        *self.keeps_intent.get_or_init(compare)
    }

    fn raws(&self) -> Option<(Raw<'a>, Raw<'a>)> {
        let (old, new) = self.act.update()?;
        Some((old.raw(), new.raw()))
    }

    /// What a service account stands for under the policy.
    #[must_use]
    pub fn runs_as(&self, account: &str) -> RunsAs {
        let compute = || self.identity(account);
        let kept = self.runs_as.get(account, compute);
        kept.cloned().unwrap_or_else(compute)
    }

    /// A name that only an entry without `namespaces` explains is a job's in managed
    /// namespaces, and where a `crossRole` of the policy starts: elsewhere it may be
    /// anybody's.
    fn identity(&self, account: &str) -> RunsAs {
        let (namespace, policy) = (self.target.namespace(), self.policy);
        let listed = || {
            let fixed = policy.fixed_service_account(namespace, account);
            fixed.is_some_and(|fixed| !fixed.namespaces.is_empty())
                || policy.clusters.iter().any(|cluster| {
                    let mut pairs = cluster.cross_roles.iter();
                    pairs.any(|pair| pair.namespace == namespace)
                })
        };
        match RunsAs::of(namespace, account, policy) {
            RunsAs::Job {
                component: None, ..
            } if !self.is_managed && !listed() => {
                if names::is_reserved(account) {
                    RunsAs::Reserved
                } else {
                    RunsAs::Ordinary
                }
            }
            RunsAs::Reserved if !self.is_managed && !names::is_reserved(account) => {
                RunsAs::Ordinary
            }
            identity => identity,
        }
    }

    /// The row of the object's kind in the table of what custom resources do.
    #[must_use]
    pub fn kind_row(&self) -> Option<&'static Kind> {
        Kind::of(self.target.group(), self.target.resource())
    }

    /// What the object that this write would store names, read once for all rules; for
    /// custom resources.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when it is no JSON.
    pub fn named(&self) -> Result<Option<&References>, ReviewError> {
        let Some((new, _)) = self.act.written() else {
            return Ok(None);
        };
        if let Some(read) = self.named.get() {
            return Ok(Some(read));
        }
        let read = named(new, self.kind_row(), self.policy, self.target.namespace())?;
        Ok(Some(self.named.get_or_init(|| read)))
    }

    /// The same for the stored object, in an UPDATE or a DELETE.
    ///
    /// # Errors
    ///
    /// As [`Self::named`].
    pub fn named_before(&self) -> Result<Option<&References>, ReviewError> {
        let Some(old) = self.act.stored() else {
            return Ok(None);
        };
        if let Some(read) = self.named_before.get() {
            return Ok(Some(read));
        }
        let read = named(old, self.kind_row(), self.policy, self.target.namespace())?;
        Ok(Some(self.named_before.get_or_init(|| read)))
    }

    /// Whether a tenant or a job resumes a suspended Job. Its pods start now, and the
    /// template may be older than the namespace's label. Queues such as Kueue resume
    /// Jobs as a matter of course and are not meant here.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when `spec.suspend` cannot be read.
    pub fn resumes_job(&self) -> Result<bool, ReviewError> {
        let Act::Update { old, new } = self.act else {
            return Ok(false);
        };
        if self.target.group() != "batch"
            || !self.target.is_main()
            || !matches!(self.requester, Requester::Tenant(_) | Requester::Job(_))
        {
            return Ok(false);
        }
        Ok(old.is_suspended()? && !new.is_suspended()?)
    }

    /// How far this requester's class may go with `action`.
    #[must_use]
    pub const fn extent(&self, action: Action) -> Extent {
        extent(self.requester.class(), action)
    }

    /// The `submitters` entries that name this requester; none for a requester that
    /// did not prove the identity that its username claims.
    pub fn submitters(&self) -> impl Iterator<Item = &'a Submitter> {
        self.submitters_of(self.tenancy)
    }

    /// The same of another namespace.
    pub fn submitters_in(&self, namespace: &str) -> impl Iterator<Item = &'a Submitter> {
        self.submitters_of(self.policy.tenancy(namespace))
    }

    fn submitters_of(&self, tenancy: &'a VirtualCluster) -> impl Iterator<Item = &'a Submitter> {
        let user = &self.request.user;
        let unproven = matches!(self.requester, Requester::Tenant(Some(_)));
        tenancy
            .submitters_for(&user.username, user.groups())
            .filter(move |_| !unproven)
    }

    /// The requester as role chaining sees it: as the creator of a pod.
    #[must_use]
    pub fn creator(&self) -> Creator<'_> {
        Creator {
            requester: &self.requester,
            namespace: self.target.namespace(),
            policy: self.policy,
            tenancy: self.tenancy,
        }
    }

    /// The state of a new pod's chained profile, computed once for all rules; `None`
    /// where the request creates no pod or no chain applies to it.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when the pod cannot be read.
    pub fn chain_state(&self) -> Result<Option<&ChainState>, ReviewError> {
        if !self.creates_pod() {
            return Ok(None);
        }
        let Some(pod) = self.pod()? else {
            return Ok(None);
        };
        let judge = || {
            let creator = self.creator();
            let applies = !mutation::is_plainly_none(creator, &pod.new);
            applies.then(|| ChainState::of(creator, &pod.new))
        };
        Ok(self.chain_state.get_or_init(judge).as_ref())
    }

    fn creates_pod(&self) -> bool {
        matches!(self.act, Act::Create(_)) && self.target.is("", "pods") && self.target.is_main()
    }

    /// What the mutating webhook answers: nothing unless the request creates a pod.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when the pod cannot be read.
    pub fn mutation(&self) -> Result<Mutation, ReviewError> {
        if !self.creates_pod() || self.tenancy.chains.is_empty() {
            return Ok(Mutation::default());
        }
        let pod = self.pod()?;
        Ok(pod.map_or_else(Mutation::default, |pod| {
            mutation::mutate(self.creator(), &pod.new)
        }))
    }

    /// The object for a sentence: its kind, namespace and name.
    #[must_use]
    pub fn object(&self) -> String {
        let kind = match self.target.kind.kind.as_str() {
            "" => self.target.resource(),
            kind => kind,
        };
        format!("{} {}", shown(kind, 63), self.what())
    }

    /// `namespace/name` for a sentence; the name alone for cluster-scoped objects.
    #[must_use]
    pub fn what(&self) -> String {
        match self.target.namespace() {
            "" => self.name.shown(),
            namespace => format!("{}/{}", shown(namespace, 63), self.name.shown()),
        }
    }
}
