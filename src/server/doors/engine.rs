//! The reviewer that calls the engine: a body in, an answer and a record out.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;

use rolegate_core::decision::{Decision, Door, Outcome, PolicyStore, Scope, decide, judge_access};
use rolegate_core::facts::surface::Verb;
use rolegate_core::facts::{Facts, Need};
use rolegate_core::names::shown;
use rolegate_core::policy::{Mode, Policy, PolicyHash, RuleId};
use rolegate_core::rbac::GROUP;
use rolegate_core::request::{Access, AccessReview, AdmissionReview, Request, ReviewError, Target};
use rolegate_core::write::Write;

use super::refusal::BadReview;
use crate::cluster::{self, ClusterView, Found, Namespaces};

use super::{Record, Reviewed, Reviewer, Round};

/// Decides each review by the policy in force at that moment.
pub struct Engine {
    policy: Arc<PolicyStore>,
    /// Where facts that rules need are looked up; without it they are unknown.
    cluster: Option<Client>,
    /// The modes of namespaces, for authorization requests.
    namespaces: Namespaces,
    /// What is known of the whole cluster.
    view: Option<ClusterView>,
}

impl Engine {
    /// An engine that loads its policy from `policy` for every review, and
    /// looks up facts that rules need in `cluster`.
    #[must_use]
    pub fn new(policy: Arc<PolicyStore>, cluster: Option<Client>) -> Self {
        Self {
            policy,
            cluster,
            namespaces: Namespaces::default(),
            view: None,
        }
    }

    /// The same, with what is known of the whole cluster.
    #[must_use]
    pub fn with_view(self, view: Option<ClusterView>) -> Self {
        Self { view, ..self }
    }

    /// Answers `/authorize`: denied, or no opinion.
    fn authorize(
        &self,
        body: &[u8],
        now: Timestamp,
        found: Option<&Found>,
    ) -> Result<Round, BadReview> {
        let policy = self.policy.load();
        let review = AccessReview::parse(body)?;
        let Some(access) = &review.access else {
            return Ok(Round::Reviewed(Reviewed {
                body: review.answer(None),
                record: Record {
                    operation: OTHER_VERB,
                    decision: NO_OPINION,
                    policy: policy.hash,
                    ..Record::default()
                },
            }));
        };
        let by = |found: &Found| {
            let stored = found.stored();
            let stored = stored.iter();
            let facts = Facts::found(stored.map(|(need, known)| (need.clone(), known.as_ref())));
            judge_access(access, &policy, &facts, now)
        };
        let outcome = match (found, &self.cluster) {
            (Some(found), _) => by(found),
            (None, None) => judge_access(access, &policy, &Facts::unknowable(), now),
            (None, Some(_)) => match judge_access(access, &policy, &Facts::none_yet(), now) {
                Outcome::Needs(needs) => {
                    let [need] = needs.as_slice() else {
                        return Ok(Round::Needs(needs));
                    };
                    match self.namespaces.fresh(need) {
                        Some(found) => by(&found),
                        None => return Ok(Round::Needs(needs)),
                    }
                }
                decided @ Outcome::Decided(_) => decided,
            },
        };
        Ok(match outcome {
            Outcome::Needs(needs) => Round::Needs(needs),
            Outcome::Decided(decision) => {
                let reason = (!decision.allowed()).then(|| decision.message());
                Round::Reviewed(Reviewed {
                    body: review.answer(reason.as_deref()),
                    record: access_record(access, &decision),
                })
            }
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("cluster", &self.cluster.is_some())
            .field("namespaces", &self.namespaces)
            .field("view", &self.view)
            .finish()
    }
}

impl Reviewer for Engine {
    fn review(
        &self,
        door: Door,
        body: &[u8],
        now: Timestamp,
        found: Option<&Found>,
    ) -> Result<Round, BadReview> {
        if door == Door::Authorize {
            return self.authorize(body, now, found);
        }
        let policy = self.policy.load();
        let review = AdmissionReview::parse(body)?;
        if door == Door::Mutate {
            return mutate(&review, &policy).map(Round::Reviewed);
        }
        let scope = Scope::of_door(door, &policy);
        let stored = found.map_or_else(Vec::new, Found::stored);
        // Only rules about roles and bindings read the view.
        let about_rights = review.request.target.group() == GROUP;
        let view = self.view.as_ref().filter(|_| about_rights);
        let known = view.and_then(ClusterView::rights);
        let facts = match (found, &self.cluster) {
            (Some(_), _) => {
                let stored = stored.iter();
                Facts::found(stored.map(|(need, known)| (need.clone(), known.as_ref())))
            }
            (None, Some(_)) => Facts::none_yet(),
            (None, None) => Facts::unknowable(),
        };
        let facts = match &known {
            Some(known) => facts.with_view(known.view(), known.age),
            None => facts,
        };
        let outcome = decide(&review.request, scope, &policy, &facts, now)?;
        Ok(match outcome {
            Outcome::Needs(needs) => Round::Needs(needs),
            Outcome::Decided(decision) => Round::Reviewed(Reviewed {
                body: decision.to_json(&review.uid),
                record: record(&review, &decision),
            }),
        })
    }

    async fn look_up(&self, needs: Vec<Need>) -> Found {
        let Some(client) = &self.cluster else {
            return Found::default();
        };
        // Only authorization asks for a single namespace, and for nothing else.
        match needs.as_slice() {
            [need] if need.resource == "namespaces" && !need.is_list() => {
                self.namespaces.look_up(client, need.clone()).await
            }
            _ => cluster::look_up(client, needs).await,
        }
    }
}

/// Answers `/mutate`: a patch, warnings or nothing, and never a denial.
fn mutate(review: &AdmissionReview<'_>, policy: &Policy) -> Result<Reviewed, BadReview> {
    let write = Write::new(&review.request, policy)?;
    let mutation = write.mutation()?;
    Ok(Reviewed {
        body: mutation.to_json(&review.uid, policy.hash),
        record: Record {
            name: write.name.shown(),
            class: write.requester.class().as_str(),
            decision: mutation.outcome(),
            ..request_record(review, policy.hash)
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
        findings: effects(decision),
        ..request_record(review, decision.policy)
    }
}

/// Instead of `allow`: other authorizers decide.
const NO_OPINION: &str = "no_opinion";
/// For a verb that no rule knows, because the word is a metric's label.
const OTHER_VERB: &str = "other";

fn access_record(access: &Access<'_>, decision: &Decision<'_>) -> Record {
    let target = &access.target;
    Record {
        operation: Verb::parse(&access.verb).map_or(OTHER_VERB, Verb::as_str),
        resource: resource(target),
        subresource: shown(target.subresource(), 63),
        namespace: shown(target.namespace(), 63),
        name: decision.name.clone(),
        user: shown(&access.user.username, 200),
        class: decision.class.as_str(),
        decision: match decision.outcome() {
            "allow" => NO_OPINION,
            outcome => outcome,
        },
        findings: effects(decision),
        policy: decision.policy,
        uid: String::new(),
        dry_run: false,
    }
}

fn effects(decision: &Decision<'_>) -> Vec<(RuleId, Mode)> {
    let judged = decision.judged.iter();
    judged
        .map(|judged| (judged.finding.rule, judged.effect()))
        .collect()
}

/// `pods`, `jobs.batch`.
fn resource(target: &Target<'_>) -> String {
    let resource = shown(target.resource(), 63);
    match target.group() {
        "" => resource,
        group => format!("{resource}.{}", shown(group, 253)),
    }
}

/// The fields of a record that come from the request; the others are empty.
fn request_record(review: &AdmissionReview<'_>, policy: PolicyHash) -> Record {
    let Request { user, target, .. } = &review.request;
    Record {
        uid: shown(&review.uid, 64),
        operation: review.request.operation().as_str(),
        resource: resource(target),
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
