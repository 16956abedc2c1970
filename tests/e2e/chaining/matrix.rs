//! Which SDK ends in which role, in each mode. `make chain-table` prints it.

use std::fmt::Write;

use serde_json::Value;

use super::scene::{self, DRIVER, ROLE_1, ROLE_2};
use crate::harness::aws::Aws;
use crate::harness::kubelet;
use crate::harness::sdk::{self, From, Sdk};

pub(super) const MODES: [&str; 4] = ["profile", "java-v2", "exclusive", "pod-identity"];

/// In place of a role: no credentials at all.
pub(super) const NONE: u8 = 0;

/// The role that each client ends in, a column a mode.
const PROMISED: [(Sdk, From<'static>, [u8; 4]); 10] = [
    (Sdk::Boto3, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Cli, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::JavaScript, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Rust, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Java, From::DefaultChain, [1, 2, 2, 2]),
    (Sdk::Java, From::Profile("default"), [2, 2, 2, 2]),
    (Sdk::Go, From::DefaultChain, [1, 1, 2, 2]),
    (Sdk::Go1, From::DefaultChain, [1, 1, 2, NONE]),
    (Sdk::JavaScript2, From::DefaultChain, [1, 1, 2, 1]),
    (Sdk::Java1, From::DefaultChain, [1, 1, NONE, 1]),
];

/// Programs that list a bucket and do not say who they are: their calls do.
#[derive(Clone, Copy)]
enum Lister {
    /// Hadoop 3.3's, on the first Java SDK, configured as the page has it.
    S3a,
    /// With EKS's token in sight it would ask the real STS, of which it cannot be
    /// told another, so those two modes are not run.
    Cpp,
}

/// The role and the calls; `None` where it is not run.
type End = Option<(u8, &'static [&'static str])>;

/// What becomes of each, a column a mode.
const LISTERS: [(Lister, [End; 4]); 2] = [
    (
        Lister::S3a,
        [
            Some((2, BY_ROLE_2)),
            Some((2, BY_ROLE_2)),
            Some((NONE, &[])),
            Some((NONE, &[])),
        ],
    ),
    (
        Lister::Cpp,
        [
            None,
            None,
            Some((NONE, &["nobody sts GET: MissingAuthenticationToken"])),
            Some((
                1,
                &[
                    "nobody PodIdentity job-execution-role-1",
                    "job-execution-role-1 s3 GET: AccessDenied",
                ],
            )),
        ],
    ),
];

const BY_ROLE_2: &[&str] = &[
    "nobody AssumeRoleWithWebIdentity job-execution-role-1",
    "job-execution-role-1 AssumeRole client-role-2",
    "client-role-2 s3 GET",
];

impl Lister {
    fn name(self) -> String {
        match self {
            Self::S3a => format!("S3A of Hadoop {}", sdk::hadoop()),
            Self::Cpp => format!("C++ SDK in pyarrow {}", sdk::pyarrow()),
        }
    }

    /// What it asks of AWS, and what it printed.
    fn list(self, pod: &Value) -> (Vec<String>, String) {
        let aws = Aws::start(scene::trust(pod).service(ROLE_2, "s3"));
        let container = kubelet::start(pod, DRIVER, &aws);
        let output = match self {
            Self::S3a => sdk::s3a_33(&container, &aws),
            Self::Cpp => sdk::python(
                "tests/e2e/clients/python/arrow.py",
                &[&aws.url()],
                &container,
                &aws,
            ),
        };
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        (aws.shown(), printed)
    }
}

/// One pod a mode, and every SDK in it: the identity is the promised one, and
/// the calls that lead there are these and no others.
#[test]
fn every_sdk_ends_in_the_promised_role() {
    let drivers = MODES.map(|mode| {
        let job = scene::job(&format!("mode-{mode}"));
        (mode, job.session(), job.driver())
    });
    let mut table = String::from("| client |");
    let _ = writeln!(
        table,
        "{}",
        MODES.map(|mode| format!(" `{mode}` |")).concat()
    );
    let _ = writeln!(table, "|{}", "---|".repeat(1 + MODES.len()));
    let mut broken = Vec::new();
    for (sdk, from, promised) in PROMISED {
        let _ = write!(table, "| {} |", shown(sdk, from));
        for ((mode, session, pod), promised) in drivers.iter().zip(promised) {
            let (identity, aws) = scene::run((sdk, from), (pod, DRIVER), scene::trust(pod));
            let role = role_of(identity.as_deref(), session);
            let _ = write!(table, " {} |", role.map_or("other".to_owned(), words));
            if role != Some(promised) || aws.shown() != calls(mode, promised) {
                broken.push(format!(
                    "{}, mode {mode}: {} was promised, it says {identity:?} after {:#?}",
                    sdk.name(),
                    words(promised),
                    aws.shown()
                ));
            }
        }
        table.push('\n');
    }
    for (lister, promised) in LISTERS {
        let _ = write!(table, "| {} |", lister.name());
        for ((mode, _, pod), promised) in drivers.iter().zip(promised) {
            let Some((role, promised)) = promised else {
                table.push_str(" not run |");
                continue;
            };
            let (calls, printed) = lister.list(pod);
            let _ = write!(table, " {} |", words(role));
            // Without a call it must be credentials that it lacks.
            let lacks = !calls.is_empty() || printed.contains("redential");
            if calls != promised || !lacks {
                broken.push(format!(
                    "{}, mode {mode}: {promised:?} was promised, not {calls:#?}\n{printed}",
                    lister.name()
                ));
            }
        }
        table.push('\n');
    }
    #[expect(clippy::print_stdout, reason = "make chain-table shows it")]
    {
        println!("{table}");
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

pub(super) fn words(role: u8) -> String {
    match role {
        NONE => "no credentials".to_owned(),
        role => format!("role {role}"),
    }
}

fn shown(sdk: Sdk, from: From<'_>) -> String {
    let client = format!("{} {}", sdk.name(), sdk.version());
    match from {
        From::DefaultChain => client,
        From::Profile(name) => format!("{client}, profile `{name}` named in code"),
    }
}

/// The page for users says of these clients what was measured here.
#[test]
fn the_page_promises_the_same() {
    for (sdk, from, promised) in PROMISED {
        let client = match (sdk, from) {
            (Sdk::Boto3 | Sdk::Cli, _) => "boto3, AWS CLI 1 and 2",
            (Sdk::JavaScript, _) => "JavaScript SDK 3",
            (Sdk::Rust, _) => "Rust SDK",
            (Sdk::Java, From::DefaultChain) => "Java SDK 2, default chain",
            (Sdk::Java, From::Profile(_)) => "Java SDK 2, `ProfileCredentialsProvider` in code",
            (Sdk::Go, _) => "Go SDK 2",
            (Sdk::Go1, _) => "Go SDK 1",
            (Sdk::JavaScript2, _) => "JavaScript SDK 2",
            (Sdk::Java1, _) => "Java SDK 1",
        };
        assert_page(client, promised.map(words));
    }
    let not_run = || "role 1 (inferred)".to_owned();
    for (lister, promised) in LISTERS {
        let client = match lister {
            Lister::S3a => "S3A of Hadoop 3.3 (Java SDK 1), configured as below",
            Lister::Cpp => "C++ SDK (pyarrow)",
        };
        let promised =
            promised.map(|promised| promised.map_or_else(not_run, |(role, _)| words(role)));
        assert_page(client, promised);
    }
}

#[track_caller]
pub(super) fn assert_page(client: &str, promised: [String; 4]) {
    let page = include_str!("../../../docs/role-chaining.md");
    let mut rows = page
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("| {client} |")));
    let row = rows.next().unwrap_or_else(|| panic!("no row for {client}"));
    assert!(rows.next().is_none(), "two rows for {client}");
    let cells: Vec<_> = row
        .split('|')
        .map(|cell| cell.trim().replace('*', ""))
        .collect();
    for ((mode, cell), promised) in MODES.iter().zip(&cells).zip(promised) {
        assert!(
            cell.starts_with(&promised),
            "{client}, {mode}: {cell:?}, not {promised}"
        );
    }
}

/// Which of the two roles an ARN is, whatever role 1's session is called; role
/// 2's must be called after the job.
fn role_of(arn: Result<&str, &String>, session: &str) -> Option<u8> {
    let arn = match arn {
        Ok(arn) => arn,
        // What it lacks, and not something else that went wrong.
        Err(printed) => return printed.contains("redential").then_some(NONE),
    };
    let role_2 = format!("{}/{session}", scene::assumed(ROLE_2));
    if arn.starts_with(&format!("{}/", scene::assumed(ROLE_1))) {
        return Some(1);
    }
    (arn == role_2).then_some(2)
}

/// The calls that lead to that role, and the question who one is.
fn calls(mode: &str, role: u8) -> Vec<String> {
    let [first, second] = ["job-execution-role-1", "client-role-2"];
    if role == NONE {
        return vec![];
    }
    let source = match mode {
        "pod-identity" => "PodIdentity",
        _ => "AssumeRoleWithWebIdentity",
    };
    let mut calls = vec![format!("nobody {source} {first}")];
    if role == 2 {
        calls.push(format!("{first} AssumeRole {second}"));
    }
    let last = if role == 2 { second } else { first };
    calls.push(format!("{last} GetCallerIdentity"));
    calls
}
