//! The core stays pure: no I/O, no clock, no async, nothing global. A review
//! must cost microseconds and mean the same on every replica.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// What a core file may not name, and why.
const FORBIDDEN: [(&str, &str); 14] = [
    ("std::fs", "reads files"),
    ("TcpStream", "talks to the network"),
    ("std::env", "reads the environment"),
    ("std::process", "ends or starts processes"),
    ("std::io", "does I/O"),
    ("std::thread", "starts threads"),
    ("std::time", "reads the clock"),
    ("Timestamp::now", "reads the clock"),
    ("tokio", "is asynchronous"),
    ("async fn", "is asynchronous"),
    ("tracing::", "logs"),
    ("static mut", "is global"),
    ("thread_local!", "is global"),
    ("crate::server", "knows its caller"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_file_of_the_core_reaches_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for folder in [
        "json", "review", "facts", "mutation", "rules", "decision", "policy", "guards",
    ] {
        sources(&root.join(folder), &mut files);
    }
    assert!(
        files.len() > 30,
        "the core has moved: {} files",
        files.len()
    );
    for file in files {
        let source = fs::read_to_string(&file).expect("readable");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for (word, why) in FORBIDDEN {
                assert!(!line.contains(word), "{} {why}: {line}", file.display());
            }
        }
    }
}
