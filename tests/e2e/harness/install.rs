//! What the suite fetches from package registries, once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::dirs;

/// The folder that `fill` makes of `sources`, named after their content, so
/// that a change of a lock file makes a new one.
pub(crate) fn once(name: &str, sources: &[&str], fill: impl FnOnce(&Path)) -> PathBuf {
    let mut hash = DefaultHasher::new();
    sources.hash(&mut hash);
    let dir = dirs::base().join(format!("{name}-{:016x}", hash.finish()));
    dirs::locked(name, || {
        // A virtual environment holds its own path: it cannot be made elsewhere
        // and renamed, so a last file says that the folder is complete.
        let complete = dir.join("complete");
        if complete.is_file() {
            return;
        }
        // Straight to the terminal: the test runner would keep it to itself.
        let _ = writeln!(std::io::stderr(), "fetching and building {name}, once ...");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir)
            .unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
        fill(&dir);
        dirs::write(&complete, "");
    });
    dir
}

/// Panics with one sentence unless `program` can be run.
pub(crate) fn need(program: &str, args: &[&str], name: &str) {
    let found = Command::new(program).args(args).output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "the end-to-end tests need {name}: install it and put `{program}` on PATH"
    );
}

/// Runs a command to its end; panics with `advice` when it fails.
pub(crate) fn run(command: &mut Command, advice: &str) {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}; {advice}"));
    assert!(
        output.status.success(),
        "{command:?} failed; {advice}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
