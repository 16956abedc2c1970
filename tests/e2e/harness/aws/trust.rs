//! What IAM would decide: the trust policies and rights of a test's roles.

use super::call::Call;

/// Everything that is not said here is refused, as in AWS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Roles that a service account's token becomes, with the token's subject.
    web_identity: Vec<(String, String)>,
    /// The role that EKS Pod Identity gives out, with the subject.
    pod_identity: Option<(String, String)>,
    /// Who may assume which role, and with which external id.
    roles: Vec<(String, String, Option<String>)>,
    /// Which role may use which services.
    services: Vec<(String, String)>,
}

impl Trust {
    /// Role `role` trusts the cluster's service account `subject` (IRSA).
    pub(crate) fn web_identity(mut self, role: &str, subject: &str) -> Self {
        self.web_identity.push((role.into(), subject.into()));
        self
    }

    /// An EKS Pod Identity association.
    pub(crate) fn pod_identity(mut self, role: &str, subject: &str) -> Self {
        self.pod_identity = Some((role.into(), subject.into()));
        self
    }

    /// Role `to` trusts role `from`.
    pub(crate) fn role(mut self, from: &str, to: &str) -> Self {
        self.roles.push((from.into(), to.into(), None));
        self
    }

    /// Role `to` trusts role `from` when it says `external_id`.
    pub(crate) fn role_with_external_id(mut self, from: &str, to: &str, id: &str) -> Self {
        self.roles.push((from.into(), to.into(), Some(id.into())));
        self
    }

    /// Role `role` may use a service: `s3`, `sqs`.
    pub(crate) fn service(mut self, role: &str, service: &str) -> Self {
        self.services.push((role.into(), service.into()));
        self
    }

    /// Whether the holder of a token with this subject may become the role.
    pub(super) fn permits_web_identity(&self, role: &str, subject: &str) -> bool {
        let trusts =
            |(trusting, trusted): &(String, String)| trusting == role && trusted == subject;
        self.web_identity.iter().any(trusts)
    }

    /// The role that the Pod Identity agent gives this subject.
    pub(super) fn associated(&self, subject: &str) -> Option<&str> {
        let (role, trusted) = self.pod_identity.as_ref()?;
        (trusted == subject).then_some(role.as_str())
    }

    /// Whether `caller` may make a call that is signed.
    pub(super) fn permits(&self, caller: &str, service: &str, call: &Call) -> bool {
        match (service, call.action.as_str()) {
            ("sts", "GetCallerIdentity") => true,
            ("sts", "AssumeRole") => self.roles.iter().any(|(from, to, id)| {
                from == caller
                    && Some(to) == call.role.as_ref()
                    && (id.is_none() || *id == call.external_id)
            }),
            ("sts", _) => false,
            _ => self
                .services
                .iter()
                .any(|(role, may)| role == caller && may == service),
        }
    }
}
