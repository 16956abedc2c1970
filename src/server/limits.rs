//! Limits on sizes, times, requests in flight and connections.

use std::time::Duration;

const MIB: usize = 1024 * 1024;

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
    /// Requests in flight, per door.
    pub inflight_requests: usize,
    /// Body bytes in flight, per door.
    pub inflight_bytes: usize,
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
    /// review in flight and keeps 25 of them.
    pub per_peer: usize,
    /// Longest time for the TLS handshake, and for a connection over a limit.
    pub handshake: Duration,
    /// Longest time for a request's head, from its first byte.
    pub header: Duration,
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
            inflight_bytes: 64 * MIB,
            review: Duration::from_millis(2500),
            review_margin: Duration::from_millis(300),
            connections: ConnectionLimits::default(),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 1024,
            per_peer: 256,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_mins(5),
            age: Duration::from_mins(10),
        }
    }
}
