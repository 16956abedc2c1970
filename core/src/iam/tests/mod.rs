//! The evaluator against IAM's documented semantics, and a cluster against EMR's needs.

mod drift;
mod files;
mod lints;
mod rendered;
mod semantics;
