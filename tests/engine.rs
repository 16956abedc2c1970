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

#[path = "engine/chain_profile.rs"]
mod chain_profile;
#[path = "engine/config_text.rs"]
mod config_text;
#[path = "engine/configmap_mutation.rs"]
mod configmap_mutation;
#[path = "engine/foreign_service_account.rs"]
mod foreign_service_account;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/mutation.rs"]
mod mutation;
#[path = "engine/mutation_properties.rs"]
mod mutation_properties;
#[path = "engine/pod_exec.rs"]
mod pod_exec;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/recorded_pods.rs"]
mod recorded_pods;
#[path = "engine/requesters.rs"]
mod requesters;
