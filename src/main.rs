//! The `rolegate` binary; everything is in the library.

use std::process::ExitCode;

/// 4 % faster than glibc's allocator at `/mutate`, and without huge pages it
/// takes no more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rolegate::cli::run()
}
