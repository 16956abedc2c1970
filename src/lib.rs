//! rolegate keeps Amazon EMR on EKS jobs' IAM roles to themselves.
//!
//! # The map
//!
//! A request passes these stations, each a folder:
//!
//! ```text
//! bytes ─▶ review ─▶ facts (Subject) ─▶ rules ─▶ decision ─▶ answer
//!             ▲
//!             └─ the doors enter here: server (webhook), cli::review (files)
//! ```
//!
//! The core is synchronous and pure: no I/O, no clock, nothing global.
//!
//! - [`review`]: bytes become a `Request`; objects are read only as far as a rule asks
//! - [`facts`]: who asks ([`facts::Requester`]) and what that class may do
//! - [`rules`]: one file a rule; its header is its published page
//! - [`mutation`]: what a job's pod is given so that its SDKs chain to another role
//! - [`decision`]: findings meet modes and exemptions
//! - [`json`]: the reader under `review`: one pass over a text
//! - [`policy`]: the policy file, parsed once into types that cannot be wrong
//!
//! Around it:
//!
//! - [`guards`]: the API server's own policies, for what a webhook cannot see
//! - [`server`]: HTTPS, health and metrics; [`certs`], [`telemetry`] and [`cluster`] serve it
//! - [`cli`]: one file a verb
//! - [`report`]: decisions as text and JSON

pub mod certs;
pub mod cli;
pub mod cluster;
pub mod decision;
pub mod facts;
pub mod guards;
pub mod json;
pub mod mutation;
pub mod policy;
pub mod report;
pub mod review;
pub mod rules;
pub mod server;
pub mod telemetry;
