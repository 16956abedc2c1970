//! The command line, run as users run it: output and exit codes.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a failed step fails the test"
)]

use std::io::Write as _;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

fn rolegate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolegate"));
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs a command. Returns the exit code, standard output and standard error.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = rolegate(arguments)
        .write_stdin(input.as_bytes().to_vec())
        .output()
        .expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().expect("a code"),
        text(output.stdout),
        text(output.stderr),
    )
}

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: { name: x, namespace: spark-a }
spec: { serviceAccountName: emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98 }
";

fn case(path: &str) -> String {
    format!("tests/cases/{path}/request.json")
}

#[test]
fn review_of_what_tenants_try_and_what_emr_does() {
    for (path, code, words) in [
        (
            "pod-exec/tenant-execs-into-a-driver",
            1,
            "alice may not exec into pod spark-a/spark-0000000337okspsc913-driver",
        ),
        (
            "configmap-mutation/tenant-patches-a-pod-template",
            1,
            "alice may not change ConfigMap",
        ),
        (
            "foreign-service-account/tenant-starts-a-pod-as-the-driver",
            1,
            "becomes the IAM role 111122223333/team-a-etl",
        ),
        ("pod-exec/emr-execs", 0, "allowed: CONNECT pods/exec"),
        (
            "configmap-mutation/emr-writes-spark-defaults",
            0,
            "allowed: CREATE ConfigMap",
        ),
    ] {
        let (got, out, err) = run(&["review", &case(path)], "");
        assert_eq!((got, err.as_str()), (code, ""), "{path}");
        assert!(out.contains(words), "{out}");
        assert_eq!(code == 1, out.contains("instead:"), "{out}");
    }
}

#[test]
fn review_of_manifests() {
    let (code, out, _) = run(&["review", "--user", "alice", "-"], POD);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("denied: CREATE Pod x in spark-a by alice (tenant)"),
        "{out}"
    );
    for (arguments, code) in [
        (&["review", "--user", "emr-containers"][..], 0),
        (
            &["review", "--user", "root", "--group", "system:masters"],
            0,
        ),
        (&["review", "--user", "alice", "--mode", "warn"], 0),
        (&["review", "--user", "alice", "--mode", "audit"], 0),
        (&["review", "--user", "alice", "--operation", "delete"], 0),
        (&["review", "--user", "alice", "--operation", "update"], 1),
    ] {
        assert_eq!(run(arguments, POD).0, code, "{arguments:?}");
    }
    let exec = "apiVersion: v1\nkind: PodExecOptions\n";
    let (code, out, _) = run(
        &[
            "review",
            "--user",
            "alice",
            "--namespace",
            "spark-a",
            "--name",
            "driver",
        ],
        exec,
    );
    assert!(
        code == 1 && out.contains("alice may not exec into pod spark-a/driver"),
        "{out}"
    );
    // The token of a job's pod.
    let job = [
        "review",
        "--user",
        "system:serviceaccount:spark-a:emr-containers-sa-spark-client-111122223333-2hiamcixdm9axe98",
        "--uid",
        "1",
        "--extra",
        "authentication.kubernetes.io/pod-name=0000000337okspsc913-abcde",
        "--extra",
        "authentication.kubernetes.io/pod-uid=2",
    ];
    let driver = POD.replace("name: x", "name: spark-0000000337okspsc913-driver");
    let (code, out, _) = run(&job, &driver);
    assert!(code == 0 && out.contains("(job)"), "{out}");
}

#[test]
fn review_of_many_documents() {
    let list = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}]}"#;
    let (code, out, _) = run(
        &["review", "--user", "alice", "--format", "json"],
        &format!("{list}\n{list}"),
    );
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!((code, lines.len()), (1, 4));
    let allowed: Vec<bool> = lines
        .iter()
        .map(|line| line["allowed"].as_bool().expect("a bool"))
        .collect();
    assert_eq!(allowed, [true, false, true, false]);
    assert_eq!(lines[1]["findings"][0]["rule"], "configmap-mutation");
    let (code, out, _) = run(
        &["review", "--user", "alice"],
        &format!("{POD}---\n{POD}---\n"),
    );
    assert_eq!((code, out.matches("denied:").count()), (1, 2), "{out}");
}

/// A temporary file, and its path as an argument.
fn file(content: &str) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(content.as_bytes()).expect("written");
    let path = file.path().to_str().expect("a path").to_owned();
    (file, path)
}

const WORKLOADS: &str = "# Two objects.
apiVersion: v1
kind: ConfigMap
metadata:
  name: b
  namespace: spark-a
---
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: a, namespace: spark-a}
  spec:
    template:
      spec:
        containers:
        - name: main
          image: busybox
        serviceAccountName: emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98
";

/// Findings have their position in the file, in text and in JSON.
#[test]
fn review_says_line_and_column() {
    let (_kept, path) = file(WORKLOADS);
    let (code, out, err) = run(&["review", "--user", "alice", &path], "");
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    for line in [
        format!("    at:      {path}:2:1"),
        format!("    at:      {path}:20:9 spec.template.spec.serviceAccountName"),
    ] {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
    let (_, out, _) = run(
        &["review", "--user", "alice", "--format", "json", &path],
        "",
    );
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["source"], format!("{path}#1"));
    let finding = |line: usize, rule: &str| {
        let findings = lines[line]["findings"].as_array().expect("findings");
        let found = findings.iter().find(|finding| finding["rule"] == rule);
        found.cloned().unwrap_or_else(|| panic!("{rule}: {out}"))
    };
    let location = |line: u32, column: u32| serde_json::json!({ "file": path, "line": line, "column": column });
    let whole = finding(0, "configmap-mutation");
    assert_eq!(whole["location"], location(2, 1));
    assert!(whole["pointer"].is_null(), "{whole}");
    let field = finding(1, "foreign-service-account");
    assert_eq!(field["location"], location(20, 9));
    assert_eq!(field["pointer"], "/spec/template/spec/serviceAccountName");
}

/// Positions in JSON, in standard input and in a DELETE, and none for an object
/// that the file does not contain.
#[test]
fn review_says_line_and_column_in_every_input() {
    let pod = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\n \"metadata\":{\"name\":\"x\"},\n \"spec\":{\"hostNetwork\":true}}";
    let (_, out, _) = run(&["review", "--user", "alice"], pod);
    assert!(
        out.contains("at:      standard input:3:10 spec.hostNetwork"),
        "{out}"
    );
    // The object is inside an AdmissionReview.
    let path = case("foreign-service-account/tenant-starts-a-pod-as-the-driver");
    let text = std::fs::read_to_string(&path).expect("readable");
    let before = text.find("\"serviceAccountName\"").expect("there");
    let line = text[..before].matches('\n').count() + 1;
    let column = before - text[..before].rfind('\n').expect("lines");
    let (_, out, _) = run(&["review", &path], "");
    let at = format!("at:      {path}:{line}:{column} spec.serviceAccountName");
    assert!(out.contains(&at), "{at}\n{out}");
    // A DELETE has only the stored object.
    let delete = "apiVersion: admission.k8s.io/v1
kind: AdmissionReview
request:
  uid: a
  kind: {group: \"\", version: v1, kind: ConfigMap}
  resource: {group: \"\", version: v1, resource: configmaps}
  name: b
  namespace: spark-a
  operation: DELETE
  userInfo: {username: alice}
  object: null
  oldObject:
    metadata: {name: b, namespace: spark-a}
";
    let (code, out, _) = run(&["review"], delete);
    assert!(
        code == 1 && out.contains("at:      standard input:12:3\n"),
        "{out}"
    );
    // The same DELETE without the object.
    let (held, _) = delete.split_once("  oldObject:").expect("there");
    let (_, out, err) = run(&["review"], held);
    assert!(!out.contains("at:"), "{out}{err}");
}

/// A field that role chaining adds is not in the file, so that positions of the
/// other fields must not move.
#[test]
fn review_of_a_chained_pod_points_into_the_file() {
    let review = case("chain-profile/driver-without-the-required-profile");
    let review = std::fs::read_to_string(review).expect("readable");
    let review: serde_json::Value = serde_json::from_str(&review).expect("JSON");
    let mut pod = review["request"]["object"].clone();
    pod["spec"]["hostNetwork"] = true.into();
    let pod = serde_json::to_string_pretty(&pod).expect("JSON");
    let (before, _) = pod.split_once("\"hostNetwork\"").expect("there");
    let line = before.matches('\n').count() + 1;
    let (code, out, _) = run(&["review", "--user", "alice", "--policy", CHAINS], &pod);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("+ metadata.annotations"), "{out}");
    assert!(
        out.contains(&format!(
            "at:      standard input:{line}:5 spec.hostNetwork"
        )),
        "{out}"
    );
}

#[test]
fn bad_input_is_exit_code_2_and_one_sentence() {
    for (arguments, input, words) in [
        (&["review"][..], "", "it contains no document"),
        (&["review"], "a: [", "it is not YAML"),
        (&["review"], "{\"a\":", "ends too early"),
        (&["review"], "a: b", "`kind` is missing"),
        (&["review"], "kind: Pod", "`apiVersion` is missing"),
        (
            &["review", "no-such-file"],
            "",
            "no-such-file: cannot read it",
        ),
        (
            &["review"],
            r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#,
            "list `v1`",
        ),
        (
            &["review", "--policy", "no-such-file"],
            POD,
            "cannot read policy",
        ),
        (&["review", "--extra", "x"], POD, "KEY=VALUE"),
        (
            &["explain", "no-such-rule"],
            "",
            "there is no rule `no-such-rule`",
        ),
        (
            &[
                "policy",
                "check",
                "core/tests/policies/bad/unknown-key.yaml",
            ],
            "",
            "unknown-key.yaml:",
        ),
        (&["frobnicate"], "", "unrecognized subcommand"),
        (&["serve", "--tls-cert", "x"], "", "--tls-key"),
    ] {
        let (code, _, err) = run(arguments, input);
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let (code, out, err) = run(
        &[
            "review",
            "no-such-file",
            &case("pod-exec/tenant-execs-into-a-driver"),
        ],
        "",
    );
    assert!(
        code == 2 && out.contains("denied") && err.contains("no-such-file"),
        "{out}{err}"
    );
}

#[test]
fn explain_lists_and_prints() {
    let (code, out, _) = run(&["explain"], "");
    assert_eq!(
        (code, out.lines().count()),
        (
            0,
            rolegate_core::rules::RULES.len() + 2 + rolegate_core::scan::CHECKS.len()
        ),
        "{out}"
    );
    for check in rolegate_core::scan::CHECKS {
        let (code, out, _) = run(&["explain", check.id.as_str()], "");
        assert!(
            code == 0 && out.starts_with(&format!("# {}\n", check.id)),
            "{out}"
        );
        for part in ["## What it finds", "## What to do instead"] {
            assert!(out.contains(part), "{} lacks {part}", check.id);
        }
    }
    for rule in rolegate_core::rules::RULES {
        let (code, out, _) = run(&["explain", rule.about().id.as_str()], "");
        assert_eq!(code, 0);
        for part in ["# ", "## What it stops", "## Why", "## What to do instead"] {
            assert!(out.contains(part), "{} lacks {part}", rule.about().id);
        }
        assert!(
            out.starts_with(&format!("# {}\n", rule.about().id)),
            "{out}"
        );
    }
}

#[test]
fn policy_check_and_schema() {
    let mut policy = tempfile::NamedTempFile::new().expect("a file");
    writeln!(
        policy,
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ pod-exec: {{ mode: warn }} }}"
    )
    .expect("written");
    let path = policy.path().to_str().expect("a path");
    let (code, out, err) = run(&["policy", "check", path], "");
    assert_eq!((code, err.as_str()), (0, ""), "{err}");
    assert!(out.contains("pod-exec                 warn"), "{out}");
    let (code, out, _) = run(
        &[
            "review",
            "--policy",
            path,
            &case("pod-exec/tenant-execs-into-a-driver"),
        ],
        "",
    );
    assert!(code == 0 && out.contains("allowed with a warning"), "{out}");
    let (code, out, _) = run(&["policy", "schema"], "");
    let schema: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(
        code == 0 && schema["properties"]["virtualClusters"].is_object(),
        "{out}"
    );
}

#[test]
fn the_shipped_policy_is_good() {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy.yaml");
    let (code, out, err) = run(
        &["policy", "check", manifests.to_str().expect("a path")],
        "",
    );
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, _) = run(&["completions", shell], "");
        assert!(code == 0 && out.contains("rolegate"), "{shell}");
    }
}

const CHAINS: &str = "tests/cases/chain-profile/driver-without-the-required-profile/policy.yaml";
const CHAINED: &str = "emr-containers-sa-spark-driver-111122223333-cfkwzvtaslsjjjowqmdrhwi0gvifg35";

#[test]
fn chain_render_prints_a_profile() {
    let render = |more: &[&str]| {
        let arguments = [
            "chain",
            "render",
            "--policy",
            CHAINS,
            "--namespace",
            "spark-a",
        ];
        run(&[&arguments, more].concat(), "")
    };
    let (code, out, _) = render(&[
        "--service-account",
        CHAINED,
        "--job-id",
        "0000000337okspsc913",
    ]);
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "# Written by rolegate.\n[default]\nrole_arn = arn:aws:iam::444455556666:role/client-role-2\n\
             source_profile = rolegate-source\nrole_session_name = emr-0000000337okspsc913\n\
             sts_regional_endpoints = regional\n[profile rolegate-source]\n\
             role_arn = arn:aws:iam::111122223333:role/job-execution-role-1\n\
             web_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token\n\
             role_session_name = emr-0000000337okspsc913\nsts_regional_endpoints = regional\n"
        )
    );
    let to = "arn:aws:iam::444455556666:role/client-role-2";
    let (code, out, _) = render(&["--service-account", CHAINED, "--to", to, "--pod-identity"]);
    assert!(
        code == 0 && out.contains("credential_source = EcsContainer"),
        "{out}"
    );
    for (more, words) in [
        (&["--service-account", "default"][..], "maps to no IAM role"),
        (
            &[
                "--service-account",
                "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98",
            ],
            "lists no chain from 111122223333/team-a-etl",
        ),
        (
            &["--service-account", CHAINED, "--to", "role/x"],
            "a role ARN looks like",
        ),
        (
            &[
                "--service-account",
                CHAINED,
                "--to",
                "arn:aws:iam::444455556666:role/x",
            ],
            "does not list arn:aws:iam::444455556666:role/x; it lists arn:aws:iam::444455556666:role/client-role-2",
        ),
        (
            &["--service-account", CHAINED, "--job-id", "a b"],
            "19 characters",
        ),
    ] {
        let (code, out, err) = render(more);
        assert_eq!((code, out.as_str()), (2, ""), "{more:?}");
        assert!(err.contains(words), "{more:?}: {err}");
    }
}

/// A pod is reviewed as it is after the mutating webhook, and the difference is shown.
#[test]
fn review_shows_what_chaining_does() {
    let file = case("chain-profile/driver-without-the-required-profile");
    let (code, out, _) = run(&["review", "--policy", CHAINS, &file], "");
    assert_eq!(code, 0, "{out}");
    for words in [
        "chained to arn:aws:iam::444455556666:role/client-role-2 in mode profile",
        "+ metadata.annotations[\"rolegate.dev/aws-config\"]",
        "  +   source_profile = rolegate-source",
        "+ spec.volumes[]: {",
        "+ spec.containers[0].env[]: {\"name\":\"AWS_CONFIG_FILE\"",
        "warning: rolegate: EMRFS",
    ] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    let (_, out, _) = run(
        &["review", "--policy", CHAINS, "--format", "json", &file],
        "",
    );
    let line: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(line["allowed"], true);
    assert_eq!(line["chain"]["mode"], "profile");
    assert!(line["chain"]["patch"].as_array().expect("a patch").len() > 4);
    assert!(line["chain"]["pod"]["metadata"]["annotations"]["rolegate.dev/aws-config"].is_string());
    // Without a chain nothing is shown.
    let (_, out, _) = run(&["review", "--format", "json", &file], "");
    assert!(!out.contains("\"chain\""), "{out}");
    let file = case("chain-profile/driver-after-eks-failed-open");
    let (code, out, _) = run(&["review", "--policy", CHAINS, &file], "");
    assert!(
        code == 1 && out.contains("no credentials from EKS"),
        "{out}"
    );
}

/// As in `rolegate review … | head -1`, once `head` has read its line.
#[test]
fn a_closed_standard_output_ends_every_command_quietly() {
    let pods = POD.to_owned() + "---" + POD;
    let (_pods, pods) = file(&pods);
    for arguments in [
        &["review", "--user", "ana", &pods][..],
        &["review", "--format", "json", "--user", "ana", &pods],
        &["explain"],
        &["explain", "pod-exec"],
        &["policy", "check", "manifests/policy.yaml"],
        &["policy", "schema"],
        &["manifests", "policies"],
        &["completions", "bash"],
        &[
            "chain",
            "render",
            "--policy",
            CHAINS,
            "--namespace",
            "spark-a",
            "--service-account",
            CHAINED,
        ],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rolegate"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(writer)
            .output()
            .expect("runs");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        // Notes about the policy are not about the output.
        let notes = |line: &str| line.starts_with("note: ");
        assert!(said.lines().all(notes), "{arguments:?}: {said}");
        if arguments != ["--help"] {
            assert_eq!(output.status.code(), Some(141), "{arguments:?}");
        }
    }
}

const SUBMITTERS: &str = "apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
  - serviceAccount: spark-operator/spark-operator
    roles: [\"arn:aws:iam::111122223333:role/team-a-*\"]
virtualClusters:
- namespaces: [spark-a]
  executionRoles: [\"arn:aws:iam::111122223333:role/team-a-*\"]
  submitters:
  - groups: [team-a]
    roles: [\"arn:aws:iam::111122223333:role/team-a-etl\"]
    secrets: [\"app-*\"]
";

/// A pod template as it is given to `StartJobRun`.
const TEMPLATE: &str = "apiVersion: v1
kind: Pod
spec:
  volumes:
  - {name: s, secret: {secretName: app-x}}
  containers:
  - name: spark-kubernetes-driver
";

#[test]
fn review_as_somebody() {
    let (_kept, policy) = file(SUBMITTERS);
    let review = |who: &str, more: &[&str], input: &str| {
        let arguments = [&["review", "--as", who, "--policy", &policy], more].concat();
        run(&arguments, input)
    };
    let executor = TEMPLATE.replace("-driver", "-executor");
    let hostile = TEMPLATE.replace("secretName: app-x", "secretName: rds");
    let on_host = TEMPLATE.replace("spec:", "spec:\n  hostNetwork: true");
    let named = format!("{TEMPLATE}  serviceAccountName: default\n");
    for (who, input, code, words) in [
        (
            "emr",
            TEMPLATE,
            0,
            "allowed: CREATE Pod spark-0000000000000000000-driver in spark-a by system:serviceaccount:spark-a:emr-containers-sa-spark-client-111122223333-2hiamcixdm9axe98 (job)\n  judged: a pod template of a job that Amazon EMR runs as 111122223333/team-a-etl: the driver of a job with the role 111122223333/team-a-etl, which its job runner creates, as system:serviceaccount:",
        ),
        (
            "emr",
            &executor,
            0,
            "-exec-1 in spark-a by system:serviceaccount:spark-a:emr-containers-sa-spark-driver-",
        ),
        ("emr", &hostile, 1, "with Secret rds"),
        (
            "emr",
            &on_host,
            1,
            "at:      standard input:4:3 spec.hostNetwork",
        ),
        ("job:team-a-etl", TEMPLATE, 0, "(job)"),
        ("job:111122223333/team-a-etl", TEMPLATE, 0, "(job)"),
        (
            "job:arn:aws:iam::111122223333:role/team-a-etl",
            TEMPLATE,
            0,
            "(job)",
        ),
        ("job:team-a-reports", TEMPLATE, 1, "with Secret app-x"),
        (
            "job:team-a-etl",
            &named,
            1,
            "a job starts pods under its own role's service accounts only",
        ),
        (
            "operator:spark-operator/spark-operator",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c}]}",
            0,
            "(operator)",
        ),
        ("tenant", &named, 1, "by somebody (tenant)"),
        ("user:ana", &named, 1, "by ana (tenant)"),
        (
            "admin",
            POD,
            0,
            "by admin (admin)\n  judged: an administrator of the policy, as admin",
        ),
        ("platform:karpenter", &named, 1, "(platform)"),
        ("platform:kube-system/karpenter", &named, 1, "(platform)"),
        (
            "emr",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}",
            0,
            "by emr-containers (emr-service)\n  judged: Amazon EMR itself",
        ),
        (
            "job:team-a-etl",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}",
            1,
            "(job)",
        ),
    ] {
        let (got, out, err) = review(who, &[], input);
        assert!(
            got == code && out.contains(words),
            "{who}: {got}\n{out}{err}"
        );
    }
    // A person's groups; the output for programs; a list; a pod without anything.
    let (code, out, _) = review("user:ana", &["--group", "team-a"], &named);
    assert_eq!(code, 0, "{out}");
    let (_, out, _) = review("emr", &["--format", "json"], TEMPLATE);
    let line: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(line["request"]["class"], "job");
    assert!(
        line["judged"]
            .as_str()
            .expect("a text")
            .contains("team-a-etl"),
        "{line}"
    );
    let json = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod"},{"apiVersion":"v1","kind":"Pod","spec":[],"metadata":{"labels":[]}}]}"#;
    let (code, out, err) = review("emr", &[], json);
    assert!(
        code == 2 && out.contains("judged:") && err.contains("#2"),
        "{out}{err}"
    );
    // Without a policy.
    let (code, out, _) = run(
        &["review", "--as", "emr"],
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: spark-kubernetes-driver}]}",
    );
    assert!(code == 0 && out.contains("111122223333/example"), "{out}");
    // An AdmissionReview says itself who asks.
    let (code, out, _) = review("admin", &[&case("pod-exec/tenant-execs-into-a-driver")], "");
    assert!(code == 1 && !out.contains("judged:"), "{out}");
    for (who, words) in [
        (
            "nobody",
            "--as nobody: `nobody` is none of emr, admin, tenant, user:<name>",
        ),
        ("job:other", "the policy has no role `other`"),
        (
            "job:team-a-*",
            "it has job:team-a-etl, job:<a role that `team-a-*` matches, like team-a-x>",
        ),
        (
            "job:",
            "a name is missing after the colon; of the names in the policy (virtualClusters[].executionRoles",
        ),
        (
            "job:arn:aws:iam::444455556666:role/team-a-etl",
            "the policy has no role",
        ),
        (
            "operator:a/b",
            "it has operator:spark-operator/spark-operator",
        ),
        ("platform:x", "platform:karpenter"),
        ("user:", "is none of"),
        ("", "is none of"),
    ] {
        let (code, out, err) = review(who, &[], TEMPLATE);
        assert!(
            code == 2 && out.is_empty() && err.contains(words),
            "{who}: {err}"
        );
    }
    let (code, _, err) = review("emr", &["--user", "x"], TEMPLATE);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
}

/// YAML as `kubectl` takes it.
#[test]
fn review_reads_yaml_as_kubectl_does() {
    let twice = "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\nspec:\r\n  hostNetwork: no\r\n  hostNetwork: yes\r\n";
    let (code, out, err) = run(&["review"], twice);
    assert!(
        code == 1 && out.contains("standard input:6:3 spec.hostNetwork"),
        "{out}"
    );
    assert_eq!(
        err,
        "warning: standard input:6: key `hostNetwork` is in line 5 already; the last value counts, as for kubectl\n"
    );
    let (code, out, err) = run(&["review"], "apiVersion: v1\nkind: List\nitems: []\n");
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("nothing to judge"), "{err}");
    let (code, _, err) = run(
        &["review"],
        "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
    );
    assert!(
        code == 2
            && err.contains(
                "line 3 (key `name`); render it first, as `helm template … | rolegate review -`"
            ),
        "{err}"
    );
}

/// What the API server would refuse is said of the file, not of the JSON made from it.
#[test]
fn review_names_a_value_of_the_wrong_type() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c\n    name: x\n    image: IMAGE\n  - <<: *c\n    name: z\n";
    let (code, out, err) = run(&["review"], &pod.replace("IMAGE", "img"));
    assert!(code == 0 && out.contains("allowed"), "{out}{err}");
    let (code, _, err) = run(&["review"], &pod.replace("IMAGE", "y"));
    assert_eq!(
        (code, err.as_str()),
        (
            2,
            "rolegate: standard input#1: `spec.containers[0].image` (line 8, column 5) is a boolean, which this field cannot be; if it is text, put quotes around it: `y`, `n`, `yes`, `no`, `on` and `off` are booleans in YAML\n"
        )
    );
    let (code, _, err) = run(&["review"], &pod.replace("IMAGE", "[a]"));
    assert!(
        code == 2 && err.contains("`spec.containers[0].image` (line 8, column 5) is a list"),
        "{err}"
    );
    let (code, _, err) = run(
        &["review"],
        r#"[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}]"#,
    );
    assert!(
        code == 2 && err.contains("it is a list, not a manifest; write its elements"),
        "{err}"
    );
}

/// For files nothing is looked up: a rule that would have to says so, in text and in JSON.
#[test]
fn review_says_which_rule_did_not_judge() {
    const LINE: &str =
        "  not judged: foreign-service-account: rolegate would look up deployments.apps spark-a/";
    let autoscaler = |name: &str| {
        format!(
            "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: h, namespace: spark-a}}
spec: {{maxReplicas: 3, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: \"{name}\"}}}}
"
        )
    };
    let alice = ["review", "--user", "alice"];
    let (code, out, _) = run(&alice, &autoscaler("gateway"));
    assert!(
        code == 0 && out.contains(&format!("{LINE}gateway\n")),
        "{out}"
    );
    // A tenant's text neither ends the line nor reaches the terminal as it is.
    let (_, out, _) = run(&alice, &autoscaler("a\\nallowed\\u001b[2J"));
    assert!(out.contains(LINE) && !out.contains('\u{1b}'), "{out:?}");
    assert!(
        !out.lines().any(|line| line.starts_with("allowed")),
        "{out}"
    );

    let line = |input: &str| -> serde_json::Value {
        let (_, out, _) = run(&["review", "--user", "alice", "--format", "json"], input);
        serde_json::from_str(&out).expect("JSON")
    };
    let skipped = serde_json::json!([
        { "rule": "foreign-service-account", "need": "deployments.apps spark-a/gateway" }
    ]);
    assert_eq!(line(&autoscaler("gateway"))["skipped"], skipped);
    // Every rule judged this one.
    assert_eq!(line(POD)["skipped"], serde_json::json!([]));
    assert!(!run(&alice, POD).1.contains("not judged"));
}

/// What the policy leaves out is one line, not a list before each result.
#[test]
fn review_counts_the_notes_about_its_policy() {
    let (_kept, policy) = file(SUBMITTERS);
    let (_, _, err) = run(&["review", "--policy", &policy], POD);
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("notes about the policy; `rolegate policy check"),
        "{err}"
    );
}

#[test]
fn review_warns_about_the_pods_of_a_workload() {
    let deployment = "apiVersion: apps/v1
kind: Deployment
metadata: {name: thrift, namespace: spark-a}
spec:
  template:
    spec:
      serviceAccountName: emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98
      containers: [{name: c, image: x}]
";
    let admin = ["review", "--user", "root", "--group", "system:masters"];
    let (code, out, _) = run(&admin, deployment);
    assert!(
        code == 0 && out.contains("  warning: rolegate foreign-service-account: the pods of Deployment thrift will be refused for spec.template.spec.serviceAccountName\n  warning: rolegate: instead, start it through Amazon EMR"),
        "{out}"
    );
}

/// Runs every command of a page, and compares what the page shows.
fn runs_as_shown(page: &str, expected: &[i32]) {
    let mut codes = Vec::new();
    for block in page.split("```console\n$ rolegate ").skip(1) {
        let (block, _) = block.split_once("```").expect("a whole block");
        let (command, shown) = block.split_once('\n').expect("output");
        let arguments: Vec<&str> = command.split(' ').collect();
        let (code, output, errors) = run(&arguments, "");
        let errors = errors.lines().filter(|line| !line.starts_with("note: "));
        assert_eq!(errors.count(), 0, "{command}");
        assert_eq!(output, shown, "{command}");
        codes.push(code);
    }
    assert_eq!(codes, expected);
}

#[test]
fn the_page_on_who_can_do_what_shows_what_the_commands_print() {
    runs_as_shown(include_str!("../docs/who-can-do-what.md"), &[0; 5]);
}

#[test]
fn the_page_on_scans_shows_what_the_commands_print() {
    runs_as_shown(include_str!("../docs/scan.md"), &[1, 1]);
}

const SCAN: [&str; 5] = [
    "scan",
    "--from",
    "examples/scan",
    "--policy",
    "examples/policies/start-job-run.yaml",
];

#[test]
fn a_scan_fails_by_severity_and_prints_json() {
    let scan = |more: &[&str]| run(&[&SCAN[..], more].concat(), "");
    for (fail_on, code) in [("low", 1), ("critical", 1), ("never", 0)] {
        assert_eq!(scan(&["--fail-on", fail_on]).0, code, "{fail_on}");
    }
    let (_, output, _) = scan(&["--format", "json"]);
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let found: Vec<String> = lines
        .iter()
        .filter(|line| line["type"] == "finding")
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let name = &line["object"]["name"];
            format!("{} {} {name}", text("severity"), text("rule"))
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"critical rbac-grant "developers""#,
            r#"critical emr-access "aws-auth""#,
            r#"low pod-readers "spark-team-a""#,
            r#"high node-access "dev""#,
            r#"critical credential-provider "debug""#,
            r#"low waiting-workload "prepared""#,
            r#"critical foreign-service-account "prepared""#,
        ]
    );
    let last = lines.last().expect("a summary");
    assert_eq!(last["findings"]["critical"], 4);
    let role = lines.iter().find(|line| line["type"] == "executionRole");
    let role = role.expect("the job's role");
    assert_eq!((&role["pods"], &role["listed"]), (&json!(1), &json!(true)));
}

/// Trust policies that let in more than the policy means.
#[test]
fn a_scan_with_trust_policies() {
    let arguments = [
        "scan",
        "--from",
        "examples/scan",
        "--policy",
        "examples/iam/policy.yaml",
        "--trust",
    ];
    for (file, found) in [
        ("examples/iam/account.json", true),
        ("examples/iam/account-fixed.json", false),
    ] {
        let (_, output, errors) = run(&[&arguments[..], &[file]].concat(), "");
        let line = output.lines().find(|line| line.contains(" trust-policy "));
        assert_eq!(line.is_some(), found, "{output}{errors}");
        let role = "roles arn:aws:iam::000011112222:role/team-a-etl: ";
        assert!(line.is_none_or(|line| line.contains(role)), "{line:?}");
    }
}

/// The job of the example alone is in order; under a role that the policy does not list it
/// is not.
#[test]
fn a_scan_of_a_job_finds_nothing() {
    let text = include_str!("../examples/scan/cluster.yaml");
    let documents: Vec<&str> = text.split("---\n").collect();
    let job = [documents[0], documents[2]].join("---\n");
    let from = ["scan", "--from", "-", "--policy"];
    let policy = "examples/policies/start-job-run.yaml";
    let (code, output, errors) = run(&[&from[..], &[policy]].concat(), &job);
    assert_eq!(code, 0, "{output}{errors}");
    assert!(output.contains("no findings; read: 2 objects"), "{output}");
    let ready = ["--ready-to-enforce", "spark-team-a"];
    let (code, output, _) = run(&[&from[..], &[policy], &ready].concat(), &job);
    assert_eq!(code, 0, "{output}");
    assert!(
        output.ends_with("spark-team-a is ready to enforce\n"),
        "{output}"
    );
    let listed = std::fs::read_to_string(policy).expect("readable");
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("policy.yaml");
    std::fs::write(&other, listed.replace("role/team-a-", "role/team-b-")).expect("written");
    let other = other.to_str().expect("UTF-8");
    let (code, output, _) = run(&[&from[..], &[other]].concat(), &job);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("high execution-role pods"), "{output}");
    assert!(
        output.contains("1 pod, which the policy does not list there"),
        "{output}"
    );
}

#[test]
fn a_scan_says_what_it_cannot_read() {
    let (code, output, errors) = run(&["scan", "--from", "no-such-file"], "");
    assert_eq!((code, output.as_str()), (2, ""));
    assert!(errors.contains("cannot read no-such-file"), "{errors}");
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: a}\nspec: []\n\
                  ---\nmetadata: {}\n";
    let (_, output, _) = run(&["scan", "--from", "-", "-n", "a"], broken);
    assert!(output.contains("standard input#2: "), "{output}");
    assert!(output.contains("Pod a/x: not judged: "), "{output}");
    let ready = ["scan", "--from", "-", "--ready-to-enforce", "a"];
    let (code, output, _) = run(&ready, broken);
    assert_eq!(code, 1, "what was not judged is not ready: {output}");
}

/// kubectl runs plug-ins by their names.
#[cfg(unix)]
#[test]
fn as_a_plug_in_of_kubectl() {
    let folder = tempfile::tempdir().expect("a folder");
    let plug_in = folder.path().join("kubectl-rolegate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rolegate"), &plug_in).expect("a link");
    let output = Command::new(&plug_in).args(["scan", "--help"]).output();
    let output = String::from_utf8(output.expect("runs").stdout).expect("UTF-8");
    assert!(output.contains("Usage: kubectl rolegate scan"), "{output}");
}

#[test]
fn who_can_and_can_say_what_is_wrong() {
    let from = ["--from", "examples/rbac"];
    for (arguments, expected) in [
        (
            &["who-can", "Get", "secrets"][..],
            "`Get` is no verb of RBAC",
        ),
        (
            &["who-can", "get", "sparkapplications"],
            "write the group of a custom resource",
        ),
        (
            &["who-can", "get", "/metrics", "-n", "a"],
            "a URL has neither a namespace nor a name",
        ),
        (
            &["who-can", "get", "pods", "--from", "examples/reviews"],
            "there is no Role, ClusterRole",
        ),
        (
            &["who-can", "get", "pods", "--from", "no-such-file"],
            "cannot read no-such-file",
        ),
        (&["can", "alice"], "--namespace"),
        (
            &["can", "system:masters", "-n", "a"],
            "system:masters is a group; name a user in it, and the group with --group system:masters",
        ),
        (&["can", "", "-n", "a"], "the subject is empty"),
        (
            &["can", "a/b/c", "-n", "a"],
            "`a/b/c` is no service account; write NAMESPACE/NAME",
        ),
        (
            &["who-can", "patch", "secret"],
            "resources are in the plural: `secrets`",
        ),
    ] {
        let mut arguments = arguments.to_vec();
        if !arguments.contains(&"--from") {
            arguments.extend(from);
        }
        let (code, output, errors) = run(&arguments, "");
        assert_eq!((code, output.as_str()), (2, ""), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
    // Standard input, a Role without a namespace, and one object per line.
    let role = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: r }
rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: b }
roleRef: { kind: Role, name: r }
subjects: [{ kind: User, name: alice }, { kind: ServiceAccount, name: s }]
";
    let arguments = [
        "who-can", "get", "pods", "-n", "a", "--from", "-", "--format", "json",
    ];
    let (code, output, _) = run(&arguments, role);
    let lines: Vec<serde_json::Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(code, 0);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["subject"], "user alice");
    assert_eq!(lines[0]["grants"][0]["binding"], "RoleBinding a/b");
    assert_eq!(lines[1]["subject"], "service account a/s");
    assert_eq!(lines[1]["way"], "holds");
}

fn json_lines(arguments: &[&str]) -> Vec<serde_json::Value> {
    let (code, output, errors) = run(&[arguments, &["--format", "json"]].concat(), "");
    assert_eq!((code, errors.as_str()), (0, ""), "{arguments:?}");
    let lines = output.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The second parts, for programs.
#[test]
fn who_can_and_can_say_who_can_get_it() {
    let from = ["-n", "spark-team-a", "--from", "examples/rbac"];
    let lines = json_lines(&[&["who-can", "get", "secrets"][..], &from].concat());
    let last = lines.last().expect("three lines");
    assert_eq!(last["subject"], "service account spark-team-a/pipeline");
    assert_eq!(last["way"], "start-pod");
    assert_eq!(last["through"][0], "service account spark-team-a/dashboard");
    assert_eq!(
        last["grants"][0]["binding"],
        "RoleBinding spark-team-a/pipeline"
    );
    let lines = json_lines(&[&["can", "spark-team-a/pipeline"][..], &from].concat());
    let last = lines.last().expect("a line");
    assert_eq!(last["as"], "service account spark-team-a/dashboard");
    assert_eq!(last["ways"][0]["way"], "start-pod");
    assert_eq!(last["gains"][0]["resource"], "secrets");
    assert_eq!(last["gains"][0]["verbs"][0], "get");
}

/// The rights of installed software in a job's namespace.
#[test]
fn who_can_do_what_with_installed_software() {
    let from = ["-n", "spark-team-a", "--from", "tests/recorded/rbac"];
    let who = |verb: &str, resource: &str| -> Vec<String> {
        let lines = json_lines(&[&["who-can", verb, resource][..], &from].concat());
        let holders = lines.iter().filter(|line| line["way"] == "holds");
        holders
            .map(|line| {
                let subject = line["subject"].as_str().expect("a subject");
                let (_, name) = subject.rsplit_once('/').expect("a service account");
                name.to_owned()
            })
            .collect()
    };
    let argo = "argocd-application-controller";
    assert_eq!(
        who("get", "secrets"),
        [
            argo,
            "argocd-applicationset-controller",
            "argocd-server",
            "cert-manager",
            "cert-manager-cainjector",
            "external-secrets",
            "external-secrets-cert-controller",
            "kyverno-admission-controller",
            "kyverno-background-controller",
            "kyverno-reports-controller",
        ]
    );
    assert_eq!(
        who("create", "pods"),
        [
            argo,
            "cert-manager",
            "spark-operator-controller",
            "spark-operator-spark",
        ]
    );
    assert_eq!(who("create", "pods/exec"), [argo]);
    assert_eq!(
        who("create", "serviceaccounts/token"),
        [argo, "external-secrets"]
    );
    assert_eq!(
        who("create", "rolebindings"),
        [argo, "kyverno-background-controller"]
    );
    assert_eq!(
        who("update", "mutatingwebhookconfigurations"),
        [
            argo,
            "cert-manager-cainjector",
            "kyverno-admission-controller",
            "spark-operator-webhook",
        ]
    );
    assert_eq!(who("use", "breakglass.rolegate.dev"), [argo]);
    assert_eq!(
        who("delete", "pods"),
        [
            argo,
            "argocd-server",
            "cert-manager",
            "karpenter",
            "spark-operator-controller",
            "spark-operator-spark",
        ]
    );
    // What each can do there that nothing stops, and what it can get.
    let can = |account: &str| -> (Vec<String>, usize) {
        let lines = json_lines(&[&["can", account][..], &from].concat());
        let open = lines.iter().filter(|line| line["standing"] == "open");
        let open = open.map(|line| line["resource"].as_str().expect("a name").to_owned());
        let more = lines.iter().filter(|line| line["ways"].is_array());
        (open.collect(), more.count())
    };
    let (open, more) = can("external-secrets/external-secrets");
    assert_eq!(open, ["secrets", "configmaps"]);
    assert!(more > 10, "it may create tokens of every account: {more}");
    let (open, more) = can("spark-operator/spark-operator-controller");
    assert_eq!(open, ["pods", "configmaps"]);
    assert_eq!(more, 1, "the account of the jobs");
    let (open, _) = can("kube-system/karpenter");
    assert!(!open.contains(&"secrets".to_owned()), "{open:?}");
    let (open, more) = can("argocd/argocd-application-controller");
    assert!(open.len() > 20 && more == 1, "{open:?} {more}");
}
