//! rolegate's engine: requests in, decisions out.
//!
//! Synchronous and pure: references in, no I/O, no clock, nothing global.
//!
//! # The map
//!
//! A folder uses only what stands below it (`tests/layers.rs` reads the imports):
//!
//! ```text
//! decision   findings meet modes and exemptions, and become an answer
//! rules      one file per rule; its header is its published page
//! write      one write as a rule sees it, with what rules share computed once
//! mutation   the AWS profile that a chained job's pod gets
//! facts      who asks, what that class may do, what a service account stands for
//! request    AdmissionReviews, access reviews, audit events and manifests
//! policy     the policy file, parsed once into types that cannot be wrong
//! json       the one-pass JSON reader
//! names      the grammars: roles, ARNs, globs, service accounts, job ids, images
//! ```

pub mod decision;
pub mod facts;
pub mod json;
pub mod mutation;
pub mod names;
pub mod policy;
pub mod request;
pub mod rules;
pub mod write;
