//! Handles one review, from its head to its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::body::{self, Pace};
use super::deadline;
use super::metrics::ReviewMetrics;
use super::pool::{NotNow, Pools, Slot};
use super::quota::Quota;
use super::record;
use super::refusal::{BadReview, Refusal};
use super::{Reviewed, Reviewer, Round};
use crate::cluster::Found;
use crate::server::limits::Limits;
use crate::server::peer::Peer;
use rolegate_core::decision::Door;

#[derive(Debug)]
pub(in crate::server) struct ReviewHandler<R> {
    pub(in crate::server) reviewer: Arc<R>,
    pub(in crate::server) limits: Limits,
    pub(in crate::server) pools: Pools,
    pub(in crate::server) metrics: ReviewMetrics,
}

impl<R: Reviewer> ReviewHandler<R> {
    pub(in crate::server) async fn answer(
        &self,
        door: Door,
        request: Request<Body>,
    ) -> Response<Body> {
        let started = Instant::now();
        let (head, mut body) = request.into_parts();
        let peer = head.extensions.get().copied().unwrap_or(Peer::UNKNOWN);
        let budget = deadline::budget(head.uri.query(), &self.limits);
        let pace = Pace {
            started,
            deadline: started + budget,
            budget,
        };
        let mut unfinished = Unfinished {
            metrics: &self.metrics,
            log: &self.pools.of(door).log,
            door,
            armed: true,
        };
        let result = self
            .decide(door, peer, &head.headers, &mut body, pace)
            .await;
        unfinished.armed = false;
        let elapsed = started.elapsed();
        match result {
            Ok(reviewed) => {
                self.metrics.decided(door, &reviewed.record, elapsed);
                record::decided(door, &reviewed.record, elapsed);
                let mut response = Response::new(Body::from(reviewed.body));
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(refusal) => {
                self.metrics.failed(Some(door), refusal.reason());
                record::refused(door, &refusal, elapsed, &self.pools.of(door).log);
                // A slow client would only go on being slow: the connection closes.
                if refusal != Refusal::TooSlow {
                    body::discard(&head.headers, body);
                }
                refusal.response()
            }
        }
    }

    async fn decide(
        &self,
        door: Door,
        peer: Peer,
        headers: &HeaderMap,
        body: &mut Body,
        pace: Pace,
    ) -> Result<Reviewed, Refusal> {
        if !is_json(headers) {
            return Err(Refusal::ContentType);
        }
        let declared = body::declared_length(headers);
        if declared.is_some_and(|length| length > self.limits.body) {
            return Err(Refusal::TooLarge {
                cap: self.limits.body,
            });
        }
        let pool = self.pools.of(door);
        let mut load = pool.load(peer);
        let Pace {
            deadline, budget, ..
        } = pace;
        let bytes = body::read(body, declared, door, &mut load, pace, &self.limits).await?;
        // Not before: otherwise a client could hold slots with heads alone.
        let slot = pool.enter(load);
        let result = timeout_at(deadline, self.rounds(door, bytes, slot))
            .await
            .map_err(|_| Refusal::Deadline(budget))?;
        // After the deadline the API server has decided by failurePolicy and
        // ignores the answer, so metrics must not count a decision.
        if Instant::now() > deadline {
            Err(Refusal::Deadline(budget))
        } else {
            result
        }
    }

    /// Reviews once, and a second time if the engine needs facts about the
    /// cluster. There is no third round.
    async fn rounds(&self, door: Door, bytes: Bytes, slot: Slot) -> Result<Reviewed, Refusal> {
        let slot = Arc::new(slot);
        let needs = match self.round(door, &bytes, &slot, None).await? {
            Round::Reviewed(reviewed) => return Ok(reviewed),
            Round::Needs(needs) => needs,
        };
        let found = Arc::new(self.reviewer.look_up(needs).await);
        match self.round(door, &bytes, &slot, Some(found)).await? {
            Round::Reviewed(reviewed) => Ok(reviewed),
            Round::Needs(_) => Err(Refusal::BadReview(BadReview {
                status: 500,
                message: "the engine asked for facts about the cluster twice".to_owned(),
            })),
        }
    }

    async fn round(
        &self,
        door: Door,
        bytes: &Bytes,
        slot: &Arc<Slot>,
        found: Option<Arc<Found>>,
    ) -> Result<Round, Refusal> {
        if bytes.len() < self.limits.heavy_body {
            slot.begin().map_err(|why| not_now(why, door))?;
            let span = &self.pools.of(door).span;
            review(&*self.reviewer, door, span, bytes, found.as_deref())
        } else {
            self.heavy_round(door, bytes.clone(), Arc::clone(slot), found)
                .await
        }
    }

    /// Runs a long review on a blocking thread, so that it delays no other. It
    /// cannot be interrupted: after the deadline it continues and keeps its slot.
    async fn heavy_round(
        &self,
        door: Door,
        bytes: Bytes,
        slot: Arc<Slot>,
        found: Option<Arc<Found>>,
    ) -> Result<Round, Refusal> {
        let turn = slot.turn().await.map_err(|why| not_now(why, door))?;
        let reviewer = Arc::clone(&self.reviewer);
        let span = self.pools.of(door).span.clone();
        let task = tokio::task::spawn_blocking(move || {
            let result = review(&*reviewer, door, &span, &bytes, found.as_deref());
            drop((bytes, slot, turn));
            result
        });
        task.await.unwrap_or(Err(Refusal::Panicked))
    }
}

fn not_now(why: NotNow, door: Door) -> Refusal {
    match why {
        NotNow::Busy => Refusal::Busy(door),
        NotNow::Displaced => Refusal::Displaced(door),
    }
}

/// Calls the reviewer; a panic becomes a refusal. The reviewer only reads
/// immutable snapshots, so that a panic leaves no half-written state.
fn review<R: Reviewer>(
    reviewer: &R,
    door: Door,
    span: &Span,
    body: &[u8],
    found: Option<&Found>,
) -> Result<Round, Refusal> {
    let _entered = span.enter();
    match catch_unwind(AssertUnwindSafe(|| {
        reviewer.review(door, body, Timestamp::now(), found)
    })) {
        Ok(result) => result.map_err(Refusal::BadReview),
        Err(_payload) => Err(Refusal::Panicked),
    }
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("application/json")
        })
}

/// Counts and logs a request whose client closed the connection before the
/// answer: its future is dropped and runs no further code.
struct Unfinished<'a> {
    metrics: &'a ReviewMetrics,
    log: &'a Quota,
    door: Door,
    armed: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.metrics.failed(Some(self.door), "client_gone");
            record::client_gone(self.door, self.log);
        }
    }
}
