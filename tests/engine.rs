//! The engine's tables: who is taken for whom, and each rule against every
//! road that the bypass catalogue knows for it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "a failed step fails the test; values read better where they are used once"
)]
#![allow(
    unreachable_pub,
    reason = "support is a module of test crates, not an API"
)]

mod support;

#[path = "engine/cluster_takeover.rs"]
mod cluster_takeover;
#[path = "engine/configmap_mutation.rs"]
mod configmap_mutation;
#[path = "engine/endpoint_exposure.rs"]
mod endpoint_exposure;
#[path = "engine/foreign_service_account.rs"]
mod foreign_service_account;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/job_lifecycle.rs"]
mod job_lifecycle;
#[path = "engine/mutating_webhook.rs"]
mod mutating_webhook;
#[path = "engine/namespace_guard.rs"]
mod namespace_guard;
#[path = "engine/pod_exec.rs"]
mod pod_exec;
#[path = "engine/pod_tampering.rs"]
mod pod_tampering;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/requesters.rs"]
mod requesters;
#[path = "engine/service_account_identity.rs"]
mod service_account_identity;
#[path = "engine/service_account_token.rs"]
mod service_account_token;
