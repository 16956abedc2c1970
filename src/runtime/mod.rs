//! The life of the process: what it waits for before it is ready, and how it stops.

mod readiness;
mod shutdown;

pub use readiness::{Condition, Readiness};
pub use shutdown::{Drain, Shutdown, Signals};
