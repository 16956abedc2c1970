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

#[path = "../support/mod.rs"]
mod support;

mod advice;
mod authorize;
mod chain_profile;
mod cluster_takeover;
mod configmap_mutation;
mod credential_provider;
mod custom_resources;
mod drift;
mod endpoint_exposure;
mod execution_role;
mod foreign_service_account;
mod foreign_volume;
mod guide;
mod honest;
mod honest_jobs;
mod hostile;
mod hostile_pods;
mod identity_properties;
mod image_source;
mod installations;
mod job_lifecycle;
mod mutating_webhook;
mod mutation;
mod namespace_guard;
mod operators;
mod pod_exec;
mod pod_tampering;
mod properties;
mod rbac_grant;
mod recorded_pods;
mod requesters;
mod rounds;
mod scaling;
mod second_look;
mod secret_read;
mod service_account_identity;
mod service_account_token;
mod size;
mod trusted_accounts;
mod whose;
