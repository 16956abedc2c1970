//! The profile that a chained pod gets, read back by the parser of the AWS SDK for Rust.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a failed step fails the test"
)]
#![allow(
    unreachable_pub,
    reason = "support is a module of test crates, not an API"
)]

mod config_text;
mod mutation_properties;
#[path = "../../core/tests/support/mod.rs"]
mod support;
