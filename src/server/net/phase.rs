//! What a connection is doing: whether it is slow or idle, and how much it
//! deserves its place.
//!
//! hyper's own header timeout also runs between two requests. It would close
//! connections that the API server keeps alive; this one does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::server::limits::ConnectionLimits;

/// The TLS handshake is not complete.
const HANDSHAKE: u8 = 0;
/// Waiting for a request. Clients open some connections in advance.
const IDLE: u8 = 1;
/// Some bytes of a request's head have arrived.
const READING_HEAD: u8 = 2;
/// The head is complete and the body is not.
const READING_BODY: u8 = 3;
/// The request is complete and the answer is not ready. The review has its own deadline.
const IN_REVIEW: u8 = 4;
/// An error was answered before the body was read: the next bytes belong to
/// that body and not to a new head.
const DISCARDING_BODY: u8 = 5;

/// The phase of one connection, and when it began.
///
/// The task of the connection writes it; whoever looks for a place to free
/// reads it.
#[derive(Clone, Debug)]
pub(in crate::server) struct Phase {
    opened: Instant,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// One of the constants above.
    phase: AtomicU8,
    /// Milliseconds from `Phase::opened` to the start of this phase.
    since: AtomicU64,
    /// Milliseconds from `Phase::opened` to the last bytes of a request. A clock is
    /// read only then and with an answer: what happens in between follows at once.
    heard: AtomicU64,
    /// Bytes of the current body.
    received: AtomicU64,
    /// The client has had an answer to a review.
    worked: AtomicBool,
    /// The client has shown a certificate.
    proved: AtomicBool,
    /// The connection's place was taken away because it was only arriving, to
    /// restore the balance between addresses.
    evicted_for_balance: AtomicBool,
    evicted: Notify,
    /// It has buffers for a request.
    buffers: AtomicBool,
    /// An answer is on its way and does not get through.
    write_blocked: AtomicBool,
    told_to_wait: Notify,
}

/// How much a connection deserves its place, from the least to the most. The
/// names are metric labels, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::server) enum Claim {
    /// It has done no work yet: no handshake, no head, or no answered review.
    Nothing,
    /// A body or a head that has stopped arriving, or trickles.
    Slow,
    /// It has done work, and does none now.
    Idle,
    /// A body is arriving.
    Arriving,
    /// A review is in flight.
    Working,
}

impl Claim {
    pub(in crate::server) const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "no_review",
            Self::Slow => "slow",
            Self::Idle => "idle",
            Self::Arriving => "share",
            Self::Working => "working",
        }
    }
}

impl Phase {
    pub(in crate::server) fn new() -> Self {
        Self {
            opened: Instant::now(),
            shared: Arc::new(Shared {
                phase: AtomicU8::new(HANDSHAKE),
                ..Shared::default()
            }),
        }
    }

    /// When the connection was opened.
    pub(in crate::server) fn opened(&self) -> Instant {
        self.opened
    }

    /// The handshake is complete, or there is none. `proved`: the client has
    /// shown a certificate.
    pub(in crate::server) fn connected(&self, proved: bool) {
        self.shared.proved.store(proved, Ordering::Relaxed);
        self.set(IDLE, self.millis());
    }

    /// A request's head is complete.
    pub(in crate::server) fn start_request(&self) {
        self.shared.received.store(0, Ordering::Relaxed);
        self.set(READING_BODY, self.shared.heard.load(Ordering::Relaxed));
    }

    /// Some of the bytes that have arrived belong to a body.
    pub(in crate::server) fn body_received(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.shared.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The whole request has arrived.
    pub(in crate::server) fn start_review(&self) {
        if self.phase() == READING_BODY {
            self.set(IN_REVIEW, self.shared.heard.load(Ordering::Relaxed));
        }
    }

    /// The answer is ready. Returns how long the connection has been open.
    pub(in crate::server) fn answered(&self, success: bool) -> Duration {
        if success {
            self.shared.worked.store(true, Ordering::Relaxed);
        }
        // An error may be answered before the body was read to its end.
        let unread = self.phase() == READING_BODY;
        let now = self.millis();
        self.set(if unread { DISCARDING_BODY } else { IDLE }, now);
        Duration::from_millis(now)
    }

    /// Bytes have arrived, of whatever.
    pub(in crate::server) fn bytes_received(&self) {
        let now = self.millis();
        self.shared.heard.store(now, Ordering::Relaxed);
        if self.phase() == IDLE {
            self.set(READING_HEAD, now);
        }
    }

    fn has_worked(&self) -> bool {
        self.shared.worked.load(Ordering::Relaxed)
    }

    fn phase(&self) -> u8 {
        self.shared.phase.load(Ordering::Relaxed)
    }

    fn set(&self, phase: u8, since: u64) {
        self.shared.since.store(since, Ordering::Relaxed);
        self.shared.phase.store(phase, Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self) -> Instant {
        self.opened + Duration::from_millis(self.shared.since.load(Ordering::Relaxed))
    }

    /// The metric label of the limit that the connection has exceeded, if any.
    pub(in crate::server) fn overdue(&self, limits: &ConnectionLimits) -> Option<&'static str> {
        let (limit, reason) = match self.phase() {
            IDLE | DISCARDING_BODY => (limits.idle, "idle"),
            READING_HEAD => (limits.header, "header"),
            _ => return None,
        };
        (self.since().elapsed() >= limit).then_some(reason)
    }

    pub(in crate::server) fn has_buffers(&self, buffers: bool) {
        self.shared.buffers.store(buffers, Ordering::Relaxed);
    }

    pub(in crate::server) fn write_blocked(&self, blocked: bool) {
        self.shared.write_blocked.store(blocked, Ordering::Relaxed);
    }

    /// Whether it waits for a request, and has written all answers.
    pub(in crate::server) fn needs_no_buffers(&self) -> bool {
        self.phase() == IDLE && !self.shared.write_blocked.load(Ordering::Relaxed)
    }

    /// If it has waited for a request for `time`, tells it to do so without buffers.
    pub(in crate::server) fn drop_buffers(&self, time: Duration) {
        let buffers = self.shared.buffers.load(Ordering::Relaxed);
        if buffers && self.needs_no_buffers() && self.since().elapsed() >= time {
            self.shared.told_to_wait.notify_one();
        }
    }

    /// Waits until it is told to wait without buffers.
    pub(in crate::server) async fn told_to_wait(&self) {
        self.shared.told_to_wait.notified().await;
    }

    /// Until when a connection that waits for a request may bring one, where accepting
    /// has ended at `stopping`. `None` while it waits for none.
    pub(in crate::server) fn lingers(
        &self,
        stopping: Instant,
        limits: &ConnectionLimits,
    ) -> Option<Instant> {
        if !matches!(self.phase(), IDLE | DISCARDING_BODY) {
            return None;
        }
        let end = stopping + limits.linger;
        Some(if self.has_worked() {
            end
        } else {
            end.max(self.opened + limits.first)
        })
    }

    /// How much the connection deserves its place, and since when.
    pub(in crate::server) fn claim(
        &self,
        now: Instant,
        limits: &ConnectionLimits,
    ) -> (Claim, Instant) {
        let since = self.since();
        let age = now.saturating_duration_since(since);
        let claim = match self.phase() {
            IN_REVIEW => Claim::Working,
            READING_BODY => {
                let heard = Duration::from_millis(self.shared.heard.load(Ordering::Relaxed));
                let silent = now.saturating_duration_since(self.opened + heard) >= limits.stall;
                let received = self.shared.received.load(Ordering::Relaxed);
                let rate = u64::from(limits.body_rate.max(1));
                let worth = Duration::from_millis(received.saturating_mul(1000) / rate);
                if silent || age >= limits.stall + worth {
                    Claim::Slow
                } else {
                    Claim::Arriving
                }
            }
            // Since it was opened: going on from the handshake to a head, or to a
            // request that gets an error, is no work.
            _ if !self.has_worked() && !self.shared.proved.load(Ordering::Relaxed) => {
                return (Claim::Nothing, self.opened);
            }
            READING_HEAD if age >= limits.stall => Claim::Slow,
            _ => Claim::Idle,
        };
        (claim, since)
    }

    /// Takes the connection's place away, because of `claim`: tells its task to
    /// close it.
    pub(in crate::server) fn evict(&self, claim: Claim) {
        let balance = claim == Claim::Arriving;
        self.shared
            .evicted_for_balance
            .store(balance, Ordering::Relaxed);
        self.shared.evicted.notify_one();
    }

    /// Whether a connection whose place has been taken away may finish its
    /// request: it has turned out that more of it had arrived.
    pub(in crate::server) fn may_finish(&self, limits: &ConnectionLimits) -> bool {
        match self.claim(Instant::now(), limits).0 {
            Claim::Working => true,
            Claim::Arriving => !self.shared.evicted_for_balance.load(Ordering::Relaxed),
            _ => false,
        }
    }

    /// Waits until the connection's place is taken away.
    pub(in crate::server) async fn evicted(&self) {
        self.shared.evicted.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn claims_follow_what_a_connection_does() {
        let limits = ConnectionLimits::default();
        let phase = Phase::new();
        let claim = || phase.claim(Instant::now(), &limits).0;
        assert_eq!(claim(), Claim::Nothing, "no handshake");
        phase.connected(false);
        assert_eq!(claim(), Claim::Nothing, "no review");
        phase.bytes_received();
        advance(limits.stall).await;
        assert_eq!(claim(), Claim::Nothing, "no complete head");
        phase.bytes_received();
        phase.start_request();
        assert_eq!(claim(), Claim::Arriving);
        advance(limits.stall).await;
        assert_eq!(claim(), Claim::Slow, "silent");
        phase.bytes_received();
        phase.body_received(1 << 20);
        assert_eq!(claim(), Claim::Arriving);
        phase.start_review();
        advance(Duration::from_mins(1)).await;
        assert_eq!(claim(), Claim::Working);
        phase.answered(true);
        assert_eq!(claim(), Claim::Idle);
        phase.bytes_received();
        assert_eq!(claim(), Claim::Idle);
        advance(limits.stall).await;
        assert_eq!(claim(), Claim::Slow, "a slow head");
    }

    #[tokio::test(start_paused = true)]
    async fn without_work_the_time_counts_from_the_start() {
        let limits = ConnectionLimits::default();
        let phase = Phase::new();
        let opened = phase.opened;
        advance(Duration::from_millis(500)).await;
        phase.connected(false);
        phase.bytes_received();
        let claim = phase.claim(Instant::now(), &limits);
        assert_eq!(claim, (Claim::Nothing, opened));
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_slow_although_never_silent() {
        let limits = ConnectionLimits::default();
        let phase = Phase::new();
        let claim = || phase.claim(Instant::now(), &limits).0;
        phase.connected(true);
        assert_eq!(claim(), Claim::Idle, "its certificate counts");
        phase.start_request();
        for _ in 0..3 {
            advance(limits.stall / 2).await;
            phase.bytes_received();
            phase.body_received(1);
        }
        assert_eq!(claim(), Claim::Slow);
        phase.body_received(usize::try_from(limits.body_rate).unwrap());
        assert_eq!(claim(), Claim::Arriving);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_request_may_take_longer_than_the_next() {
        let limits = ConnectionLimits::default();
        let phase = Phase::new();
        let stopping = Instant::now();
        let lingers = || phase.lingers(stopping, &limits).map(|end| end - stopping);
        phase.connected(true);
        assert_eq!(lingers(), Some(limits.first), "also with a certificate");
        phase.bytes_received();
        assert_eq!(lingers(), None, "a head is being read");
        phase.start_request();
        phase.start_review();
        phase.answered(true);
        assert_eq!(lingers(), Some(limits.linger));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_before_the_body_leaves_it_to_discard() {
        let limits = ConnectionLimits::default();
        let phase = Phase::new();
        phase.connected(false);
        phase.start_request();
        phase.answered(false);
        phase.bytes_received();
        phase.start_review();
        assert_eq!(phase.claim(Instant::now(), &limits).0, Claim::Nothing);
        advance(limits.header * 2).await;
        assert_eq!(phase.overdue(&limits), None, "no head is being read");
        advance(limits.idle).await;
        assert_eq!(phase.overdue(&limits), Some("idle"));
    }
}
