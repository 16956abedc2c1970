//! # service-account-identity
//!
//! Denies creating, changing and deleting service accounts that become IAM roles or to
//! which the policy gives rights, and binding any service account to a role.
//!
//! ## What it stops
//!
//! - service accounts with a name that EMR reserves (`emr-containers-sa-…`,
//!   `emr-container-sa-…`) or to which an operator's entry of the policy gives a
//!   role: creating one, changing anything in one (`secrets`, `imagePullSecrets`,
//!   owners, labels), deleting one, also by deletecollection or to create it again
//! - the same for service accounts to which the policy gives rights that a tenant does
//!   not have (`service-account-token` says which): who makes one can start pods
//!   under it
//! - annotations `eks.amazonaws.com/…` of any service account: setting, changing or
//!   removing one, also by deleting the service account that has it
//! - in namespaces without rolegate's label, the first two, except in kube-system,
//!   where it is reserved names only (the cluster door)
//!
//! ## Who may
//!
//! | requester | service accounts |
//! |---|---|
//! | EMR, administrators | all |
//! | an operator of the policy | those of its declared roles, bound only to the role that their name or the policy's entry says |
//! | Kubernetes | deletes and cleans up all; creates only those that become no role |
//! | jobs, add-ons, tenants | those that become no role, without such annotations |
//!
//! An UPDATE that changes nothing is allowed for everybody.
//!
//! ## Why
//!
//! IAM trusts a service account by its name. EMR's trust policies allow
//! `emr-containers-sa-*-*-<account>-<role>`, and AWS's own samples allow far more, so
//! a pod under any service account of such a name becomes the role. The annotation
//! `eks.amazonaws.com/role-arn` says which role EKS gives the pods. Changing it sends
//! a job's pods to another role; removing it leaves them without one, and they fall
//! back to the node's.
//!
//! ## What to do instead
//!
//! EMR creates the service accounts of its jobs itself. For a workload of your own
//! that needs a role, ask the platform team for the service account.
//!
//! ## What it does not see
//!
//! - EKS Pod Identity associations and trust policies: they are made in AWS.
//! - Names that only an operator's entry without `namespaces` explains, in namespaces
//!   without the label.

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs, System};
use crate::json::{Pairs, Raw};
use crate::names::{Role, RoleArn, shown};
use crate::policy::{self, About, Severity};
use crate::request::{Act, Object, Path, ReviewError, change};
use crate::write::Write;

use super::shared::{privileged, reserved};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "service-account-identity",
    Severity::High,
    include_str!("service_account_identity.rs"),
);

/// See the file's header.
pub(super) struct ServiceAccountIdentity;

static ADVICE: Advice = Advice {
    why: "IAM trusts service accounts by name and EKS binds them by annotation, so both decide \
          which role a pod becomes",
    instead: &[
        (
            &[Person],
            "let Amazon EMR create the service accounts of its jobs; for a workload that needs a role of its own ask the platform team for the service account",
        ),
        (
            &[Software, AddOn],
            "list software that makes service accounts for its jobs under `identities.operators` in rolegate's policy, and software that applies the platform team's manifests under `identities.admins`",
        ),
        (
            &[Operator],
            "declare the role for this operator under `identities.operators[].roles` in rolegate's policy, and name the service account after it or list it under `identities.operators[].jobServiceAccounts`",
        ),
        (
            &[Job],
            "work under the service accounts that Amazon EMR has made for this job's role",
        ),
        (
            &[Workload],
            "look for software that works under this identity: Kubernetes creates service accounts only by the name default",
        ),
    ],
    source: "Amazon EMR on EKS job execution roles: the trust policy names \
             system:serviceaccount:<namespace>:emr-containers-sa-*",
};

/// The annotations that EKS's webhook reads: role, audience, STS endpoint, lifetime.
const BINDING_PREFIX: &str = "eks.amazonaws.com/";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
/// Annotations that decide how a role is assumed, not which.
const STS_OPTIONS: [&str; 2] = [
    "eks.amazonaws.com/sts-regional-endpoints",
    "eks.amazonaws.com/token-expiration",
];

impl Rule for ServiceAccountIdentity {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let target = &write.target;
        if !target.is("", "serviceaccounts")
            || target.subresource() == "token"
            || write.extent(Action::WriteServiceAccount) == Extent::All
        {
            return Ok(());
        }
        let (verb, old, new) = match write.act {
            Act::Create(new) => ("create", None, Some(new)),
            Act::Update { old, new } => ("change", Some(old), Some(new)),
            Act::Delete(old) => ("delete", Some(old), None),
            Act::Connect(_) => return Ok(()),
        };
        let change = AccountChange {
            runs_as: runs_as(write),
            trusted: trusted(write),
            is_managed: write.is_managed,
            old: Account::read(old)?,
            new: Account::read(new)?,
        };
        let Some(refused) = change.refusal(write) else {
            return Ok(());
        };
        let act = format!("{verb} ServiceAccount {}: {}", write.what(), refused.reason);
        let mut finding = Finding::new(&ABOUT, &ADVICE, act).key(refused.key);
        finding.at.extend(refused.path);
        findings.push(finding);
        Ok(())
    }
}

/// The fields of a service account that decide which role its pods become and
/// what they may read.
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

impl<'a> Account<'a> {
    /// An empty one where there is no object.
    fn read(object: Option<Object<'a>>) -> Result<Self, ReviewError> {
        object.map_or_else(|| Ok(Self::default()), Object::read)
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.annotations.get(key)
    }

    /// The keys of the annotations that bind it to a role.
    fn bindings(&self) -> impl Iterator<Item = &str> {
        let annotations = self.metadata.iter().flat_map(|meta| &*meta.annotations);
        annotations
            .map(|(key, _)| key.as_str())
            .filter(|key| key.starts_with(BINDING_PREFIX))
    }
}

/// Why a write is refused, and where.
struct Refused {
    reason: String,
    key: String,
    path: Option<Path>,
}

/// What a write does to a service account.
struct AccountChange<'a> {
    runs_as: RunsAs,
    /// Why the requester may not act as it.
    trusted: Option<String>,
    is_managed: bool,
    old: Account<'a>,
    new: Account<'a>,
}

impl<'a> AccountChange<'a> {
    fn refusal(&self, write: &Write<'_>) -> Option<Refused> {
        if write.is_unchanged() {
            return None;
        }
        match &write.requester {
            Requester::System(system) if *system != System::Node => self.by_system(write),
            Requester::Operator(operator) => self.by_operator(operator, write),
            _ => self.by_tenant(write),
        }
    }

    /// The first annotation with which it is bound otherwise than before.
    fn rebound(&self) -> Option<&str> {
        self.new
            .bindings()
            .chain(self.old.bindings())
            .find(|key| self.new.annotation(key) != self.old.annotation(key))
    }

    fn by_tenant(&self, write: &Write<'_>) -> Option<Refused> {
        let reason = match &self.runs_as {
            RunsAs::Job { role, .. } => {
                format!("that service account becomes the IAM role {role}")
            }
            RunsAs::Reserved => reserved::reason(write, write.possible_name()),
            RunsAs::Ordinary if let Some(trusted) = &self.trusted => trusted.clone(),
            RunsAs::Ordinary if !self.is_managed => return None,
            RunsAs::Ordinary => {
                let key = self.rebound()?;
                return Some(self.annotation(key));
            }
        };
        let list = || Some(Path::root().key(self.changed_list()?));
        Some(Refused {
            reason,
            key: "name".to_owned(),
            path: self.rebound().map(path_of).or_else(list),
        })
    }

    /// Controllers such as the token controller and the garbage collector clean
    /// up; EKS binds the service accounts of its own add-ons.
    fn by_system(&self, write: &Write<'_>) -> Option<Refused> {
        let denied = match write.act {
            Act::Create(_) => true,
            Act::Update { .. } => self.rebound().is_some(),
            Act::Delete(_) | Act::Connect(_) => false,
        };
        if self.runs_as == RunsAs::Ordinary || !denied {
            return None;
        }
        self.by_tenant(write)
    }

    /// An operator manages the service accounts of its declared roles, each bound
    /// to no other role than its name says.
    fn by_operator(&self, operator: &policy::Operator, write: &Write<'_>) -> Option<Refused> {
        let RunsAs::Job {
            role, component, ..
        } = &self.runs_as
        else {
            return self.by_tenant(write);
        };
        let (namespace, name) = (write.target.namespace(), write.possible_name());
        let fixed = write.policy.declares(operator, namespace, name);
        if !(fixed || component.is_some() && operator.runs(role)) {
            return Some(Refused {
                reason: format!(
                    "that service account becomes the IAM role {role}, which the policy does not \
                     declare for this operator"
                ),
                key: "name".to_owned(),
                path: None,
            });
        }
        // Without its annotation the pods fall back to the node's role. What goes with
        // the whole service account leaves no pod behind that could start.
        let kept = matches!(write.act, Act::Update { .. });
        let removed = self.old.bindings().filter(|_| kept);
        self.new
            .bindings()
            .chain(removed)
            .filter(|key| self.new.annotation(key) != self.old.annotation(key))
            .find(|key| !STS_OPTIONS.contains(key) && !self.is_bound_to(role, key))
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
            (_, None) => "removes",
            (None, _) => "sets",
            _ => "changes",
        };
        Refused {
            reason: format!("that {verb} its annotation {}", shown(key, 120)),
            key: key.to_owned(),
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

fn path_of(key: &str) -> Path {
    let annotations = Path::root().key("metadata").key("annotations");
    annotations.key(key.to_owned())
}

/// What the service account stands for, also before the API server has added five
/// characters to its name.
fn runs_as(write: &Write<'_>) -> RunsAs {
    let runs_as = write.runs_as(write.possible_name());
    if runs_as != RunsAs::Ordinary {
        return runs_as;
    }
    let fixed = write.policy.fixed_names(write.target.namespace());
    let name = generated(write, fixed);
    name.map_or(runs_as, |name| write.runs_as(name))
}

/// Why the requester may not act as the service account, likewise.
fn trusted(write: &Write<'_>) -> Option<String> {
    privileged::refusal(write, write.possible_name()).or_else(|| {
        let names = write.policy.granted_names(write.target.namespace());
        privileged::refusal(write, generated(write, names)?)
    })
}

/// The first of `names`, in order, that the API server could generate.
fn generated<'p>(write: &Write<'_>, names: impl Iterator<Item = &'p str>) -> Option<&'p str> {
    let prefix = write.name.prefix()?;
    names
        .filter(|name| name.len() == prefix.len() + 5 && name.starts_with(prefix))
        .min()
}
