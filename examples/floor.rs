//! The floor: rolegate's own server around a reviewer that allows everything.
//! Same flags as `rolegate serve`, same log line; `benches/floor.sh` compares.
//!
//! Never put it in front of anything: it allows everything.

use std::process::ExitCode;

use clap::Parser;
use rolegate::cli::serve::{ServeArgs, run_with};
use rolegate::server::EmptyAllow;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Floor {
    #[command(flatten)]
    serve: ServeArgs,
}

fn main() -> ExitCode {
    run_with(&Floor::parse().serve, |_policy| EmptyAllow::default())
}
