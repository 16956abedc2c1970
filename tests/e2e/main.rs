//! End-to-end tests: rolegate in front of a real Kubernetes control plane.
//!
//! `cargo test --test e2e`. The first run builds the control plane with Go
//! (about five minutes on two cores), fetches pyspark and builds the clients of
//! six AWS SDKs (three minutes more); all are kept in the target folder. With
//! `KUBEBUILDER_ASSETS` set, the API server, etcd and kubectl of that folder are
//! used: another Kubernetes version. All tests share one control plane in this
//! process, so run them with `cargo test`, not with a runner that gives each
//! test a process.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and stops"
)]
#![allow(
    dead_code,
    reason = "the harness is a small library; not every test file needs all of it"
)]

mod harness;

mod authorization;
mod bypasses;
mod chaining;
mod conditions;
mod control_plane;
mod coverage;
mod edge;
mod every_pod;
mod guards;
mod honest;
mod iam;
mod jobs;
mod kubectl;
mod lookups;
mod modes;
mod outage;
mod pod_identity;
mod rbac;
mod scan;
mod spark;
mod view;
mod without_rolegate;
