//! The doors (webhook endpoints): each request from its head to its answer.
//! Each door has its own pool.

pub(super) mod body;
pub(super) mod deadline;
mod engine;
pub(super) mod inflight;
mod large;
pub(super) mod metrics;
pub(super) mod pool;
mod quota;
pub(super) mod record;
pub(super) mod refusal;
pub(super) mod review_handler;
mod reviewer;
pub(super) mod router;
mod turns;

pub use engine::Engine;
pub use refusal::BadReview;
pub use reviewer::{Record, Reviewed, Reviewer, Round};
