//! rolegate's engine: requests in, decisions out.
//!
//! Synchronous and pure: no I/O, no clock, no global state.
//!
//! # The map
//!
//! A folder uses only the folders below it (`tests/layers.rs` checks the imports):
//!
//! ```text
//! scan        stored objects: who could have written them, and what the rules say of it
//! decision    applies modes and exemptions to findings, and makes the response
//! rules       one file per rule; its header is its published page
//! write       a write request, with the facts that rules share, computed once
//! mutation    adds the AWS profile to the pods of chained jobs
//! iam         IAM documents: rendered, linted and evaluated; what EMR needs in a cluster
//! permissions what subjects may do by RBAC, beside what rolegate does about it
//! facts       classifies the requester; what a class may do; the role of a service account
//! request     AdmissionReviews, access reviews, audit events and manifests
//! rbac        roles and bindings: who may do what
//! policy      the policy file, parsed once into types that hold only valid values
//! json        the one-pass JSON reader
//! names       the grammars: roles, ARNs, globs, service accounts, job ids, images
//! ```

pub mod decision;
pub mod facts;
pub mod iam;
mod identity;
pub mod json;
pub mod mutation;
pub mod names;
pub mod permissions;
pub mod policy;
pub mod rbac;
pub mod request;
pub mod rules;
pub mod scan;
pub mod write;
