//! Policy files: what each good one means, and the messages for each bad one.
//!
//! Every file under `tests/policies/bad` has its messages beside it, in a file
//! of the same name that ends in `.txt`: the problems with line and column,
//! then whether the JSON Schema rejects the file too. A file under
//! `tests/policies/good` has such a file if it gets a note or warning about one
//! of its lines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use rolegate_core::decision::{PolicyStore, ReloadOutcome};
use rolegate_core::names::Role;
use rolegate_core::names::RoleArn;
use rolegate_core::policy::Mode;
use rolegate_core::policy::RuleId;
use rolegate_core::policy::{ChainMode, Level, Policy, PolicyWarning, Strictness, check_report};
use rolegate_core::rules::json_schema;

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/policies").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn parse(text: &str) -> (Policy, Vec<PolicyWarning>) {
    Policy::parse("policy.yaml", text, now(), Strictness::Check)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn example() -> (Policy, Vec<PolicyWarning>) {
    parse(&fs::read_to_string("tests/policies/example.yaml").unwrap())
}

fn role(name: &str) -> Role {
    RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}"))
        .unwrap()
        .role()
        .clone()
}

/// The file as a JSON value, as an editor would show it to the schema.
fn as_json(text: &str) -> Option<serde_json::Value> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).ok()
}

#[test]
fn bad_files_are_told_what_to_do() {
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    let mut wrong = String::new();
    for path in files("bad") {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let error = Policy::parse(name, &text, now(), Strictness::Check).unwrap_err();
        let verdict = match as_json(&text) {
            None => "the schema never sees it: not one YAML document",
            Some(value) if schema.is_valid(&value) => "the schema lets it pass",
            Some(_) => "the schema refuses it",
        };
        let told = format!("{error}\n{verdict}\n");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if told != expected {
            write!(wrong, "--- {name}: expected\n{expected}--- told\n{told}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn good_files_are_taken_by_parser_and_schema() {
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    for path in files("good").into_iter().chain([
        "tests/policies/example.yaml".into(),
        "../examples/policies/role-chaining.yaml".into(),
    ]) {
        let text = fs::read_to_string(&path).unwrap();
        let parsed = Policy::parse(path.to_str().unwrap(), &text, now(), Strictness::Check);
        assert!(parsed.is_ok(), "{}", parsed.unwrap_err());
        let value = as_json(&text).unwrap();
        let told: Vec<_> = schema
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(told.is_empty(), "{}: {told:?}", path.display());
    }
}

/// A reader copies an example and changes the names of roles and namespaces.
#[test]
fn the_examples_keep_what_is_built_in() {
    let builtin = Policy::builtin();
    for file in fs::read_dir("../examples/policies").unwrap() {
        let path = file.unwrap().path();
        let (policy, _) = parse(&fs::read_to_string(&path).unwrap());
        assert_eq!(
            policy.emr_service.users, builtin.emr_service.users,
            "{path:?}"
        );
        assert!(policy.admins.groups.contains(&"system:masters".to_owned()));
    }
}

/// `kubectl` writes such a line between objects, and many files end with it.
#[test]
fn a_document_of_nothing_at_the_end_is_no_document() {
    let policy = "---\napiVersion: rolegate.dev/v1alpha1\nkind: Policy\n";
    for end in ["---\n", "---", "--- \n\n# nothing\n"] {
        parse(&format!("{policy}{end}"));
    }
    let two = format!("{policy}---\nkind: Policy\n");
    let error = Policy::parse("p.yaml", &two, now(), Strictness::Check).unwrap_err();
    assert!(error.to_string().contains("several documents"), "{error}");
}

/// One run tells of all problems, and prints the first fifty.
#[test]
fn many_problems_are_counted() {
    let names: Vec<_> = (0..60).map(|number| format!("\"N{number}\"")).collect();
    let text = format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters: [{{ namespaces: [{}] }}]\n",
        names.join(", ")
    );
    let error = Policy::parse("p.yaml", &text, now(), Strictness::Check).unwrap_err();
    assert_eq!(error.problems.len(), 60);
    let told = error.to_string();
    assert_eq!(told.lines().count(), 51, "{told}");
    assert!(told.ends_with("p.yaml: and 10 more problems"), "{told}");
    // Values of a wrong shape, one in each place where a text can stand.
    let text = "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities:\n  admins:\n    groups:\n    - [a]\n    - b\n    - { c: d }\n  # The end.\nexemptions: none\ndoors: { cluster: [enforce], authorise: {} }\n";
    let error = Policy::parse("p.yaml", text, now(), Strictness::Check).unwrap_err();
    let lines: Vec<_> = error
        .problems
        .iter()
        .map(|problem| problem.at.line)
        .collect();
    assert_eq!(lines, [6, 8, 10, 11, 11], "{error}");
}

#[test]
fn good_files_get_their_notes() {
    let mut wrong = String::new();
    for path in files("good") {
        let text = fs::read_to_string(&path).unwrap();
        let (_, warnings) = parse(&text);
        let mut notes = String::new();
        for warning in warnings.iter().filter(|warning| warning.at.is_some()) {
            writeln!(notes, "{warning}").unwrap();
        }
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() && !notes.is_empty() {
            fs::write(&expected, &notes).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if notes != expected {
            let name = path.display();
            write!(wrong, "--- {name}: expected\n{expected}--- told\n{notes}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_schema_is_a_schema_and_names_every_rule() {
    let schema = json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let rules = schema
        .pointer("/$defs/Rules/properties")
        .unwrap()
        .as_object()
        .unwrap();
    let builtin = Policy::builtin();
    let known = builtin.rules.modes.iter().map(|(about, _)| about.id);
    let known: Vec<_> = known.chain(builtin.rules.planned.iter().copied()).collect();
    assert!(known.iter().all(|rule| rules.contains_key(rule.as_str())));
    assert_eq!(rules.len(), known.len());
}

#[test]
fn the_example_means_what_it_says() {
    let (policy, warnings) = example();
    let etl = role("team-a-etl");
    assert_eq!(
        policy.emr_service.roles,
        [role("AWSServiceRoleForAmazonEMRContainers")]
    );
    assert!(policy.admins.contains("ada", ["platform-admins"]));
    assert!(
        policy
            .platform
            .iter()
            .any(|row| row.users == ["system:serviceaccount:argocd:argocd-application-controller"])
    );
    let [operator] = policy.operators.as_slice() else {
        panic!("one operator")
    };
    assert!(
        operator.is("system:serviceaccount:spark-operator:spark-operator") && operator.runs(&etl)
    );
    assert_eq!(
        policy
            .fixed_service_account("anywhere", "emr-containers-sa-spark")
            .unwrap()
            .role,
        etl
    );
    for (rule, mode) in [
        (RuleId::new("image-source"), Mode::Warn),
        (RuleId::new("execution-role"), Mode::Enforce),
        (RuleId::new("chain-profile"), Mode::Enforce),
        (RuleId::new("job-lifecycle"), Mode::Warn),
        (RuleId::new("pod-exec"), Mode::Enforce),
    ] {
        assert_eq!(policy.mode(rule), mode, "{rule}");
    }

    let cluster = policy.tenancy("spark-team-a");
    assert!(
        cluster
            .execution_roles
            .iter()
            .any(|pattern| pattern.matches(&etl))
    );
    let [chain] = cluster.chains.as_slice() else {
        panic!("one chain")
    };
    assert_eq!(
        (chain.from.role(), chain.required, chain.mode),
        (&etl, true, ChainMode::Profile)
    );
    assert_eq!(cluster.submitters_for("ada", ["team-a"]).count(), 1);
    assert_eq!(cluster.submitters_for("ada", ["team-b"]).count(), 0);
    assert!(policy.tenancy("spark-team-b").submitters.is_empty());

    let oncall = "arn:aws:sts::111122223333:assumed-role/oncall/ada";
    let [exemption] = policy.exemptions.as_slice() else {
        panic!("one exemption")
    };
    assert!(exemption.covers(RuleId::new("pod-exec"), oncall, Some("spark-team-a"), now()));
    assert!(!exemption.covers(RuleId::new("pod-exec"), oncall, Some("spark-team-b"), now()));

    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "note: this file gives rights to service accounts of argocd, spark-operator; in a namespace without rolegate's label, rolegate sees who requests their tokens and who changes them (the cluster door), but not who starts pods under them",
            "note: rule endpoint-exposure does not judge the ranges of load balancers until the policy gives it `sourceRanges`",
        ]
    );
}

#[test]
fn an_own_token_wants_a_region() {
    let chain = |more: &str| {
        let (_, warnings) = parse(&format!(
            "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n- namespaces: [a]\n  chains:\n  - {{ from: \"arn:aws:iam::111122223333:role/a\", to: [\"arn:aws:iam::111122223333:role/b\"]{more} }}\n"
        ));
        let told = warnings.iter().map(ToString::to_string);
        told.filter(|warning| warning.contains("without `region`"))
            .count()
    };
    assert_eq!(chain(""), 0);
    assert_eq!(chain(", token: own"), 1);
    assert_eq!(chain(", token: own, region: eu-west-1"), 0);
}

#[test]
fn what_is_not_said_is_built_in() {
    let builtin = Policy::builtin();
    let (mut minimal, _) = parse("apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n");
    minimal.hash = builtin.hash;
    assert_eq!(format!("{minimal:?}"), format!("{builtin:?}"));

    let (policy, _) = parse(&fs::read_to_string("tests/policies/good/all-keys.yaml").unwrap());
    assert!(
        !policy.admins.contains("x", ["system:masters"]),
        "a list replaces the built-in one"
    );
    let istiod = "system:serviceaccount:istio-system:istiod".to_owned();
    let rows: Vec<_> = policy
        .platform
        .iter()
        .filter(|row| row.users.contains(&istiod))
        .collect();
    assert_eq!(rows.len(), 1, "the entry replaces the built-in row");
    assert_eq!(rows[0].capabilities.iter().count(), 0);
    assert_eq!(policy.mode(RuleId::new("pod-exec")), Mode::Off);
    let submitters = &policy.tenancy("spark-b").submitters;
    assert!(
        submitters[0].service_accounts.is_empty(),
        "an empty list is not the built-in one"
    );

    let (policy, _) = parse(&fs::read_to_string("tests/policies/good/anchors.yaml").unwrap());
    assert_eq!(policy.tenancy("c").submitters[0].who.groups, ["team-a"]);
    assert_eq!(
        policy.tenancy("c").submitters[0].service_accounts,
        ["default"]
    );
}

#[test]
fn a_restart_never_fails_on_the_calendar() {
    let text = fs::read_to_string("tests/policies/bad/exemption-far.yaml").unwrap();
    let (policy, warnings) = Policy::parse("p", &text, now(), Strictness::Start).unwrap();
    assert_eq!(warnings[0].level, Level::Error);
    assert_eq!(
        warnings[0].message,
        "the exemption ends at 2027-02-21T00:00:00Z, more than 90 days ahead; set `until` to 2027-02-20T12:00:00Z or earlier; it has no effect while its end is more than 90 days ahead"
    );
    assert!(!policy.exemptions.iter().any(|one| one.covers(
        RuleId::new("pod-exec"),
        "ada",
        Some("spark"),
        now()
    )));

    let text = fs::read_to_string("tests/policies/good/expired.yaml").unwrap();
    let (policy, warnings) = Policy::parse("p", &text, now(), Strictness::Check).unwrap();
    assert_eq!(
        warnings[0].message,
        "the exemption ended at 2026-11-01T00:00:00Z and has no effect; remove it"
    );
    assert!(!policy.exemptions[0].in_force(now()));
}

#[test]
fn too_long_a_file_is_refused_before_it_is_read() {
    let text = format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n#{}",
        "x".repeat(1 << 20)
    );
    let error = Policy::parse("long.yaml", &text, now(), Strictness::Check).unwrap_err();
    assert_eq!(
        error.to_string(),
        "long.yaml:1:1: the file is larger than 1 MiB, the limit for a policy; make it smaller"
    );
}

#[test]
fn reload_replaces_keeps_and_notices_nothing_new() {
    let store = PolicyStore::new(Policy::builtin());
    let good = fs::read("tests/policies/example.yaml").unwrap();
    assert!(matches!(
        store.reload("p", &good, now()),
        ReloadOutcome::Replaced { .. }
    ));
    let loaded = store.load();
    assert!(matches!(
        store.reload("p", &good, now()),
        ReloadOutcome::Unchanged
    ));

    let ReloadOutcome::Kept(error) = store.reload("p", b"kind: Policy\n\xff", now()) else {
        panic!("not UTF-8")
    };
    assert_eq!(
        error.to_string(),
        "p:2:1: the file is not UTF-8 text; save it as UTF-8"
    );
    assert!(
        matches!(
            store.reload("p", b"kind: Policy\n\xff", now()),
            ReloadOutcome::Unchanged
        ),
        "told once"
    );
    assert_eq!(store.load().hash, loaded.hash);
    assert!(
        matches!(
            store.reload("p", &good, now()),
            ReloadOutcome::Replaced { .. }
        ),
        "mended"
    );
}

#[test]
fn the_report_tells_what_is_in_effect() {
    let (policy, warnings) = example();
    let told = check_report("example.yaml", &policy, &warnings, now());
    let expected = fs::read_to_string("tests/policies/example.report.txt").unwrap_or_default();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write("tests/policies/example.report.txt", &told).unwrap();
    } else {
        assert_eq!(told, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_text_makes_it_panic(at in 0_usize..1900, length in 0_usize..40, put in "[-a-z*?\\[\\]{}:,&!|>'\"\n\t #0-9é]{0,12}") {
        let text = fs::read_to_string("tests/policies/example.yaml").unwrap();
        let (head, tail): (String, String) =
            (text.chars().take(at).collect(), text.chars().skip(at + length).collect());
        let text = head + &put + &tail;
        if let Err(error) = Policy::parse("p", &text, now(), Strictness::Check) {
            let told = error.to_string();
            prop_assert!(told.lines().all(|line| line.starts_with("p:")), "{}", told);
            prop_assert!(told.lines().all(|line| line.len() < 800), "{}", told);
        }
    }
}
