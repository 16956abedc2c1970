//! The rules: one file each.

mod id;

pub use id::{RuleId, UnknownRule};
