//! The server without the engine: real ports, real TLS, a scripted reviewer.
//! Every row of the failure table (ARCHITECTURE.md) that concerns the server has
//! a test here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step of a helper fails the test"
)]

mod attacks;
mod authorities;
mod authorize;
mod binary;
mod certificates;
mod client;
mod connections;
mod harness;
mod refusals;
mod shedding;
mod stopping;
