//! The server by itself: real ports, real TLS, a reviewer that does as told.
//! Every row of the failure table that is the server's has a test here.

mod binary;
mod certificates;
mod client;
mod connections;
mod harness;
mod refusals;
mod shedding;
