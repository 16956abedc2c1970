//! The last station: findings become a decision and an answer.
//!
//! - `door`: webhook endpoints; `scope`: how far a finding may go
//! - `verdict`: what they came to
//! - `decide`: rules, then modes, then exemptions
//! - `access`: questions of authorization
//! - `message`: what the user, the audit log and the answer say
//! - `policy_store`: the policy in force, and its replacement

mod access;
mod decide;
mod door;
mod message;
mod policy_store;
mod scope;
mod verdict;

pub use access::{AccessDecision, DeniedAccess, judge_access};
pub use decide::{Outcome, decide, decide_by};
pub use door::Door;
pub use policy_store::{PolicyStore, ReloadOutcome};
pub use scope::Scope;
pub use verdict::{Decision, Judged, Skipped};
