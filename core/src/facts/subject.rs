//! What a rule sees: a request, who makes it, and what the policy says of the namespace.

use std::cell::OnceCell;

use crate::names::shown;
use crate::policy::{Policy, Submitter, VirtualCluster};
use crate::request::{ObjectName, Operation, Request, ReviewError, view};

use super::{Action, Extent, PodWrite, Requester, extent};

/// One request with everything a rule needs to judge it.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The request.
    pub request: &'a Request<'a>,
    /// Who makes it.
    pub requester: Requester<'a>,
    /// The object's name.
    pub name: ObjectName<'a>,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The policy's entry for the namespace.
    pub tenancy: &'a VirtualCluster,
    pod: OnceCell<Option<PodWrite<'a>>>,
}

impl<'a> Subject<'a> {
    /// Looks at a request under a policy.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when the object's name cannot be read.
    pub fn new(request: &'a Request<'a>, policy: &'a Policy) -> Result<Self, ReviewError> {
        let namespace = request.namespace();
        Ok(Self {
            request,
            requester: Requester::of(&request.user, namespace, policy),
            name: request.object_name()?,
            policy,
            tenancy: policy.tenancy(namespace),
            pod: OnceCell::new(),
        })
    }

    /// The pod or pod template that the request writes, read once for all
    /// rules; `None` where it writes none. Custom resources have none either:
    /// what they hold is for the rules that walk them.
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

    /// Whether a tenant or a job lets a suspended Job go: its pods start now, and
    /// the template may have waited since before the namespace was guarded.
    /// Kueue and the like do this for a living.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when `spec.suspend` cannot be read.
    pub fn unsuspends(&self) -> Result<bool, ReviewError> {
        let request = self.request;
        if request.operation != Operation::Update
            || request.resource.group.as_str() != "batch"
            || request.sub_resource.is_some()
            || !matches!(self.requester, Requester::Tenant(_) | Requester::Job(_))
        {
            return Ok(false);
        }
        let suspended = view::is_suspended;
        Ok(suspended("request.oldObject", request.old_object()?)?
            && !suspended("request.object", request.object()?)?)
    }

    /// How far this requester may go with `action`.
    #[must_use]
    pub const fn extent(&self, action: Action) -> Extent {
        extent(self.requester.class(), action)
    }

    /// The `submitters` entries that name this requester; none for one that
    /// could not prove to be who its name says.
    pub fn submitters(&self) -> impl Iterator<Item = &'a Submitter> {
        let user = &self.request.user;
        let doubtful = matches!(self.requester, Requester::Tenant(Some(_)));
        self.tenancy
            .submitters_for(&user.username, user.groups())
            .filter(move |_| !doubtful)
    }

    /// The requester for a sentence, with what it failed to prove.
    #[must_use]
    pub fn who(&self) -> String {
        let name = match self.request.user.username.as_str() {
            "" => "somebody without a name".to_owned(),
            name => shown(name, 200),
        };
        match &self.requester {
            Requester::Tenant(Some(doubt)) => format!("{name} ({})", doubt.as_str()),
            _ => name,
        }
    }

    /// The object for a sentence: its kind, namespace and name.
    #[must_use]
    pub fn object(&self) -> String {
        let kind = match self.request.kind.kind.as_str() {
            "" => self.request.resource.resource.as_str(),
            kind => kind,
        };
        format!("{} {}", shown(kind, 63), self.what())
    }

    /// `namespace/name` for a sentence; the name alone for cluster-scoped objects.
    #[must_use]
    pub fn what(&self) -> String {
        match self.request.namespace() {
            "" => self.name.shown(),
            namespace => format!("{}/{}", shown(namespace, 63), self.name.shown()),
        }
    }
}
