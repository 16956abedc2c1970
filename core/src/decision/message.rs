//! The texts of a decision: the denial, the warnings and the audit annotations,
//! within Kubernetes' limits.
//!
//! A finding has no requester. This module makes the sentences: "alice may not …"
//! in a denial, "you may not …" in a warning.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::facts::Requester;
use crate::names::{shorten, shown};
use crate::policy::{Mode, Policy};
use crate::request::UserInfo;
use crate::request::response::{Response, Status};
use crate::request::warnings;

use super::{Decision, Judged};

/// The limit for a message in bytes. With the API server's own words it stays under
/// 4 KiB.
const MESSAGE_BYTES: usize = 3_800;
/// The first finding of a rule, and the rule's advice, are shortened to this many bytes
/// instead of left out.
const FINDING_BYTES: usize = 1_800;
/// The limit for an audit annotation in bytes. The API has none, but log stores do.
const ANNOTATION_BYTES: usize = 1_024;

impl Decision<'_> {
    /// The message of a denial; empty if the request is allowed.
    #[must_use]
    pub fn message(&self) -> String {
        if self.allowed() {
            String::new()
        } else {
            message(self)
        }
    }

    /// The warnings that `kubectl` shows: one line per `warn` finding.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        warning_lines(self)
    }

    /// The annotations of the audit event: one key per rule, `policy`, and `skipped` if
    /// a rule could not judge.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        audit_annotations(self)
    }

    /// The body of the response.
    #[must_use]
    pub fn to_json(&self, uid: &str) -> Vec<u8> {
        let message = self.message();
        let allowed = self.allowed();
        let status = Status {
            code: 403,
            reason: "Forbidden",
            message: &message,
        };
        Response {
            uid,
            allowed,
            status: (!allowed).then_some(status),
            patch: None,
            warnings: &self.warnings(),
            audit_annotations: &self.audit_annotations(),
        }
        .to_json()
    }
}

/// The requester as shown in messages, with what it failed to prove, or the add-on that
/// the policy does not name.
pub(super) fn who(user: &UserInfo<'_>, requester: &Requester<'_>, policy: &Policy) -> String {
    let name = match user.username.as_str() {
        "" => "a requester without a username".to_owned(),
        name => shown(name, 200),
    };
    match requester {
        Requester::Tenant(Some(unproven)) => format!("{name} ({})", unproven.as_str()),
        Requester::Tenant(None) => match policy.unnamed_add_on(&user.username) {
            Some(add_on) => format!(
                "{name} (which counts as the add-on {add_on} only if identities.addOns names it)"
            ),
            None => name,
        },
        _ => name,
    }
}

/// One message for every denied finding.
pub(super) fn message(decision: &Decision<'_>) -> String {
    let refused: Vec<&Judged<'_>> = decision
        .judged
        .iter()
        .filter(|judged| judged.effect() == Mode::Enforce)
        .collect();
    let mut message = String::from("rolegate refused this request:");
    let mut left_out = 0;
    for group in refused.chunk_by(|one, next| one.finding.rule == next.finding.rule) {
        // The reason and the advice belong to the rule, so they appear once per rule.
        let advice = group.last().map_or_else(String::new, |last| {
            let finding = &last.finding;
            let (why, instead) = (finding.advice.why, decision.what_helps(finding));
            shorten(format!(" Why: {why}. Instead: {instead}."), FINDING_BYTES)
        });
        let before = message.len();
        for judged in group {
            let finding = &judged.finding;
            let headline = finding.headline();
            let mut part = format!(" {}: {} may not {headline}.", finding.rule, decision.who);
            if message.len() == before && part.len() > FINDING_BYTES {
                part = shorten(part, FINDING_BYTES);
            }
            if message.len() + part.len() + advice.len() > MESSAGE_BYTES {
                left_out += 1;
            } else {
                message.push_str(&part);
            }
        }
        if message.len() > before {
            message.push_str(&advice);
        }
    }
    if left_out > 0 {
        let _ = write!(message, " And {left_out} more.");
    }
    let _ = write!(message, " (policy {})", decision.policy);
    message
}

/// One line per finding.
fn warning_lines(decision: &Decision<'_>) -> Vec<String> {
    let warned = decision.judged.iter();
    let warned = warned.filter(|judged| judged.effect() == Mode::Warn);
    let warned = warned.map(|judged| {
        // "you", not the username: a warning is short, and its reader is the requester.
        let (rule, headline) = (judged.finding.rule, judged.finding.headline());
        format!("rolegate {rule}: you may not {headline}")
    });
    warnings::warnings(warned.chain(decision.pods_to_come.iter().cloned()))
}

/// One key per rule; several findings of one rule are joined.
pub(super) fn audit_annotations<'d>(
    decision: &'d Decision<'_>,
) -> Vec<(&'static str, Cow<'d, str>)> {
    let mut pairs: Vec<(&'static str, Cow<'d, str>)> = Vec::with_capacity(2);
    pairs.push(("policy", decision.policy.as_str().into()));
    for judged in &decision.judged {
        let key = judged.finding.rule.as_str();
        let headline = judged.finding.headline();
        let mut text = format!("{}: {} may not {headline}", judged.mode, decision.who);
        if let Some(reason) = judged.exempted {
            let _ = write!(text, " [exempted: {}]", shown(reason, 200));
        }
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some((_, value)) => {
                let value = value.to_mut();
                value.push_str("; ");
                value.push_str(&text);
            }
            None => pairs.push((key, text.into())),
        }
    }
    if !decision.skipped.is_empty() {
        let skipped = decision.skipped.iter();
        let skipped: Vec<_> = skipped
            .map(|skipped| format!("{}: no information about {}", skipped.rule, skipped.need))
            .collect();
        pairs.push(("skipped", skipped.join("; ").into()));
    }
    for (_, value) in &mut pairs {
        if value.len() > ANNOTATION_BYTES {
            *value = shorten(std::mem::take(value).into_owned(), ANNOTATION_BYTES).into();
        }
    }
    pairs
}
