//! Libraries that find credentials by code of their own and read S3 with them. Which role
//! each ends in, in each mode: `make reader-table` measures it. The suite does not, because
//! the libraries are a download of 200 MB; it compares these rows with the page.

use std::fmt::Write;

use serde_json::Value;

use super::matrix::{MODES, NONE, assert_page, words};
use super::scene::{self, DRIVER, ROLE_2};
use crate::harness::aws::Aws;
use crate::harness::{kubelet, sdk};

/// A library.
#[derive(Clone, Copy)]
struct Reader {
    /// In `clients/readers/reader.py`.
    name: &'static str,
    /// On the page.
    row: &'static str,
    /// The package whose release the page names.
    package: &'static str,
    /// The role that it reads S3 as, a column a mode.
    promised: [Option<u8>; 4],
}

/// In place of a role: not measured.
const INFERRED: Option<u8> = None;

const READERS: [Reader; 5] = [
    Reader {
        name: "polars",
        row: "Polars where boto3 is installed",
        package: "polars",
        promised: [Some(2); 4],
    },
    Reader {
        name: "polars_without_boto3",
        row: "Polars without boto3",
        package: "polars",
        promised: [Some(1), Some(1), Some(NONE), Some(1)],
    },
    Reader {
        name: "delta_rs",
        row: "delta-rs (`deltalake`)",
        package: "deltalake",
        promised: [Some(1), Some(1), Some(NONE), Some(1)],
    },
    Reader {
        // Its C++ SDK asks the real STS, of which it cannot be told another: in this suite
        // it finds no credentials, which says nothing about a real pod.
        name: "duckdb",
        row: "DuckDB, secret by `credential_chain`",
        package: "duckdb",
        promised: [INFERRED, INFERRED, Some(NONE), Some(1)],
    },
    Reader {
        name: "s3fs",
        row: "s3fs",
        package: "s3fs",
        promised: [Some(2); 4],
    },
];

impl Reader {
    /// The role that it ends in, what it asks of AWS, and what it printed.
    fn read(self, pod: &Value) -> (Option<u8>, Vec<String>, String) {
        let aws = Aws::start(scene::trust(pod).service(ROLE_2, "s3"));
        let container = kubelet::start(pod, DRIVER, &aws);
        let output = sdk::reader(self.name, &container, &aws);
        let calls = aws.shown();
        let reads = |role: &str| {
            let mut calls = calls.iter();
            calls.any(|call| call.starts_with(&format!("{role} s3 ")))
        };
        let role = match (reads("job-execution-role-1"), reads("client-role-2")) {
            (true, false) => Some(1),
            (false, true) => Some(2),
            // What it lacks, and not something else that went wrong.
            (false, false) if calls.is_empty() => Some(NONE),
            _ => None,
        };
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        (role, calls, printed)
    }
}

#[test]
#[ignore = "a download of 200 MB: make reader-table"]
fn every_reader_ends_in_the_promised_role() {
    let drivers = MODES.map(|mode| scene::job(&format!("mode-{mode}")).driver());
    let mut table = String::new();
    let mut broken = Vec::new();
    for reader in READERS {
        let version = sdk::reader_version(reader.package);
        let _ = write!(table, "| {} {version} |", reader.row);
        for ((mode, pod), promised) in MODES.iter().zip(&drivers).zip(reader.promised) {
            let Some(promised) = promised else {
                table.push_str(" not run |");
                continue;
            };
            let (role, calls, printed) = reader.read(pod);
            let _ = write!(table, " {} |", role.map_or("other".to_owned(), words));
            if role != Some(promised) {
                broken.push(format!(
                    "{}, mode {mode}: {} was promised, not {role:?} after {calls:#?}\n{printed}",
                    reader.name,
                    words(promised),
                ));
            }
        }
        table.push('\n');
    }
    #[expect(clippy::print_stdout, reason = "make reader-table shows it")]
    {
        println!("{table}");
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The page says of these libraries what was measured, and of which release.
#[test]
fn the_page_promises_the_same_of_readers() {
    for reader in READERS {
        let inferred = || "role 1 (inferred)".to_owned();
        let promised = reader
            .promised
            .map(|role| role.map_or_else(inferred, words));
        let version = sdk::reader_version(reader.package);
        assert_page(&format!("{} {version}", reader.row), promised);
    }
}
