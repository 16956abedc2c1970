//! # rbac-grant
//!
//! Denies giving somebody permissions that tenants must not hold in a managed namespace.
//!
//! ## What it stops
//!
//! A create or change of a Role, `ClusterRole`, `RoleBinding` or `ClusterRoleBinding`,
//! by which a subject newly gets one of these:
//!
//! - reading Secrets (`get`, `list`, `watch`, and `patch`, `delete` and
//!   `deletecollection`, whose answers show them), but for Secrets that
//!   `submitters.secrets` of the policy lists, by their names (`resourceNames`)
//! - `exec` (but for submitters with `exec: true`), `attach`, `portforward`, `proxy` and `ephemeralcontainers` of pods, and
//!   `proxy` of Services and nodes, with `get` as well as with `create`
//! - impersonating users, groups, service accounts, uids or extra fields, with the
//!   restricted verbs of Kubernetes 1.35 too
//! - `bind` and `escalate`; a Role can give `bind` on cluster roles too
//! - writing webhook configurations and admission policies, a node's status, and using
//!   rolegate's break-glass right
//! - the kubelet's `nodes/log`, `nodes/pods` and `nodes/checkpoint`
//!
//! What a subject gets is computed as Kubernetes does: wildcards, `resourceNames`, and
//! aggregated cluster roles, so a label that adds a role to `edit` counts as well. An
//! edit that gives nobody more is allowed. Where rolegate watches roles and bindings
//! (`manifests/view`), what they show is denied at once; nothing is allowed before it was
//! looked up.
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators, EMR, Kubernetes' own controllers | everything |
//! | everybody else | of the above, grants to administrators, to EMR, to add-ons that the policy names and the accounts beside them, to the control plane and to service accounts of `kube-system`; to operators of the policy, Secrets |
//!
//! ## Why
//!
//! AWS's page asks administrators not to give job submitters these permissions.
//! Admission never sees a read, so whoever may read Secrets reads them.
//!
//! ## What to do instead
//!
//! Grant the narrower role (`view`, or single Secrets by name), or ask a platform
//! administrator to write it. `rolegate who-can` shows who has a permission today.
//!
//! ## What it does not see
//!
//! - Which rules a role has and who is bound to it, if rolegate may not read them
//!   (`manifests/lookups` and `manifests/view` grant it). A role is then judged as if tenants were bound to
//!   it, and a binding to any role but the strongest of Kubernetes' own (`cluster-admin`,
//!   `admin`, `edit` and some `system:` ones) is not judged; the audit annotation `skipped` says so.
//! - A role and its binding that are written at the same moment. Whichever is stored
//!   first is seen by the other.
//! - Whether a subject has the permission already by another binding.
//! - That a binding or a role was deleted a moment ago: what rolegate watches is that
//!   little behind. The same request passes when it is repeated.
//! - Cluster roles and their bindings come through the cluster door, whose mode the
//!   policy gives (`doors.cluster`, `audit` unless given).

mod facts;
mod gain;
mod in_force;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Action, Extent, Facts, Requester};
use crate::policy::{About, Severity};
use crate::rbac::{Binding, GROUP, Role};
use crate::request::{Act, Object, Path, ReviewError};
use crate::write::Write;

pub use self::in_force::{InForce, grants_in_force};

use self::gain::{Gain, Gains};

use super::{Advice, Checked, Finding, Rule, Stop};

pub(super) static ABOUT: About = About::new(
    "rbac-grant",
    Severity::Critical,
    include_str!("rbac_grant.rs"),
);

/// See the file's header.
pub(super) struct RbacGrant;

static ADVICE: Advice = Advice {
    why: "whoever has these permissions reads a job's Secrets or acts with a job's role, and \
          admission does not see all of it",
    instead: &[
        (
            &[Person],
            "grant a role without them, such as the ClusterRole view or one for single Secrets by name; or ask a platform administrator, who may grant them",
        ),
        (
            &[Software, AddOn],
            "grant a role without them, or let a platform administrator write it; an account of cluster software belongs under `identities.addOns` or `identities.platform`, that of an operator under `identities.operators` in rolegate's policy",
        ),
        (
            &[Operator, Job],
            "grant a role without them; the platform team can write the role and its binding",
        ),
    ],
    source: "Amazon EMR on EKS security best practices: permissions of job submitters",
};

impl Rule for RbacGrant {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.target.group() != GROUP
            || !write.target.is_main()
            || write.extent(Action::GrantRights) == Extent::All
            || matches!(write.requester, Requester::System(_))
            || write.is_unchanged()
        {
            return Ok(());
        }
        let (old, new) = match write.act {
            Act::Create(new) => (None, new),
            Act::Update { old, new } => (Some(old), new),
            Act::Delete(_) | Act::Connect(_) => return Ok(()),
        };
        let gains = match write.target.resource() {
            "roles" | "clusterroles" => {
                let old = old.map(|old| role(write, old)).transpose()?;
                gain::by_role(write, facts, old.as_ref(), &role(write, new)?)?
            }
            "rolebindings" | "clusterrolebindings" => {
                let old = old.map(|old| binding(write, old)).transpose()?;
                gain::by_binding(write, facts, old, &binding(write, new)?)?
            }
            _ => return Ok(()),
        };
        report(write, gains, findings);
        Ok(())
    }
}

fn role(write: &Write<'_>, object: Object<'_>) -> Result<Role, Stop> {
    let namespace = write.target.namespace();
    let mut role = Role::parse(object.raw().get(), namespace)
        .map_err(|error| ReviewError::json(object.what(), error))?;
    // The request's own namespace counts.
    role.key.namespace = namespace.into();
    Ok(role)
}

fn binding(write: &Write<'_>, object: Object<'_>) -> Result<Binding, Stop> {
    let namespace = write.target.namespace();
    let mut binding = Binding::parse(object.raw().get(), namespace)
        .map_err(|error| ReviewError::json(object.what(), error))?;
    binding.key.namespace = namespace.into();
    Ok(binding)
}

fn report(write: &Write<'_>, gains: Gains, findings: &mut Vec<Finding>) {
    let part = match write.target.resource() {
        "roles" | "clusterroles" => "rules",
        _ => "subjects",
    };
    let verb = match write.act {
        Act::Create(_) => "create",
        _ => "change",
    };
    let Gains { first, more } = gains;
    let last = first.len();
    for (index, Gain { who, what, how }) in first.into_iter().enumerate() {
        let more = if index + 1 == last && more > 0 {
            format!(" (and {more} more like this)")
        } else {
            String::new()
        };
        let act = format!(
            "{verb} {}: it gives {who} {what}{how}{more}",
            write.object()
        );
        findings.push(
            Finding::new(&ABOUT, &ADVICE, act)
                .at(Path::root().key(part))
                .key(who),
        );
    }
}
