//! rolegate stops tenants and jobs of Amazon EMR on EKS from using another
//! job's IAM role.
//!
//! # Map of the code
//!
//! The engine is the crate [`rolegate_core`]; its first page shows the stages
//! of a request. This crate contains what surrounds it:
//!
//! - [`cli`]: one file per verb
//! - [`server`]: HTTPS endpoints ("doors"), health and metrics
//! - [`manifests`]: `ValidatingAdmissionPolicies`, printed with the names that the rules use
//! - [`report`]: decisions as text and JSON
//! - [`certs`], [`cluster`], [`telemetry`]: certificates, the API server's client, logs
//! - [`rbac`]: roles and bindings, from files or from a cluster
//! - [`scan`]: what a cluster or a folder of manifests holds, judged
//! - [`runtime`]: readiness and shutdown
//!
//! Reviews enter at two places: `server` (webhooks) and `cli::review` (files).

pub mod certs;
pub mod cli;
pub mod cluster;
pub mod manifests;
pub mod rbac;
pub mod report;
pub mod runtime;
pub mod scan;
pub mod server;
pub mod telemetry;
