//! What the suite fetches from package registries, once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::dirs;

/// Copies the dependencies of a pom into a folder.
const MAVEN_COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

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

/// A virtual environment of Python with the packages of a lock file.
pub(crate) fn venv(name: &str, requirements: &str, advice: &str) -> PathBuf {
    need(
        "python3",
        &["-c", "import venv, ensurepip"],
        "Python 3.10 with venv (Debian: python3-venv)",
    );
    once(name, &[requirements], |dir| {
        let mut venv = Command::new("python3");
        run(venv.args(["-m", "venv"]).arg(dir), "Python makes the venv");
        let file = dir.join("requirements.txt");
        dirs::write(&file, requirements);
        let mut pip = Command::new(dir.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-cache-dir", "--only-binary=:all:", "--require-hashes"])
            .arg("-r")
            .arg(file);
        run(&mut pip, advice);
    })
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

/// Puts the jars of a pom into `<dir>/lib`. A pom holds versions; `sums`, a
/// file for sha256sum, says what they must be.
pub(crate) fn jars(dir: &Path, pom: &str, sums: &str) {
    need("mvn", &["--version"], "Maven");
    let (repository, lib) = (dir.join("repository"), dir.join("lib"));
    dirs::write(&dir.join("pom.xml"), pom);
    dirs::write(&dir.join("jars.sha256"), sums);
    let mut maven = Command::new("mvn");
    maven
        .current_dir(dir)
        .args(["--batch-mode", "--quiet", MAVEN_COPY])
        .arg(format!("-Dmaven.repo.local={}", repository.display()))
        .arg(format!("-DoutputDirectory={}", lib.display()));
    run(&mut maven, "Maven needs to reach Maven Central once");
    let mut check = Command::new("sha256sum");
    check
        .current_dir(&lib)
        .args(["--check", "--strict", "--quiet", "../jars.sha256"]);
    run(&mut check, "a jar is not the one that jars.sha256 names");
    let _ = std::fs::remove_dir_all(repository);
}
