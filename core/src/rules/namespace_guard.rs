//! # namespace-guard
//!
//! Denies changes that take a managed namespace out of rolegate's reach.
//!
//! ## What it stops
//!
//! Through `namespaces`, `namespaces/status` and `namespaces/finalize`:
//!
//! - the label `rolegate.dev/mode` removed, lowered (`enforce`, `warn`, `audit`, in
//!   this order) or set to any other value. Any other value counts as `enforce`, as
//!   it does in the webhook configuration
//! - `rolegate.dev/chain` removed or changed
//! - in a managed namespace, the Pod Security labels
//!   `pod-security.kubernetes.io/{enforce,audit,warn}` lowered, and the version they
//!   are pinned to. Without the label, the default of the cluster applies, which may
//!   be stricter than `privileged`, so setting `privileged` where there was no label
//!   is lowering; the label that allows administrators' access to devices
//!   (`resource.kubernetes.io/admin-access`) set
//! - deleting a managed namespace, and removing its finalizers
//!
//! Adding a label, raising a mode and creating a namespace are allowed.
//!
//! ## Who may
//!
//! Administrators. Kubernetes finishes a deletion that was allowed.
//!
//! ## Why
//!
//! The labels of the namespace decide which requests reach rolegate, and how
//! strict Pod Security is, so a requester who may change them can switch both off.
//! A requester who deletes a namespace and creates it again gets one without
//! labels, under the name that IAM trust policies refer to.
//!
//! ## What to do instead
//!
//! Ask a platform administrator to change the namespace.
//!
//! ## What it does not see
//!
//! The API server chooses webhooks by the *new* labels. It therefore sends rolegate
//! no update of a namespace that keeps a mode, no deletion and no write of `status`
//! or `finalize`; it does send the removal of the label, to the cluster door. The
//! admission policy `rolegate-namespace-guard` (a `ValidatingAdmissionPolicy`)
//! enforces all of this in the API server; this rule reports the same for manifests
//! (`rolegate review`).

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, System};
use crate::json::{List, Pairs, Text};
use crate::names::{CHAIN_LABEL, MODE_LABEL, shown};
use crate::policy::{About, Mode, Severity};
use crate::request::{Act, Path};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "namespace-guard",
    Severity::High,
    include_str!("namespace_guard.rs"),
);

/// See the file's header.
pub(super) struct NamespaceGuard;

static ADVICE: Advice = Advice {
    why: "the labels of a namespace decide what reaches rolegate and how strict Pod Security is",
    instead: &[
        (
            &[Person, Emr, Job],
            "ask a platform administrator to change the namespace",
        ),
        (
            &[Software, AddOn, Operator],
            "change namespaces as an administrator of rolegate's policy (`identities.admins`)",
        ),
        (
            &[Workload],
            "ask a platform administrator to change the namespace: Kubernetes changes none by itself",
        ),
    ],
    source: "Kubernetes: extensible admission controllers, namespaceSelector",
};

/// The second is the name in Kubernetes 1.33.
const ADMIN_ACCESS: [&str; 2] = [
    "resource.kubernetes.io/admin-access",
    "resource.k8s.io/admin-access",
];
const POD_SECURITY: [[&str; 2]; 3] = [
    [
        "pod-security.kubernetes.io/enforce",
        "pod-security.kubernetes.io/enforce-version",
    ],
    [
        "pod-security.kubernetes.io/audit",
        "pod-security.kubernetes.io/audit-version",
    ],
    [
        "pod-security.kubernetes.io/warn",
        "pod-security.kubernetes.io/warn-version",
    ],
];

impl Rule for NamespaceGuard {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if !write.target.is("", "namespaces") || write.extent(Action::WriteNamespace) == Extent::All
        {
            return Ok(());
        }
        let mut report = |verb: String, part: Part| {
            let act = format!("{verb} namespace {}", write.name.shown());
            let finding = Finding::new(&ABOUT, &ADVICE, act);
            findings.push(match part {
                Part::Whole => finding.key("namespace"),
                Part::Finalizers => finding.key("finalizers"),
                Part::Label(label) => {
                    let path = Path::root().key("metadata").key("labels").key(label);
                    finding.at(path).key(label)
                }
            });
        };
        match write.act {
            Act::Create(new) => {
                let new: Namespace<'_> = new.read()?;
                check_mode(None, new.label(MODE_LABEL), &mut report);
            }
            Act::Update { old, new } => {
                check_update(&old.read()?, &new.read()?, write, &mut report);
            }
            Act::Delete(old) => {
                let old: Namespace<'_> = old.read()?;
                if old.is_managed() && !is_clean_up(write) {
                    report("delete the managed".to_owned(), Part::Whole);
                }
            }
            Act::Connect(_) => {}
        }
        Ok(())
    }
}

/// The part of a namespace that a finding is about.
enum Part {
    Whole,
    Finalizers,
    Label(&'static str),
}

/// The labels and finalizers of a namespace.
#[derive(Default, Deserialize)]
struct Namespace<'a> {
    #[serde(borrow)]
    metadata: Option<Meta<'a>>,
    #[serde(borrow)]
    spec: Option<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    labels: Pairs<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec<'a> {
    #[serde(borrow)]
    finalizers: List<Text<'a>>,
}

impl<'a> Namespace<'a> {
    fn is_managed(&self) -> bool {
        self.label(MODE_LABEL).is_some()
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.labels.get(key)
    }

    fn finalizers(&self) -> &[Text<'a>] {
        self.spec.as_ref().map_or(&[], |spec| &spec.finalizers)
    }
}

/// Whether a controller finishes a deletion that was allowed.
fn is_clean_up(write: &Write<'_>) -> bool {
    matches!(
        write.requester,
        Requester::System(
            System::ControllerManager
                | System::Controller("namespace-controller" | "generic-garbage-collector")
        )
    )
}

fn check_update(
    old: &Namespace<'_>,
    new: &Namespace<'_>,
    write: &Write<'_>,
    report: &mut impl FnMut(String, Part),
) {
    check_mode(old.label(MODE_LABEL), new.label(MODE_LABEL), report);
    if let Some(before) = old.label(CHAIN_LABEL)
        && new.label(CHAIN_LABEL) != Some(before)
    {
        let verb = verb_for(new.label(CHAIN_LABEL));
        report(
            format!("{verb} the label {CHAIN_LABEL} of"),
            Part::Label(CHAIN_LABEL),
        );
    }
    // rolegate does not protect the rest of an unmanaged namespace.
    if !old.is_managed() {
        return;
    }
    for [level, version] in POD_SECURITY {
        let (before, after) = (old.label(level), new.label(level));
        if strictness(after) < strictness(before) {
            report(
                format!("lower the Pod Security label {level} of"),
                Part::Label(level),
            );
        } else if strictness(before) > 0
            && pinned_minor(new.label(version)) < pinned_minor(old.label(version))
        {
            report(
                format!("lower the Pod Security label {version} of"),
                Part::Label(version),
            );
        }
    }
    for label in ADMIN_ACCESS {
        if new.label(label) == Some("true") && old.label(label) != Some("true") {
            report(format!("set the label {label} of"), Part::Label(label));
        }
    }
    let kept = |finalizer: &Text<'_>| new.finalizers().contains(finalizer);
    if !old.finalizers().iter().all(kept) && !is_clean_up(write) {
        report("remove the finalizers of".to_owned(), Part::Finalizers);
    }
}

fn check_mode(old: Option<&str>, new: Option<&str>, report: &mut impl FnMut(String, Part)) {
    if Mode::of_label(new) < Mode::of_label(old) {
        let verb = if new.is_none() { "remove" } else { "lower" };
        report(
            format!("{verb} the label {MODE_LABEL} of"),
            Part::Label(MODE_LABEL),
        );
    } else if let Some(value) = new
        && new != old
        && !Mode::is_label(value)
    {
        let value = shown(value, 63);
        report(
            format!(
                "write `{value}`, which is none of audit, warn and enforce, into the label {MODE_LABEL} of"
            ),
            Part::Label(MODE_LABEL),
        );
    }
}

/// How strict a Pod Security level is. Pod Security treats an unknown level as
/// `restricted`. Without a label the cluster's default applies: any of the three.
/// Removing a level is therefore lowering it, and so is setting `privileged`.
fn strictness(level: Option<&str>) -> u8 {
    match level {
        Some("privileged") => 0,
        None => 1,
        Some("baseline") => 2,
        Some(_) => 3,
    }
}

/// The minor version that a level is pinned to. `latest` is the newest, and so is a
/// version that Pod Security cannot read.
fn pinned_minor(version: Option<&str>) -> u32 {
    version
        .and_then(|version| version.strip_prefix("v1."))
        .and_then(|minor| minor.parse().ok())
        .unwrap_or(u32::MAX)
}

const fn verb_for(new: Option<&str>) -> &'static str {
    match new {
        None => "remove",
        Some(_) => "change",
    }
}
