//! The fourth station: findings become an answer.
//!
//! - `door`, `mode`: how far a finding may go, the weaker of the two
//! - `decide`: rules, then modes, then exemptions
//! - `words`: what the user, the audit log and the answer say

mod decide;
mod door;

mod message;

pub use decide::{Decision, Judged, decide};
pub use door::Door;
