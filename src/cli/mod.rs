//! The command line: one file a verb.

pub mod serve;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Says what is wrong with the input, on standard error; exit code 2.
pub(crate) fn bad_input(problem: &dyn Display) -> ExitCode {
    // Nothing can be done if standard error is closed.
    let _unheard = writeln!(std::io::stderr(), "rolegate: {problem}");
    ExitCode::from(2)
}
