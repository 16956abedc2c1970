//! `rolegate completions`: print completions for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Verdict};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell to complete for
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rolegate", &mut script);
    std::io::Write::write_all(&mut anstream::stdout(), &script)?;
    Ok(Verdict::Clean)
}
