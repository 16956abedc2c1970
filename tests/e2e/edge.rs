//! The edges: installing twice, requests as large and as deep as an API server
//! lets them get, and bodies no API server would send.

mod bad_input;
mod bodies;
mod install;
mod large;
mod raw;
