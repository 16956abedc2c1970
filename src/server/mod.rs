//! The HTTPS server the API server calls, and the plain port beside it.
//!
//! ```text
//! net:   accept ─▶ connections (caps) ─▶ connection (TLS, HTTP/1.1, ages) ─▶
//! doors: router ─▶ review_handler (pool, body, deadline) ─▶ Reviewer ─▶ record (log line, metrics)
//! ```
//!
//! Whatever goes wrong here ends in a status of 400 or more with one sentence
//! (`doors/refusal.rs`): the webhook's `failurePolicy` decides then, never we.

mod doors;
mod duration;
mod health;
mod limits;
mod metrics;
mod net;
mod ports;

pub use doors::{BadReview, Engine, Record, Reviewed, Reviewer, Round};
pub use duration::{duration_flag, parse_duration};
pub use limits::{ConnectionLimits, Limits};
pub use ports::Ports;
pub use rolegate_core::decision::Door;
