//! `rolegate serve`: the webhook.

mod args;
mod policy;
mod run;

use std::process::ExitCode;
use std::sync::Arc;

use crate::server::{Engine, Reviewer};
use crate::telemetry::Telemetry;
use rolegate_core::decision::PolicyStore;

pub use args::ServeArgs;

/// Something broke while it ran.
const FAILED: u8 = 1;

/// Serves until a signal ends it.
#[must_use]
pub fn run(args: &ServeArgs) -> ExitCode {
    run_with(args, Engine::new)
}

/// Serves with another reviewer, which is handed the policy in force.
/// Everything else is as in [`run`]: the floor is measured with it.
#[must_use]
pub fn run_with<R: Reviewer>(
    args: &ServeArgs,
    reviewer: impl FnOnce(Arc<PolicyStore>) -> R,
) -> ExitCode {
    let telemetry = match Telemetry::start(args.log_format, &args.log_filter()) {
        Ok(telemetry) => telemetry,
        Err(error) => return super::bad_input(&error),
    };
    let outcome = run::run(args, reviewer, telemetry.lost_lines());
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Not as a log line: it is the answer to whoever typed the command.
        Err(run::Stop::BadInput(error)) => super::bad_input(&format!("{error:#}")),
        Err(run::Stop::Failed) => ExitCode::from(FAILED),
    }
}
