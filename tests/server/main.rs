//! The server by itself: real ports, real TLS, a reviewer that does as told.
//! Every row of the failure table that is the server's has a test here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step of a helper fails the test"
)]

mod binary;
mod certificates;
mod client;
mod connections;
mod harness;
mod refusals;
mod shedding;
