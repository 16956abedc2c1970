//! rolegate stops tenants and jobs of Amazon EMR on EKS from using another
//! job's IAM role.
//!
//! # The map
//!
//! The engine is the crate [`rolegate_core`]; its first page shows the stations
//! of a request. Around it, in this crate:
//!
//! - [`cli`]: one file per verb
//! - [`server`]: HTTPS endpoints ("doors"), health and metrics
//! - [`manifests`]: the API server's own admission policies, printed from the names that rules use
//! - [`report`]: decisions as text and JSON
//! - [`certs`], [`cluster`], [`telemetry`]: certificates, the API server's address, logs
//! - [`runtime`]: readiness and shutdown
//!
//! Bytes enter at two places: `server` (webhooks) and `cli::review` (files).

pub mod certs;
pub mod cli;
pub mod cluster;
pub mod manifests;
pub mod report;
pub mod runtime;
pub mod server;
pub mod telemetry;
