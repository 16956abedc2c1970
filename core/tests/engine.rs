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
#[path = "engine/cluster_takeover.rs"]
mod cluster_takeover;
#[path = "engine/configmap_mutation.rs"]
mod configmap_mutation;
#[path = "engine/credential_provider.rs"]
mod credential_provider;
#[path = "engine/endpoint_exposure.rs"]
mod endpoint_exposure;
#[path = "engine/execution_role.rs"]
mod execution_role;
#[path = "engine/foreign_service_account.rs"]
mod foreign_service_account;
#[path = "engine/foreign_volume.rs"]
mod foreign_volume;
#[path = "engine/honest.rs"]
mod honest;
#[path = "engine/honest_jobs.rs"]
mod honest_jobs;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/hostile_pods.rs"]
mod hostile_pods;
#[path = "engine/identity_properties.rs"]
mod identity_properties;
#[path = "engine/image_source.rs"]
mod image_source;
#[path = "engine/job_lifecycle.rs"]
mod job_lifecycle;
#[path = "engine/mutating_webhook.rs"]
mod mutating_webhook;
#[path = "engine/mutation.rs"]
mod mutation;
#[path = "engine/namespace_guard.rs"]
mod namespace_guard;
#[path = "engine/pod_exec.rs"]
mod pod_exec;
#[path = "engine/pod_tampering.rs"]
mod pod_tampering;
#[path = "engine/properties.rs"]
mod properties;
#[path = "engine/recorded_pods.rs"]
mod recorded_pods;
#[path = "engine/requesters.rs"]
mod requesters;
#[path = "engine/rounds.rs"]
mod rounds;
#[path = "engine/secret_read.rs"]
mod secret_read;
#[path = "engine/service_account_identity.rs"]
mod service_account_identity;
#[path = "engine/service_account_token.rs"]
mod service_account_token;
#[path = "engine/size.rs"]
mod size;
