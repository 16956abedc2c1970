//! Who reads a message. What helps one requester does not help another, so advice is
//! chosen by the reader, and the reader once from the requester.

use crate::names::ServiceAccountUser;
use crate::policy::Policy;
use crate::request::UserInfo;

use super::emr::{self, Emrs};
use super::{Requester, Unproven};

/// The kinds of reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addressee {
    /// A user of the cluster, in `kubectl`.
    Person,
    /// Whoever runs the software behind a service account that the policy gives nothing.
    Software,
    /// Whoever installed cluster software to which the policy gives capabilities.
    AddOn,
    /// Whoever submitted the job or the endpoint: Amazon EMR shows them what it is refused.
    Emr,
    /// Whoever runs an operator of the policy.
    Operator,
    /// The author of a job, in its log.
    Job,
    /// Whoever wrote the workload: Kubernetes' controllers write what they are refused
    /// into its events.
    Workload,
}

impl Addressee {
    pub const ALL: [Self; 7] = [
        Self::Person,
        Self::Software,
        Self::AddOn,
        Self::Emr,
        Self::Operator,
        Self::Job,
        Self::Workload,
    ];

    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Software => "software",
            Self::AddOn => "add-on",
            Self::Emr => "EMR",
            Self::Operator => "operator",
            Self::Job => "job",
            Self::Workload => "workload's author",
        }
    }

    #[must_use]
    pub fn of(user: &UserInfo<'_>, requester: &Requester<'_>) -> Self {
        match requester {
            Requester::System(_) => Self::Workload,
            Requester::EmrService | Requester::Tenant(Some(Unproven::NotEmr)) => Self::Emr,
            Requester::Platform(_) => Self::AddOn,
            Requester::Operator(_) => Self::Operator,
            Requester::Job(_) | Requester::Tenant(Some(Unproven::ForeignNamespaceJob)) => Self::Job,
            Requester::Tenant(Some(Unproven::ReservedWithoutRole)) => Self::Software,
            // `kubectl --as`, `kubectl create token`.
            Requester::Tenant(Some(
                Unproven::Impersonated | Unproven::UnboundJobToken | Unproven::NotANode,
            ))
            | Requester::Admin => Self::Person,
            Requester::Tenant(None) if emr::claims(user) => Self::Emr,
            Requester::Tenant(None) => match ServiceAccountUser::parse(&user.username) {
                Some(_) => Self::Software,
                None => Self::Person,
            },
        }
    }
}

/// What makes a requester count as what it claims to be, where that is what it lacks:
/// then a rule's own advice leads nowhere.
#[must_use]
pub fn what_it_lacks(
    user: &UserInfo<'_>,
    requester: &Requester<'_>,
    policy: &Policy,
) -> Option<&'static str> {
    let lacks = match requester {
        Requester::Tenant(Some(Unproven::NotEmr)) => match emr::evidence(user) {
            Emrs::Role => {
                "list the role of this ARN under `identities.emrService.roleArns` in rolegate's \
                 policy, if Amazon EMR uses it in this cluster"
            }
            Emrs::Other => {
                "only Amazon EMR may use this username: map this IAM role to another one, in its \
                 access entry or in aws-auth"
            }
            Emrs::None if !policy.emr_service.roles.is_empty() => {
                "use a username of your own. If this is Amazon EMR, the cluster's authenticator \
                 gives no ARN, so `identities.emrService.roleArns` must be left out of rolegate's \
                 policy"
            }
            Emrs::None => {
                "use a username of your own. If this is Amazon EMR, map its role by an access \
                 entry or aws-auth, which show its ARN"
            }
        },
        Requester::Tenant(None) if emr::claims(user) => {
            "list this username under `identities.emrService.users` in rolegate's policy. The \
             built-in list has `emr-containers` and \
             `arn:*:sts::*:assumed-role/AWSServiceRoleForAmazonEMRContainers/*`"
        }
        Requester::Tenant(Some(Unproven::ReservedWithoutRole)) => {
            "list this service account in rolegate's policy: under `identities.operators`, if it \
             starts jobs, or under `identities.operators[].jobServiceAccounts`, if jobs run under it"
        }
        Requester::Tenant(Some(Unproven::ForeignNamespaceJob)) => {
            "work in the job's own namespace; for Lake Formation ask the platform team to list the \
             two roles under `virtualClusters[].crossRole` in rolegate's policy"
        }
        _ => return None,
    };
    Some(lacks)
}
