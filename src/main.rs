//! The `rolegate` command.
fn main() {}
