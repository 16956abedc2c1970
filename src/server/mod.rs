//! The HTTPS server that the API server calls, and the plain HTTP health port.
//!
//! ```text
//! net:   accept ─▶ connections (places) ─▶ connection (TLS, HTTP/1.1, ages) ─▶
//! doors: router ─▶ review_handler (body, pool, deadline) ─▶ Reviewer ─▶ record (log line, metrics)
//! ```
//!
//! Room is scarce in three places: connections (`net/connections.rs`), bytes of
//! large bodies (`doors/large.rs`) and requests in flight (`doors/pool.rs`). In
//! the first two, whoever does no work or holds most gives way to a newcomer.
//!
//! A door is a webhook endpoint, such as `/validate/enforce`.
//!
//! Every failure becomes a status of 400 or more with one sentence
//! (`doors/refusal.rs`); then the webhook's `failurePolicy` decides.

mod doors;
mod duration;
mod health;
mod limits;
mod metrics;
mod net;
mod peer;
mod ports;

pub use doors::{BadReview, Engine, Record, Reviewed, Reviewer, Round};
pub use duration::{duration_flag, parse_duration};
pub use limits::{ConnectionLimits, Limits};
pub use ports::{Ports, Tls};
pub use rolegate_core::decision::Door;
