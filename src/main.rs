//! The `rolegate` binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    rolegate::cli::run()
}
