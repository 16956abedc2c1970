//! # mutating-webhook
//!
//! Denies changes to objects that make an installed mutator rewrite jobs' pods, and reports
//! mutators that reach them.
//!
//! ## What it stops
//!
//! CREATE, UPDATE and DELETE of the objects that tell an installed mutating
//! webhook or sidecar injector what to do with pods: those of the list below, in
//! any version. In a managed namespace they come through the namespace's door;
//! those without a namespace come through the cluster door. DELETE counts because
//! the deleted policy may be the one that kept something out of jobs' pods.
//!
//! ## Who may
//!
//! | requester | objects that drive mutators |
//! |---|---|
//! | administrators, Kubernetes, EKS | all |
//! | EMR | Kyverno's `ClusterPolicies`, which EMR maintains where Lake Formation is used |
//! | jobs, operators, add-ons, tenants | none |
//!
//! An UPDATE that changes nothing is allowed to every requester, and so is one that
//! changes only the object's `status` and finalizers, which its own software
//! writes.
//!
//! ## Why
//!
//! A mutator rewrites pods after their creator was judged: another image, one more
//! container, another service account. AWS's security page asks administrators not
//! to grant it: "Kubernetes RBAC permissions to modify mutating webhooks".
//! Permission to write an object that drives a mutator has the same effect.
//!
//! ## What to do instead
//!
//! Have the platform team maintain such objects. What your own pod asks of an
//! injector by its annotations is not judged here: it changes that pod only.
//!
//! ## What it reports
//!
//! Where rolegate watches the cluster (`manifests/view`), it reports by log, metric and
//! Event, and denies nothing:
//!
//! - mutating webhooks, `MutatingAdmissionPolicies` and their bindings that can rewrite
//!   pods, pod templates, jobs, ConfigMaps, Secrets or service accounts in a managed
//!   namespace. Conditions and object selectors may narrow that; the report says so. It
//!   is critical, medium if it is named as well-known software, and low if EKS serves it
//!   on its own control plane.
//! - rolegate's own webhook configurations, admission policies and bindings that are
//!   missing, or a field of which judges less than what this version ships: rules,
//!   selectors, conditions, `failurePolicy`, address, `timeoutSeconds`, an empty
//!   `caBundle`.
//!
//! ## What it does not see
//!
//! - Who writes Kubernetes' webhook configurations and admission policies: the API server
//!   sends them to no webhook. A `ValidatingAdmissionPolicy` guards the webhook
//!   configurations; the policies can only be watched.
//! - Mutators that are not in the list, and those that change amounts only
//!   (`VerticalPodAutoscaler`).
//! - Annotations and labels by which a *namespace* asks for injection.
//!
//! Software that updates such objects itself when it is upgraded, as the
//! OpenTelemetry operator does in managed namespaces, needs an exemption or has to
//! be an administrator in the policy.

mod drivers;
mod foreign;
mod known;
mod matching;
mod own;

pub use own::{Compare, Drift, Shipped, own_objects};

use std::fmt::Write as _;

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, System};
use crate::json::Text;
use crate::policy::{About, Severity};
use crate::request::{Act, Object, ReviewError, Stored, change};
use crate::write::Write;

use self::drivers::{DRIVERS, Driver};
use super::{ALL, Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About {
    tables: Some(driver_table),
    ..About::new(
        "mutating-webhook",
        Severity::Critical,
        include_str!("mutating_webhook.rs"),
    )
};

/// See the file's header.
pub(super) struct MutatingWebhook;

static ADVICE: Advice = Advice {
    why: "an installed mutator applies this object to pods after their creator was judged",
    instead: &[
        (
            &[Person],
            "ask the platform team to maintain this object; what your own pod asks of an injector by its annotations does not need one",
        ),
        (
            &[Software, AddOn, Operator],
            "apply this object as an administrator of rolegate's policy (`identities.admins`)",
        ),
        (
            &[Emr],
            "ask the platform team to maintain this object: Amazon EMR writes ClusterPolicies only",
        ),
        (
            &[Job],
            "leave this object to the platform team; give the job's pods annotations by its pod template",
        ),
        (
            &[Workload],
            "look for software that works under this identity: a node writes no such object",
        ),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to modify mutating webhooks",
};

/// Of a mutator that somebody has installed.
static INSTALLED: Advice = Advice {
    why: "a mutator rewrites objects after their creator was judged: another image, one more \
          container, another service account",
    instead: &[(
        ALL,
        "have the platform team look at it; where jobs do not need it, add {key: rolegate.dev/mode, operator: DoesNotExist} to its namespaceSelector, or delete it",
    )],
    source: "Amazon EMR on EKS security best practices: permissions to modify mutating webhooks",
};

/// Of an object of rolegate's own that is not as shipped.
static DRIFTED: Advice = Advice {
    why: "what rolegate is not sent, and what its admission policies do not deny, nobody judges",
    instead: &[(
        ALL,
        "have the platform team restore the object as this version of rolegate ships it, and ask who changed it: the API server's audit log says it. An apply leaves in place what somebody added, so remove that first",
    )],
    source: "Amazon EMR on EKS security best practices: permissions to modify mutating webhooks",
};

fn driver_table() -> String {
    let mut text = String::from(
        "\n## The list\n\n| group | resources | what they drive | source |\n|---|---|---|---|\n",
    );
    for driver in DRIVERS {
        let resources = match driver.resources {
            [] => "all".to_owned(),
            some => some.join(", "),
        };
        let only = if driver.only_sidecars {
            ", in mode `sidecar`"
        } else {
            ""
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {resources}{only} | {} | {} |",
            driver.group, driver.drives, driver.source
        );
    }
    text
}

impl Rule for MutatingWebhook {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &INSTALLED, &DRIFTED];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some(driver) = Driver::of(&write.target.resource) else {
            return Ok(());
        };
        let verb = match write.act {
            Act::Create(_) => "create",
            Act::Update { .. } => "change",
            Act::Delete(_) => "delete",
            Act::Connect(_) => return Ok(()),
        };
        // The subresources, `status` and `scale`, do not change what a mutator does.
        if !write.target.is_main()
            || is_own_work(write)
            || !drives_mutator(driver, &write.act)?
            || is_bookkeeping(&write.act)
        {
            return Ok(());
        }
        let act = format!("{verb} {}, which drives {}", write.object(), driver.drives);
        findings.push(Finding::new(&ABOUT, &ADVICE, act));
        Ok(())
    }

    fn state(
        &self,
        stored: &Stored<'_>,
        facts: &Facts<'_>,
        findings: &mut Vec<Finding>,
    ) -> Checked {
        Ok(foreign::judge(stored, facts, findings)?)
    }
}

/// Whether it is the requester's own work to write this object.
fn is_own_work(write: &Write<'_>) -> bool {
    match (write.extent(Action::DriveMutator), &write.requester) {
        (Extent::All, _) => true,
        (Extent::OwnWork, Requester::System(system)) => *system != System::Node,
        (Extent::OwnWork, Requester::EmrService) => {
            write.target.is("kyverno.io", "clusterpolicies")
        }
        _ => false,
    }
}

/// Whether the new or the stored object drives a mutator.
fn drives_mutator(driver: &Driver, act: &Act<'_>) -> Result<bool, ReviewError> {
    if !driver.only_sidecars {
        return Ok(true);
    }
    Ok(match *act {
        Act::Create(new) => is_sidecar(new)?,
        Act::Update { old, new } => is_sidecar(new)? || is_sidecar(old)?,
        Act::Delete(old) => is_sidecar(old)?,
        Act::Connect(_) => false,
    })
}

/// Whether `spec.mode` of a collector or an agent is `sidecar`.
fn is_sidecar(object: Object<'_>) -> Result<bool, ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Spec<'a> {
        #[serde(borrow)]
        mode: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Collector<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let spec = object.read::<Collector<'_>>()?.spec;
    Ok(spec
        .and_then(|spec| spec.mode)
        .is_some_and(|mode| mode.eq_ignore_ascii_case("sidecar")))
}

/// Whether this is an UPDATE of nothing but `status`, finalizers and the API
/// server's bookkeeping.
fn is_bookkeeping(act: &Act<'_>) -> bool {
    let update = act.update();
    update.is_some_and(|(old, new)| change::same_but_finalizers(Some(old.raw()), Some(new.raw())))
}
