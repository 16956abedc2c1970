//! `rolegate serve`: the webhook.

mod args;
mod descriptors;
mod policy;
mod run;

use std::process::ExitCode;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::server::{Engine, Reviewer};
use crate::telemetry::Telemetry;
use rolegate_core::decision::PolicyStore;

pub use args::ServeArgs;

/// The exit code of a failure while serving.
const FAILED: u8 = 1;

/// Serves until a signal.
#[must_use]
pub fn run(args: &ServeArgs) -> ExitCode {
    run_with(args, |policy, cluster| match cluster {
        Some(Cluster { client, view }) => Engine::new(policy, Some(client)).with_view(Some(view)),
        None => Engine::new(policy, None),
    })
}

/// Serves with another reviewer, made from the policy in force and the client
/// of the cluster, if there is one. Everything else is as in [`run`];
/// `examples/floor.rs` measures the server with it.
#[must_use]
pub fn run_with<R: Reviewer>(
    args: &ServeArgs,
    reviewer: impl FnOnce(Arc<PolicyStore>, Option<Cluster>) -> R,
) -> ExitCode {
    let telemetry = match Telemetry::start(args.log_format, &args.log_filter()) {
        Ok(telemetry) => telemetry,
        Err(error) => return super::bad_input(&error),
    };
    let outcome = run::run(args, reviewer, telemetry.lost_lines());
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Printed and not logged: the error is for the person who typed the command.
        Err(run::Stop::BadInput(error)) => super::bad_input(&format!("{error:#}")),
        Err(run::Stop::Failed) => ExitCode::from(FAILED),
    }
}
