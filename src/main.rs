//! The `rolegate` binary; everything is in the library.

use std::process::ExitCode;

/// Faster than glibc's by 4 % at `/mutate`, and without huge pages no bigger.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rolegate::cli::run()
}
