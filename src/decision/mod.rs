//! From findings to an answer.

mod mode;

pub use mode::Mode;
