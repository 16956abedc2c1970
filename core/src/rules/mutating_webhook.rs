//! # mutating-webhook
//!
//! Nobody has an installed mutator rewrite jobs' pods.
//!
//! ## What it stops
//!
//! CREATE, UPDATE and DELETE of the objects that tell an installed mutating
//! webhook or sidecar injector what to do with pods: those of the list below, in
//! any version. In a managed namespace they come through the namespace's door;
//! those without a namespace through the cluster door. Deleting counts: the policy
//! that goes may be the one that kept something out of jobs' pods.
//!
//! ## Who may
//!
//! | requester | objects that drive mutators |
//! |---|---|
//! | administrators, Kubernetes, EKS | all |
//! | EMR | Kyverno's `ClusterPolicies`, which it keeps where Lake Formation is used |
//! | jobs, operators, add-ons, tenants | none |
//!
//! An UPDATE that changes nothing passes for everybody, and so do an object's
//! `status` and finalizers, which its own software writes.
//!
//! ## Why
//!
//! A mutator rewrites pods after their creator was judged: another image, one more
//! container, another service account. AWS's security page asks not to grant it:
//! "Kubernetes RBAC permissions to modify mutating webhooks". An object that
//! drives a mutator is the same permission under another name.
//!
//! ## What to do instead
//!
//! Have the platform team keep such objects. What your own pod asks of an injector
//! by its annotations is not judged here: it changes that pod only.
//!
//! ## What it does not see
//!
//! The webhook configurations and the admission policies of Kubernetes: the API
//! server shows them to no webhook; a `ValidatingAdmissionPolicy` guards the first.
//! Mutators that are not in the list, and those that change amounts only
//! (`VerticalPodAutoscaler`). Annotations and labels by which a *namespace* asks
//! for injection. Software that updates such objects itself when it is upgraded,
//! as the OpenTelemetry operator does in managed namespaces, needs an exemption or
//! to be an administrator in the policy.

mod drivers;

use std::fmt::Write as _;

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, System};
use crate::write::Write;
use crate::json::Raw;
use crate::json::Text;
use crate::request::{Operation, ReviewError, change, view};

use self::drivers::{DRIVERS, Driver};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("mutating-webhook", Severity::High, include_str!("mutating_webhook.rs"));
// TODO-TABLES         let mut text = page::from_source(include_str!("mutating_webhook.rs"));
        text.push_str("
## The list

| group | resources | what they drive | source |
|---|---|---|---|
");
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
/// See the file's header.
pub(super) struct MutatingWebhook;

const WHY: &str = "an installed mutator does what this object says to pods after their creator was \
                   judged";
const INSTEAD: &str = "ask the platform team to keep this object; what your own pod asks of an \
                       injector by its annotations needs none";
const SOURCE: &str =
    "Amazon EMR on EKS security best practices: permissions to modify mutating webhooks";

impl Rule for MutatingWebhook {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        let Some(driver) = Driver::of(&request.target.resource) else {
            return Ok(());
        };
        // What remains, `status` and `scale`, tells and asks for nothing.
        if !request.target.is_main()
            || request.operation() == Operation::Connect
            || is_their_work(write)
            || !(matters(driver, write)? && changes(write)?)
        {
            return Ok(());
        }
        let verb = match request.operation() {
            Operation::Create => "create",
            Operation::Delete => "delete",
            Operation::Update | Operation::Connect => "change",
        };
        findings.push(Finding {
            rule: RuleId::MutatingWebhook,
            seen: format!(
                "{} may not {verb} {}, which drives {}",
                write.who(),
                write.object(),
                driver.drives
            ),
            path: None,
            why: WHY,
            instead: INSTEAD.into(),
            source: SOURCE,
        });
        Ok(())
    }
}

fn is_their_work(write: &Write<'_>) -> bool {
    match (write.extent(Action::DriveMutator), &write.requester) {
        (Extent::All, _) => true,
        (Extent::OwnWork, Requester::System(system)) => *system != System::Node,
        (Extent::OwnWork, Requester::EmrService) => {
            write.target.is("kyverno.io", "clusterpolicies")
        }
        _ => false,
    }
}

/// Whether the object, new or stored, is of the sort that drives a mutator.
fn matters(driver: &Driver, write: &Write<'_>) -> Result<bool, ReviewError> {
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
    fn is_sidecar(what: &'static str, object: Option<Raw<'_>>) -> Result<bool, ReviewError> {
        let Some(object) = object else {
            return Ok(false);
        };
        let spec = view::read::<Collector<'_>>(what, object)?.spec;
        Ok(spec
            .and_then(|spec| spec.mode)
            .is_some_and(|mode| mode.eq_ignore_ascii_case("sidecar")))
    }
    if !driver.only_sidecars {
        return Ok(true);
    }
    let request = write.request();
    let (new, old) = match request.operation() {
        Operation::Delete => (None, Some(request.old_object()?)),
        Operation::Update => (Some(request.object()?), Some(request.old_object()?)),
        Operation::Create | Operation::Connect => (Some(request.object()?), None),
    };
    Ok(is_sidecar("request.object", new)? || is_sidecar("request.oldObject", old)?)
}

fn changes(write: &Write<'_>) -> Result<bool, ReviewError> {
    let request = write.request();
    Ok(request.operation() != Operation::Update
        || !change::same_but_finalizers(Some(request.old_object()?), Some(request.object()?)))
}
