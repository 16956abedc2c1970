//! Readiness of the process, and its shutdown.

mod readiness;
mod shutdown;

pub use readiness::{Condition, Explain, Readiness};
pub use shutdown::{Drain, Shutdown, Signals};
