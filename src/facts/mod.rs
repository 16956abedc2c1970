//! Who asks, and for what.

mod role;

pub use role::{AccountId, Role, RoleName};
