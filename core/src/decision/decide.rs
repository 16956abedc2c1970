//! Rules, then modes, then exemptions.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::facts::{Class, Requester, Subject};
use crate::policy::RuleId;
use crate::policy::{Policy, PolicyHash};
use crate::request::response::{Response, Status};
use crate::request::{Operation, Request, ReviewError, change};
use crate::rules::{Finding, RULES};

use super::{Door, message};
use crate::policy::Mode;

/// What becomes of one request.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The door it came through.
    pub door: Door,
    /// Who asked.
    pub class: Class,
    /// The requester for a sentence, with what it failed to prove; empty where
    /// there is nothing to say.
    pub who: String,
    /// The object's name, escaped.
    pub name: String,
    /// The hash of the policy it was judged by.
    pub policy: PolicyHash,
    /// Every finding with what it leads to, in the order of [`RULES`].
    pub judged: Vec<Judged<'a>>,
}

/// A finding and what it leads to.
#[derive(Debug)]
pub struct Judged<'a> {
    /// What was found.
    pub finding: Finding,
    /// The weaker of the door's ceiling and the rule's own mode.
    pub mode: Mode,
    /// The reason of the exemption that lifts it, if one does.
    pub exempted: Option<&'a str>,
}

impl Judged<'_> {
    /// The mode it is treated in: an exempted finding is only recorded.
    #[must_use]
    pub fn effect(&self) -> Mode {
        if self.exempted.is_some() {
            Mode::Audit
        } else {
            self.mode
        }
    }
}

/// Judges one request: the whole engine. No I/O, no clock of its own.
///
/// A dry-run is judged like a real request: it answers with the same data.
///
/// # Errors
///
/// A [`ReviewError`] when a part that a rule must judge cannot be read.
pub fn decide<'a>(
    request: &'a Request<'a>,
    door: Door,
    policy: &'a Policy,
    now: Timestamp,
) -> Result<Decision<'a>, ReviewError> {
    let ceiling = door.ceiling(policy);
    let subject = Subject::new(request, policy)?;
    let mut found = Vec::new();
    let mut judged = Vec::new();
    for rule in RULES {
        let mode = policy.mode(rule.id()).min(ceiling);
        if mode == Mode::Off {
            continue;
        }
        if let Err(error) = rule.check(&subject, &mut found) {
            if changes_nothing(request) {
                found.clear();
            } else if mode == Mode::Enforce {
                return Err(error);
            } else {
                found.push(unread(&subject, rule.id(), &error));
            }
        }
        judged.extend(found.drain(..).map(|finding| Judged {
            exempted: exemption(&subject, &finding, now),
            finding,
            mode,
        }));
    }
    Ok(Decision {
        door,
        class: subject.requester.class(),
        who: if judged.is_empty() {
            String::new()
        } else {
            subject.who()
        },
        name: subject.name.shown(),
        policy: policy.hash,
        judged,
    })
}

/// What nobody can read and nobody changes is nobody's offence.
fn changes_nothing(request: &Request<'_>) -> bool {
    request.operation == Operation::Update
        && request.old_object.is_some()
        && request.object.is_some()
        && change::same_object(request.old_object, request.object)
}

/// A rule that may only tell, tells that it could not judge: a check that was
/// skipped is never lost, and never changes the outcome.
fn unread(subject: &Subject<'_>, rule: RuleId, error: &ReviewError) -> Finding {
    Finding {
        rule,
        seen: format!(
            "{} sent {} in a form that this rule cannot read, so it is not judged: {error}",
            subject.who(),
            subject.object()
        ),
        path: None,
        why: "what cannot be read may hold anything",
        instead: "write the object as the API server's schema has it".into(),
        source: "rolegate's own limits",
    }
}

/// The exemption that covers a finding. Never for a job: its tenant's code
/// would be the one exempted.
fn exemption<'a>(subject: &Subject<'a>, finding: &Finding, now: Timestamp) -> Option<&'a str> {
    let user = &subject.request.user;
    match subject.requester {
        // What could not prove to be itself gets nothing by its name.
        Requester::Job(_) | Requester::Tenant(Some(_)) => return None,
        _ => {}
    }
    let namespace = subject.request.namespace.as_deref();
    subject
        .policy
        .exemptions
        .iter()
        .find(|exemption| exemption.covers(finding.rule, &user.username, namespace, now))
        .map(|exemption| exemption.reason.as_str())
}

impl Decision<'_> {
    /// Whether the request goes on.
    #[must_use]
    pub fn allowed(&self) -> bool {
        !self
            .judged
            .iter()
            .any(|judged| judged.effect() == Mode::Enforce)
    }

    /// The strongest thing that happened, for logs and metrics: `deny`, `warn`,
    /// `audit` or `allow`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        let any = |mode| self.judged.iter().any(|judged| judged.effect() == mode);
        if any(Mode::Enforce) {
            "deny"
        } else if any(Mode::Warn) {
            "warn"
        } else if any(Mode::Audit) {
            "audit"
        } else {
            "allow"
        }
    }

    /// The message of a denial; empty where allowed.
    #[must_use]
    pub fn message(&self) -> String {
        if self.allowed() {
            String::new()
        } else {
            message::message(self)
        }
    }

    /// What `kubectl` shows besides: one line a `warn` finding.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        message::warnings(self)
    }

    /// What the audit event records: a key a rule, and `policy`.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        message::audit_annotations(self)
    }

    /// The answer's body.
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
