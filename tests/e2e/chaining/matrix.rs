//! Which SDK ends in which role, in each mode. `make chain-table` prints it.

use std::fmt::Write;

use super::scene::{self, DRIVER, ROLE_1, ROLE_2};
use crate::harness::sdk::{From, Sdk};

const MODES: [&str; 4] = ["profile", "java-v2", "exclusive", "pod-identity"];

/// The role that each client ends in, a column a mode.
const PROMISED: [(Sdk, From<'static>, [u8; 4]); 7] = [
    (Sdk::Boto3, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Cli, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::JavaScript, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Rust, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Java, From::DefaultChain, [1, 2, 2, 2]),
    (Sdk::Java, From::Profile("default"), [2, 2, 2, 2]),
    (Sdk::Go, From::DefaultChain, [1, 1, 2, 2]),
];

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
            let _ = write!(
                table,
                " {} |",
                role.map_or("other".to_owned(), |role| format!("role {role}"))
            );
            if role != Some(promised) || aws.shown() != calls(mode, promised) {
                broken.push(format!(
                    "{}, mode {mode}: role {promised} was promised, it says {identity:?} after {:#?}",
                    sdk.name(), aws.shown()
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
    let page = include_str!("../../../docs/role-chaining.md");
    for (sdk, from, promised) in PROMISED {
        let client = match (sdk, from) {
            (Sdk::Boto3 | Sdk::Cli, _) => "boto3, AWS CLI 1 and 2",
            (Sdk::JavaScript, _) => "JavaScript SDK 3",
            (Sdk::Rust, _) => "Rust SDK",
            (Sdk::Java, From::DefaultChain) => "Java SDK 2, default chain",
            (Sdk::Java, From::Profile(_)) => "Java SDK 2, `ProfileCredentialsProvider` in code",
            (Sdk::Go, _) => "Go SDK 2",
        };
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
            let role = format!("role {promised}");
            assert!(
                cell.starts_with(&role),
                "{client}, {mode}: {cell:?}, not {role}"
            );
        }
    }
}

/// Which of the two roles an ARN is, whatever role 1's session is called; role
/// 2's must be called after the job.
fn role_of(arn: Result<&str, &String>, session: &str) -> Option<u8> {
    let arn = arn.ok()?;
    let role_2 = format!("{}/{session}", scene::assumed(ROLE_2));
    if arn.starts_with(&format!("{}/", scene::assumed(ROLE_1))) {
        return Some(1);
    }
    (arn == role_2).then_some(2)
}

/// The calls that lead to that role, and the question who one is.
fn calls(mode: &str, role: u8) -> Vec<String> {
    let [first, second] = ["job-execution-role-1", "client-role-2"];
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
