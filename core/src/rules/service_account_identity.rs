//! # service-account-identity
//!
//! Nobody makes, binds or takes away an identity but those whose it is.
//!
//! ## What it stops
//!
//! - service accounts with a name EMR reserves (`emr-containers-sa-…`,
//!   `emr-container-sa-…`) or that an operator's entry of the policy gives a role:
//!   creating one, changing anything of one (`secrets`, `imagePullSecrets`, owners,
//!   labels), deleting one, also by deletecollection or to make it anew
//! - annotations `eks.amazonaws.com/…` of any service account: setting, changing or
//!   removing one, also by deleting the account that has it
//! - in namespaces without rolegate's label, the same for reserved names (the
//!   cluster door)
//!
//! ## Who may
//!
//! | requester | service accounts |
//! |---|---|
//! | EMR, administrators | all |
//! | an operator of the policy | those of its declared roles, bound to no other role than their name says |
//! | Kubernetes | deletes and tidies up; makes none that becomes a role |
//! | jobs, add-ons, tenants | those that become no role, without such annotations |
//!
//! An UPDATE that changes nothing passes for everybody.
//!
//! ## Why
//!
//! IAM trusts a service account by its name. EMR's trust policies hold for
//! `emr-containers-sa-*-*-<account>-<role>`, and AWS's own samples for far more, so
//! whoever makes an account of such a name becomes the role. The annotation
//! `eks.amazonaws.com/role-arn` says which role EKS gives the pods; whoever
//! changes it sends a job's pods elsewhere, or takes them their role away, upon
//! which they fall back to the node's.
//!
//! ## What to do instead
//!
//! EMR makes the accounts of its jobs itself. For a workload of your own that
//! needs a role, ask the platform team for the service account.
//!
//! ## What it does not see
//!
//! EKS Pod Identity associations and trust policies: they are made in AWS. Names
//! that only an operator's entry explains, in namespaces without the label.

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, RunsAs, System};
use crate::json::Pairs;
use crate::json::Raw;
use crate::names::Role;
use crate::names::RoleArn;
use crate::names::shown;
use crate::policy::Operator;
use crate::request::{Operation, ReviewError, change, view};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new(
    "service-account-identity",
    Severity::High,
    include_str!("service_account_identity.rs"),
);

/// See the file's header.
pub(super) struct ServiceAccountIdentity;

static ADVICE: Advice = Advice {
    why: "IAM trusts service accounts by name and EKS binds them by annotation, so whoever \
                   writes them decides who becomes which role",
    instead: "let Amazon EMR make the service accounts of its jobs; for a workload that \
                       needs a role of its own ask the platform team for the service account",
    source: "Amazon EMR on EKS job execution roles: the trust policy names \
                      system:serviceaccount:<namespace>:emr-containers-sa-*",
};

/// What EKS's webhook reads: role, audience, STS endpoint, lifetime.
const BINDING: &str = "eks.amazonaws.com/";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
/// Annotations that change how a role is assumed and not which.
const MANNERS: [&str; 2] = [
    "eks.amazonaws.com/sts-regional-endpoints",
    "eks.amazonaws.com/token-expiration",
];

impl Rule for ServiceAccountIdentity {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        if !request.target.is("", "serviceaccounts")
            || request.target.subresource() == "token"
            || request.operation() == Operation::Connect
            || write.extent(Action::WriteServiceAccount) == Extent::All
        {
            return Ok(());
        }
        let pod_write = Write::of(write)?;
        let Some(refused) = pod_write.refusal(write) else {
            return Ok(());
        };
        let verb = match request.operation() {
            Operation::Create => "create",
            Operation::Delete => "delete",
            Operation::Update | Operation::Connect => "change",
        };
        findings.push(Finding {
            rule: RuleId::ServiceAccountIdentity,
            seen: format!(
                "{} may not {verb} ServiceAccount {}: {}",
                write.who(),
                write.what(),
                refused.reason
            ),
            path: refused.path,
            why: WHY,
            instead: instead(&write.requester).into(),
            source: SOURCE,
        });
        Ok(())
    }
}

const fn instead(requester: &Requester<'_>) -> &'static str {
    match requester {
        Requester::Operator(_) => {
            "declare the role for this operator in rolegate's policy (identities.operators), and \
             name the account after it or list it under jobServiceAccounts"
        }
        _ => INSTEAD,
    }
}

/// A service account, as far as it says who its pods become.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    #[serde(borrow)]
    metadata: Option<Meta<'a>>,
    #[serde(borrow)]
    secrets: Option<Raw<'a>>,
    #[serde(borrow)]
    image_pull_secrets: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    annotations: Pairs<'a>,
}

impl Account<'_> {
    fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.annotations.get(key)
    }

    /// The annotations that bind it to a role.
    fn bindings(&self) -> impl Iterator<Item = &str> {
        let annotations = self.metadata.iter().flat_map(|meta| &*meta.annotations);
        annotations
            .map(|(key, _)| key.as_str())
            .filter(|key| key.starts_with(BINDING))
    }
}

/// Why a write is refused, and where.
struct Refused {
    reason: String,
    path: Option<String>,
}

/// What is written.
struct Write<'a> {
    identity: RunsAs,
    new: Account<'a>,
    old: Account<'a>,
    /// Whether it differs from what is stored at all.
    changes: bool,
}

impl<'a> Write<'a> {
    fn of(write: &Write<'a>) -> Result<Self, ReviewError> {
        let request = write.request();
        let (mut new, mut old) = (Account::default(), Account::default());
        if request.operation() != Operation::Delete {
            new = view::read("request.object", request.object()?)?;
        }
        if request.operation() != Operation::Create {
            old = view::read("request.oldObject", request.old_object()?)?;
        }
        Ok(Self {
            identity: identity(write),
            new,
            old,
            changes: request.operation() != Operation::Update || !write.is_unchanged(),
        })
    }

    fn refusal(&self, write: &Write<'_>) -> Option<Refused> {
        if !self.changes {
            return None;
        }
        match &write.requester {
            Requester::System(system) if *system != System::Node => self.by_system(write),
            Requester::Operator(operator) => self.by_operator(operator, write),
            _ => self.by_tenant(),
        }
    }

    /// The first annotation that binds it otherwise than before.
    fn rebound(&self) -> Option<&str> {
        self.new
            .bindings()
            .chain(self.old.bindings())
            .find(|key| self.new.annotation(key) != self.old.annotation(key))
    }

    fn by_tenant(&self) -> Option<Refused> {
        let reason = match &self.identity {
            RunsAs::Job { role, .. } => {
                format!("whoever runs under it becomes the IAM role {role}")
            }
            RunsAs::Reserved => "its name is reserved for Amazon EMR".to_owned(),
            RunsAs::Ordinary => {
                let key = self.rebound()?;
                return Some(self.annotation(key));
            }
        };
        let path = self
            .rebound()
            .map(path_of)
            .or_else(|| self.changed_list().map(str::to_owned));
        Some(Refused { reason, path })
    }

    /// The token controller, the garbage collector and their like tidy up; EKS
    /// binds the accounts of its own add-ons.
    fn by_system(&self, write: &Write<'_>) -> Option<Refused> {
        let makes = write.operation() == Operation::Create;
        let rebinds = write.operation() == Operation::Update && self.rebound().is_some();
        let guarded = self.identity != RunsAs::Ordinary;
        (guarded && (makes || rebinds))
            .then(|| self.by_tenant())
            .flatten()
    }

    /// An operator keeps the accounts of its declared roles, and none becomes a
    /// role that its name does not say.
    fn by_operator(&self, operator: &Operator, write: &Write<'_>) -> Option<Refused> {
        let RunsAs::Job {
            role, component, ..
        } = &self.identity
        else {
            return self.by_tenant();
        };
        let name = write.possible_name();
        let fixed = operator
            .job_service_accounts
            .iter()
            .any(|fixed| fixed.name == name);
        if !(fixed || component.is_some() && operator.runs(role)) {
            return Some(Refused {
                reason: format!(
                    "whoever runs under it becomes the IAM role {role}, which the policy does not \
                     declare for this operator"
                ),
                path: None,
            });
        }
        self.new
            .bindings()
            .filter(|key| self.new.annotation(key) != self.old.annotation(key))
            .find(|key| !MANNERS.contains(key) && !self.is_bound_to(role, key))
            .map(|key| self.annotation(key))
    }

    /// Whether this annotation binds it to the role that its name says.
    fn is_bound_to(&self, role: &Role, key: &str) -> bool {
        key == ROLE_ARN
            && self
                .new
                .annotation(ROLE_ARN)
                .and_then(|arn| RoleArn::parse(arn).ok())
                .is_some_and(|arn| arn.role() == role)
    }

    fn annotation(&self, key: &str) -> Refused {
        let verb = match (self.old.annotation(key), self.new.annotation(key)) {
            (_, None) => "takes its",
            (None, _) => "gives it the",
            _ => "changes its",
        };
        Refused {
            reason: format!("that {verb} annotation {}", shown(key, 120)),
            path: Some(path_of(key)),
        }
    }

    /// The list of Secrets that differs, if one does.
    fn changed_list(&self) -> Option<&'static str> {
        let differs = |list: fn(&Account<'a>) -> Option<Raw<'a>>| {
            !change::same(list(&self.old), list(&self.new))
        };
        if differs(|account| account.secrets) {
            Some("secrets")
        } else {
            differs(|account| account.image_pull_secrets).then_some("imagePullSecrets")
        }
    }
}

fn path_of(key: &str) -> String {
    format!("metadata.annotations[\"{}\"]", shown(key, 120))
}

/// What the account stands for, also while the API server has yet to add five
/// characters to its name.
fn identity(write: &Write<'_>) -> RunsAs {
    let identity = RunsAs::of(&write.possible_name(), write.policy);
    if identity == RunsAs::Ordinary
        && let Some(prefix) = write.name.prefix()
    {
        let fixed = write
            .policy
            .operators
            .iter()
            .flat_map(|operator| &operator.job_service_accounts)
            .map(|fixed| fixed.name.as_str());
        return fixed
            .filter(|name| name.len() == prefix.len() + 5 && name.starts_with(prefix))
            .map(|name| write.runs_as(name))
            .next()
            .unwrap_or(identity);
    }
    identity
}
