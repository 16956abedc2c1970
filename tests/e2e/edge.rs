//! The edges: installing twice, requests as large and as deep as an API server
//! lets them get, bodies no API server would send, what nobody reads, and
//! whoever reaches the port.
//!
//! | module | rows of `docs/bypasses.md` |
//! |---|---|
//! | `reach`, `crowd` | I1, I2, I3, I4, I5 |
//! | the others | what no row names |

mod bad_input;
mod bodies;
mod crowd;
mod install;
mod large;
mod raw;
mod reach;
mod unread;
