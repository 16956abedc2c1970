//! The HTTPS server the API server calls, and the plain port beside it.
//!
//! ```text
//! accept ─▶ connections (caps) ─▶ connection (TLS, HTTP/1.1, ages) ─▶ router
//!        ─▶ desk (pool, body, deadline) ─▶ Reviewer ─▶ record (log line, metrics)
//! ```
//!
//! Whatever goes wrong here ends in a status of 400 or more with one sentence
//! ([`refusal`]): the webhook's `failurePolicy` decides then, never we.

mod accept;
mod body;
mod connection;
mod connections;
mod deadline;
mod desk;
mod duration;
mod engine;
mod health;
mod inflight;
mod limits;
mod metrics;
mod phase;
mod pool;
mod readiness;
mod record;
mod refusal;
mod reviewer;
mod router;
mod shutdown;
mod stack;
mod tls;

pub use crate::decision::Door;
pub use duration::{duration_flag, parse_duration};
pub use engine::Engine;
pub use limits::{ConnectionLimits, Limits};
pub use readiness::{Condition, Readiness};
pub use reviewer::{BadReview, Record, Reviewed, Reviewer};
pub use shutdown::{Drain, Shutdown, Signals};
pub use stack::Stack;
