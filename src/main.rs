//! The `rolegate` binary; everything is in the library.

use std::process::ExitCode;

/// Fewer instructions a review than glibc's, and without huge pages less memory.
/// musl's would be slower still.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rolegate::cli::run()
}
