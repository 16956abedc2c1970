//! What a rule sees: a request, who makes it, and what the policy says of the namespace.

use crate::policy::{Policy, Submitter, VirtualCluster};
use crate::review::{ObjectName, Request, ReviewError, shown};

use super::{Action, Extent, Requester, extent};

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
    pub cluster: &'a VirtualCluster,
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
            cluster: policy.cluster(namespace),
        })
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
        self.cluster
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

    /// `namespace/name` for a sentence; the name alone for cluster-scoped objects.
    #[must_use]
    pub fn what(&self) -> String {
        match self.request.namespace() {
            "" => self.name.shown(),
            namespace => format!("{}/{}", shown(namespace, 63), self.name.shown()),
        }
    }
}
