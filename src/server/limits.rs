//! Limits on sizes, times, requests in flight and connections.

use std::time::Duration;

const MIB: usize = 1024 * 1024;
/// See [`Limits::stall`]. A thousand times what an API server lets pass between
/// two pieces of a body.
const STALL: Duration = Duration::from_millis(250);

/// Limits of the server. The defaults suit one replica behind an API server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body, in bytes. The API server accepts objects of 3 MiB and
    /// sends two of them, and JSON escapes can make six bytes of one: a valid
    /// pod took 17 MB.
    pub body: usize,
    /// Reviews of at least this size, in bytes, run on a blocking thread:
    /// parsing them takes long enough to delay other reviews.
    pub heavy_body: usize,
    /// Reviews of such bodies running at once, per door.
    pub heavy_reviews: usize,
    /// Requests in flight, per door: their reviews have begun and their answers
    /// are not ready.
    pub inflight_requests: usize,
    /// A body is small up to this size, in bytes, and large from there on. The
    /// limit on connections bounds the small ones; they always find room.
    pub small_body: usize,
    /// Bytes of large bodies in flight, per door, without the first
    /// `small_body` bytes of each. Counted as they arrive.
    pub inflight_bytes: usize,
    /// A large body that has got no byte for this long is the first to go when
    /// another needs its room.
    pub stall: Duration,
    /// Longest time for one review, including reading the body.
    pub review: Duration,
    /// Subtracted from the API server's `?timeout=`, so that the answer arrives in time.
    pub review_margin: Duration,
    pub connections: ConnectionLimits,
}

/// Limits of connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Connections open at once.
    pub total: usize,
    /// Connections open at once from one address. An API server opens one per
    /// review in flight and keeps 25 of them; it may be the only client there
    /// is, so by default one address may have all places.
    pub per_peer: usize,
    /// Longest time for the TLS handshake, and for a connection over a limit.
    pub handshake: Duration,
    /// Longest time for a request's head, from its first byte.
    pub header: Duration,
    /// How long a body may take at least, whatever its size.
    pub body_grace: Duration,
    /// Bytes per second that a body must have received on average after that.
    /// API servers send a body in one go, right after its head.
    pub body_rate: u32,
    /// A body that has got no byte for this long, or is behind `body_rate` this
    /// soon, gives up its connection's place if another client needs one.
    pub stall: Duration,
    /// After accepting has ended: how long a connection that had an answer may still
    /// bring another request, which may be on its way.
    pub linger: Duration,
    /// The same for a connection that had no answer yet, from its opening. API
    /// servers give up after 3 s, as the shipped webhook configurations say.
    pub first: Duration,
    /// Longest time between two requests. Well above the 90 s after which the
    /// API server closes: if we closed first, a POST sent at that moment would
    /// be lost, and with `failurePolicy: Fail` a write rejected.
    pub idle: Duration,
    /// A connection older than this (plus or minus up to a tenth) is closed
    /// with its next answer, so that busy clients reach new replicas.
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 32 * MIB,
            heavy_body: 256 * 1024,
            heavy_reviews: 2,
            inflight_requests: 256,
            small_body: 64 * 1024,
            inflight_bytes: 64 * MIB,
            stall: STALL,
            review: Duration::from_millis(2500),
            review_margin: Duration::from_millis(300),
            connections: ConnectionLimits::default(),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 3072,
            per_peer: 3072,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            body_grace: Duration::from_secs(1),
            body_rate: 128 * 1024,
            // More than for room: this costs a review and not only a body.
            stall: Duration::from_secs(1),
            linger: Duration::from_secs(1),
            first: Duration::from_secs(3),
            idle: Duration::from_mins(5),
            age: Duration::from_mins(10),
        }
    }
}
