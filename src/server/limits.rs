//! What the server accepts, how much of it at once, and for how long.

use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// Caps and times. The defaults suit one replica beside an API server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body, in bytes. The API server takes objects of 3 MiB and sends
    /// two of them; JSON escapes make a byte six: a legal pod made 17 MB.
    pub body: usize,
    /// From this size on, in bytes, a review runs on a blocking thread: JSON
    /// of this size takes long enough to hold up everybody else's.
    pub heavy_body: usize,
    /// Such reviews running at once, for each door.
    pub heavy_reviews: usize,
    /// Requests in flight, for each door.
    pub inflight_requests: usize,
    /// Body bytes in flight, for each door.
    pub inflight_bytes: usize,
    /// Longest time for one review, body included.
    pub review: Duration,
    /// Taken off the API server's own `?timeout=`, for the way back.
    pub review_margin: Duration,
    /// What is asked of connections.
    pub connections: ConnectionLimits,
}

/// Caps and times of connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Connections open at once.
    pub total: usize,
    /// Of these, from one address. An API server opens one for every review
    /// it has in flight and keeps 25 of them.
    pub per_peer: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For a request's head, from its first byte.
    pub header: Duration,
    /// Between two requests. Well above the 90 s after which the API server
    /// closes: a POST that meets our close is lost, and may refuse a write.
    pub idle: Duration,
    /// A connection older than this (give or take a tenth) is closed with its
    /// next answer, so that busy clients find new replicas.
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
