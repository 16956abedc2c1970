//! Turns findings into a decision and a response.
//!
//! - `door`: webhook endpoints; `scope`: the strictest mode for a request
//! - `judge`: runs the rules, then applies modes and exemptions; `pods_to_come`: what they
//!   will say of the pods that an object leads to; `decide`: both
//! - `verdict`: the decision
//! - `access`: authorization requests
//! - `message`: the texts for the user, the audit log and the response
//! - `policy_store`: the policy in effect, and its replacement

mod access;
mod decide;
mod door;
mod judge;
mod message;
mod pods_to_come;
mod policy_store;
mod scope;
mod verdict;

pub use access::judge_access;
pub use decide::decide;
pub use door::Door;
pub use judge::{Outcome, decide_by};
pub use pods_to_come::controller_account;
pub use policy_store::{PolicyStore, ReloadOutcome};
pub use scope::Scope;
pub use verdict::{Decision, Judged, Skipped};
