//! Readiness of the process, and its shutdown.

mod readiness;
mod shutdown;

pub use readiness::{Condition, Readiness};
pub use shutdown::{Drain, Shutdown, Signals};
