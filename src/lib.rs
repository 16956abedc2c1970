//! rolegate keeps Amazon EMR on EKS jobs' IAM roles to themselves.

pub mod certs;
pub mod cli;
pub mod cluster;
pub mod decision;
pub mod facts;
pub mod policy;
pub mod rules;
pub mod server;
pub mod telemetry;
