//! The engine behind the seam: a body in, the decision's answer and record out.

use std::sync::Arc;

use jiff::Timestamp;

use rolegate_core::decision::{Decision, Door, Outcome, PolicyStore, Scope, decide};
use rolegate_core::facts::Facts;
use rolegate_core::names::shown;
use rolegate_core::policy::{Policy, PolicyHash};
use rolegate_core::request::{AdmissionReview, Request, ReviewError};
use rolegate_core::write::Write;

use super::{BadReview, Record, Reviewed, Reviewer};

/// Judges by whatever policy is in force when a review comes.
#[derive(Debug)]
pub struct Engine {
    policy: Arc<PolicyStore>,
}

impl Engine {
    /// An engine that reads its policy from `policy` at every review.
    #[must_use]
    pub const fn new(policy: Arc<PolicyStore>) -> Self {
        Self { policy }
    }
}

impl Reviewer for Engine {
    fn review(&self, door: Door, body: &[u8], now: Timestamp) -> Result<Reviewed, BadReview> {
        let policy = self.policy.load();
        let review = AdmissionReview::parse(body)?;
        if door == Door::Mutate {
            return change(&review, &policy);
        }
        let scope = Scope::of_door(door, &policy);
        let request = &review.request;
        // No rule of this version needs facts of the cluster, and there is nobody
        // to look them up: a rule that asks is reported as skipped.
        let facts = Facts::unknowable();
        let Outcome::Decided(decision) = decide(request, scope, &policy, &facts, now)? else {
            return Err(BadReview {
                status: 500,
                message: "the engine asked for facts of the cluster twice".to_owned(),
            });
        };
        Ok(Reviewed {
            body: decision.to_json(&review.uid),
            record: record(&review, &decision),
        })
    }
}

/// The mutating side: a patch, warnings or nothing, and never a denial.
fn change(review: &AdmissionReview<'_>, policy: &Policy) -> Result<Reviewed, BadReview> {
    let write = Write::new(&review.request, policy)?;
    let mutation = write.mutation()?;
    Ok(Reviewed {
        body: mutation.to_json(&review.uid, policy.hash),
        record: Record {
            name: write.name.shown(),
            class: write.requester.class().as_str(),
            decision: mutation.outcome(),
            ..asked(review, policy.hash)
        },
    })
}

impl From<ReviewError> for BadReview {
    fn from(error: ReviewError) -> Self {
        Self {
            status: 400,
            message: error.to_string(),
        }
    }
}

fn record(review: &AdmissionReview<'_>, decision: &Decision<'_>) -> Record {
    Record {
        name: decision.name.clone(),
        class: decision.class.as_str(),
        decision: decision.outcome(),
        findings: decision
            .judged
            .iter()
            .map(|judged| (judged.finding.rule, judged.effect()))
            .collect(),
        ..asked(review, decision.policy)
    }
}

/// The part of a record that is the request's.
fn asked(review: &AdmissionReview<'_>, policy: PolicyHash) -> Record {
    let Request { user, target, .. } = &review.request;
    let group = match target.group() {
        "" => String::new(),
        group => format!(".{}", shown(group, 253)),
    };
    Record {
        uid: shown(&review.uid, 64),
        operation: review.request.operation().as_str(),
        resource: format!("{}{group}", shown(target.resource(), 63)),
        subresource: shown(target.subresource(), 63),
        namespace: shown(target.namespace(), 63),
        user: shown(&user.username, 200),
        dry_run: review.dry_run,
        policy,
        name: String::new(),
        class: "",
        decision: "",
        findings: Vec::new(),
    }
}
