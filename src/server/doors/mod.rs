//! The doors: webhook endpoints, each with its own pool, from a request's head to its answer.

pub(super) mod body;
pub(super) mod deadline;
mod engine;
pub(super) mod inflight;
pub(super) mod metrics;
pub(super) mod pool;
pub(super) mod record;
pub(super) mod refusal;
pub(super) mod review_handler;
mod reviewer;
pub(super) mod router;

pub use engine::Engine;
pub use reviewer::{BadReview, Record, Reviewed, Reviewer, Round};
