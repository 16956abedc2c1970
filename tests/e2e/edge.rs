//! The edges: installing twice, requests as large and as deep as an API server
//! lets them get, bodies no API server would send, and what nobody reads.

mod bad_input;
mod bodies;
mod install;
mod large;
mod raw;
mod unread;
