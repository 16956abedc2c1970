//! The engine behind the seam: a body in, the decision's answer and record out.

use std::sync::Arc;

use jiff::Timestamp;

use crate::decision::{Decision, decide};
use crate::policy::PolicyStore;
use crate::review::{Request, ReviewError, shown};

use super::{BadReview, Door, Record, Reviewed, Reviewer};

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
        let decision = decide(&request, door, &policy, now)?;
        let answer = decision.to_json(&request.uid).map_err(|_| BadReview {
            status: 500,
            message: "the answer could not be written".to_owned(),
        })?;
        Ok(Reviewed {
            body: answer,
            record: record(&request, &decision),
        })
    }
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
        name: decision.name.clone(),
        user: shown(&request.user.username, 200),
        class: decision.class.as_str(),
        decision: decision.outcome(),
        findings: decision
            .judged
            .iter()
            .map(|judged| (judged.finding.rule, judged.effect()))
            .collect(),
        dry_run: request.dry_run,
        policy: decision.policy,
    }
}
