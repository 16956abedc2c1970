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

#[path = "engine/configmap_mutation.rs"]
mod configmap_mutation;
#[path = "engine/credential_provider.rs"]
mod credential_provider;
#[path = "engine/foreign_service_account.rs"]
mod foreign_service_account;
#[path = "engine/foreign_volume.rs"]
mod foreign_volume;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/pod_exec.rs"]
mod pod_exec;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/requesters.rs"]
mod requesters;
#[path = "engine/secret_read.rs"]
mod secret_read;
