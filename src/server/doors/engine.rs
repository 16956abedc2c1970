//! The engine behind the seam: a body in, the decision's answer and record out.

use std::sync::Arc;

use jiff::Timestamp;

use rolegate_core::decision::{Decision, decide};
use rolegate_core::facts::Subject;
use rolegate_core::mutation::mutate;
use rolegate_core::names::shown;
use rolegate_core::policy::{Policy, PolicyHash, PolicyStore};
use rolegate_core::request::{Request, ReviewError};

use super::BadReview;
use super::Record;
use super::Reviewed;
use super::Reviewer;
use rolegate_core::decision::Door;

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
        let request = Request::parse(body)?;
        if door == Door::Mutate {
            return change(&request, &policy);
        }
        let decision = decide(&request, door, &policy, now)?;
        Ok(Reviewed {
            body: decision.to_json(&request.uid),
            record: record(&request, &decision),
        })
    }
}

/// The mutating side: a patch, warnings or nothing, and never a refusal.
fn change(request: &Request<'_>, policy: &Policy) -> Result<Reviewed, BadReview> {
    let subject = Subject::new(request, policy)?;
    let mutation = mutate(&subject)?;
    Ok(Reviewed {
        body: mutation.to_json(&request.uid, policy.hash),
        record: Record {
            name: subject.name.shown(),
            class: subject.requester.class().as_str(),
            decision: mutation.outcome(),
            ..asked(request, policy.hash)
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

fn record(request: &Request<'_>, decision: &Decision<'_>) -> Record {
    Record {
        name: decision.name.clone(),
        class: decision.class.as_str(),
        decision: decision.outcome(),
        findings: decision
            .judged
            .iter()
            .map(|judged| (judged.finding.rule, judged.effect()))
            .collect(),
        ..asked(request, decision.policy)
    }
}

/// The part of a record that is the request's.
fn asked(request: &Request<'_>, policy: PolicyHash) -> Record {
    let resource = &request.resource;
    let group = match resource.group.as_str() {
        "" => String::new(),
        group => format!(".{}", shown(group, 253)),
    };
    Record {
        uid: shown(&request.uid, 64),
        operation: request.operation.as_str(),
        resource: format!("{}{group}", shown(&resource.resource, 63)),
        subresource: shown(request.sub_resource(), 63),
        namespace: shown(request.namespace(), 63),
        user: shown(&request.user.username, 200),
        dry_run: request.dry_run,
        policy,
        name: String::new(),
        class: "",
        decision: "",
        findings: Vec::new(),
    }
}
