//! # namespace-guard
//!
//! A managed namespace stays managed.
//!
//! ## What it stops
//!
//! Through `namespaces`, `namespaces/status` and `namespaces/finalize`:
//!
//! - the label `rolegate.dev/mode` removed, lowered (`enforce`, `warn`, `audit`, in
//!   this order) or given a value that is none of them. Whatever else stands there
//!   counts as `enforce`, as it does in the webhook configuration
//! - `rolegate.dev/chain` removed or changed
//! - in a managed namespace, the Pod Security labels
//!   `pod-security.kubernetes.io/{enforce,audit,warn}` lowered, and the version they
//!   are pinned to; the label that allows administrators' access to devices
//!   (`resource.kubernetes.io/admin-access`) set
//! - deleting a managed namespace, and taking its finalizers away
//!
//! Adding a label, raising a mode and making a namespace pass.
//!
//! ## Who may
//!
//! Administrators; Kubernetes deletes what was told to be deleted.
//!
//! ## Why
//!
//! The labels of the namespace decide which requests reach rolegate, and how
//! strict Pod Security is. Whoever may change them leaves both. Who deletes a
//! namespace and makes it anew has one without labels, and its name is what trust
//! policies hold on to.
//!
//! ## What to do instead
//!
//! Ask a platform administrator to change the namespace.
//!
//! ## What it does not see
//!
//! A webhook is chosen by the *new* labels, so of a namespace that keeps a mode
//! the API server shows rolegate nothing, and neither a deletion nor a write of
//! `status` or `finalize`. Removing the label it does see, at the cluster door. The
//! `ValidatingAdmissionPolicy` `rolegate-namespace-guard` enforces all of this in
//! the API server; this rule says the same of manifests (`rolegate review`).

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, System};
use crate::write::Write;
use crate::json::Raw;
use crate::json::Text;
use crate::json::{List, Pairs};
use crate::names::shown;
use crate::request::{Operation, ReviewError, view};

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("namespace-guard", Severity::High, include_str!("namespace_guard.rs"));

/// See the file's header.
pub(super) struct NamespaceGuard;

static ADVICE: Advice = Advice {
    why: "the labels of a namespace decide what reaches rolegate and how strict Pod \
                   Security is",
    instead: "ask a platform administrator to change the namespace",
    source: "Kubernetes: extensible admission controllers, namespaceSelector",
};

const MODE: &str = "rolegate.dev/mode";
const CHAIN: &str = "rolegate.dev/chain";
/// The second is its name of Kubernetes 1.33.
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

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        if !request.target.is("", "namespaces")
            || write.extent(Action::WriteNamespace) == Extent::All
        {
            return Ok(());
        }
        let (new, old) = match request.operation() {
            Operation::Create => (Namespace::read("request.object", request.object()?)?, None),
            Operation::Update => (
                Namespace::read("request.object", request.object()?)?,
                Some(Namespace::read("request.oldObject", request.old_object()?)?),
            ),
            Operation::Delete => (
                Namespace::default(),
                Some(Namespace::read("request.oldObject", request.old_object()?)?),
            ),
            Operation::Connect => return Ok(()),
        };
        let mut report = |seen: String, label: Option<&str>| {
            findings.push(Finding {
                rule: RuleId::NamespaceGuard,
                seen: format!(
                    "{} may not {seen} namespace {}",
                    write.who(),
                    write.name.shown()
                ),
                path: label.map(|label| format!("metadata.labels[\"{label}\"]")),
                why: WHY,
                instead: INSTEAD.into(),
                source: SOURCE,
            });
        };
        match old {
            None => check_mode(None, new.label(MODE), &mut report),
            Some(old) if request.operation() == Operation::Delete => {
                let managed = old.label(MODE).is_some();
                if managed && !is_clean_up(write) {
                    report("delete the managed".to_owned(), None);
                }
            }
            Some(old) => check_update(&old, &new, write, &mut report),
        }
        Ok(())
    }
}

/// A namespace, as far as its labels and finalizers go.
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
    fn read(what: &'static str, raw: Raw<'a>) -> Result<Self, ReviewError> {
        view::read(what, raw)
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.labels.get(key)
    }

    fn finalizers(&self) -> &[Text<'a>] {
        self.spec.as_ref().map_or(&[], |spec| &spec.finalizers)
    }
}

/// The controllers that finish what somebody else was allowed to begin.
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
    report: &mut impl FnMut(String, Option<&str>),
) {
    check_mode(old.label(MODE), new.label(MODE), report);
    if let Some(before) = old.label(CHAIN)
        && new.label(CHAIN) != Some(before)
    {
        let verb = verb(new.label(CHAIN));
        report(format!("{verb} the label {CHAIN} of"), Some(CHAIN));
    }
    // Of a namespace nobody manages the rest is its owners' matter.
    if old.label(MODE).is_none() {
        return;
    }
    for [level, version] in POD_SECURITY {
        let (before, after) = (old.label(level), new.label(level));
        if strictness(after) < strictness(before) {
            report(
                format!("lower the Pod Security label {level} of"),
                Some(level),
            );
        } else if strictness(before) > 0 && age(new.label(version)) < age(old.label(version)) {
            report(
                format!("lower the Pod Security label {version} of"),
                Some(version),
            );
        }
    }
    for label in ADMIN_ACCESS {
        if new.label(label) == Some("true") && old.label(label) != Some("true") {
            report(format!("set the label {label} of"), Some(label));
        }
    }
    let kept = |finalizer: &Text<'_>| new.finalizers().contains(finalizer);
    if !old.finalizers().iter().all(kept) && !is_clean_up(write) {
        report("take the finalizers of".to_owned(), None);
    }
}

fn check_mode(old: Option<&str>, new: Option<&str>, report: &mut impl FnMut(String, Option<&str>)) {
    if rank(new) < rank(old) {
        let verb = if new.is_none() { "remove" } else { "lower" };
        report(format!("{verb} the label {MODE} of"), Some(MODE));
    } else if let Some(value) = new
        && new != old
        && !matches!(value, "audit" | "warn" | "enforce")
    {
        let value = shown(value, 63);
        report(
            format!(
                "write `{value}`, which is none of audit, warn and enforce, into the label {MODE} of"
            ),
            Some(MODE),
        );
    }
}

/// What the webhook configuration makes of a mode: any value that is none of
/// the weak ones is the strong one, an empty value as well.
fn rank(mode: Option<&str>) -> u8 {
    match mode {
        None => 0,
        Some("audit") => 1,
        Some("warn") => 2,
        Some(_) => 3,
    }
}

/// How strict a Pod Security level is. Pod Security itself takes what it does
/// not know for `restricted`, and no label for `privileged` where the cluster
/// says nothing else.
fn strictness(level: Option<&str>) -> u8 {
    match level {
        None | Some("privileged") => 0,
        Some("baseline") => 1,
        Some(_) => 2,
    }
}

/// The version a level is pinned to, by its minor; `latest` is the newest, and
/// so is what Pod Security cannot read.
fn age(version: Option<&str>) -> u32 {
    version
        .and_then(|version| version.strip_prefix("v1."))
        .and_then(|minor| minor.parse().ok())
        .unwrap_or(u32::MAX)
}

const fn verb(new: Option<&str>) -> &'static str {
    match new {
        None => "remove",
        Some(_) => "change",
    }
}
