//! `rolegate iam`, run as users run it, and its page.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::path::Path;

use assert_cmd::Command;

/// Runs a command. Returns the exit code, standard output and standard error.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rolegate"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
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

/// Runs every command of the page, and compares what the page shows. With
/// `UPDATE_EXPECTED` set, the page is written anew.
#[test]
fn the_page_shows_what_the_commands_print() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/iam.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let mut parts = page.split("```console\n$ rolegate ");
    let mut written = parts.next().expect("a beginning").to_owned();
    let mut commands = 0;
    for part in parts {
        let (block, rest) = part.split_once("```").expect("a whole block");
        // A command goes on after a backslash.
        let mut end = block.find('\n').expect("output");
        while block[..end].ends_with('\\') {
            end += 1 + block[end + 1..].find('\n').expect("a last line");
        }
        let (command, shown) = (&block[..end], &block[end + 1..]);
        let plain = command.replace("\\\n", " ");
        let arguments: Vec<&str> = plain.split_whitespace().collect();
        let (code, output, errors) = run(&arguments, "");
        let denied = output.lines().any(|line| line.starts_with("error "))
            || command.contains("--strangers");
        assert_eq!(code, i32::from(denied), "{command}: {errors}");
        if std::env::var_os("UPDATE_EXPECTED").is_none() {
            assert_eq!(output, shown, "{command}");
        }
        written.extend([
            "```console\n$ rolegate ",
            command,
            "\n",
            &output,
            "```",
            rest,
        ]);
        commands += 1;
    }
    if written != page {
        std::fs::write(&path, &written).expect("the page is written");
    }
    assert_eq!(commands, 8);
}

/// Every check of the program is in the page's table, and no other.
#[test]
fn the_page_lists_every_check() {
    let page = include_str!("../docs/iam.md");
    let checks = rolegate_core::iam::lint::checks();
    for check in &checks {
        let row = format!(
            "| `{}` | {} | {} | {} |",
            check.id,
            check.level.as_str(),
            check.about,
            check.source
        );
        assert!(page.contains(&row), "add to docs/iam.md:\n{row}");
    }
    let rows = page.lines().filter(|line| {
        ["| error |", "| warning |", "| info |"]
            .iter()
            .any(|level| line.contains(level))
    });
    assert_eq!(rows.count(), checks.len());
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let cluster = "arn:aws:eks:us-west-2:000011112222:cluster/c";
    for (arguments, expected) in [
        (&["render", "x"][..], "there is no document x"),
        (
            &["render", "execution-role-trust"],
            "this document needs the role's ARN: --role",
        ),
        (
            &[
                "render",
                "execution-role-trust",
                "--role",
                "arn:aws:iam::000011112222:role/a",
                "--oidc-issuer",
                "https://o.x/id/A",
            ],
            "no namespace of the policy lists this role",
        ),
        (
            &["render", "submitter", "--cluster-arn", "x"],
            "a cluster's ARN looks like",
        ),
        (
            &[
                "render",
                "submitter",
                "--cluster-arn",
                cluster,
                "--virtual-cluster",
                "*",
            ],
            "is no id of a virtual cluster",
        ),
        (
            &[
                "render",
                "imds-network-policy",
                "-n",
                "a",
                "--as",
                "cloudformation",
            ],
            "CloudFormation has no resource",
        ),
        (
            &[
                "render",
                "execution-role-trust",
                "--role",
                "arn:aws:iam::1:role/a",
            ],
            "the account is not twelve digits",
        ),
        (&["lint", "-"], "it holds no IAM document"),
        (&["lint", "no-such-file"], "cannot read no-such-file"),
        (&["who-can-assume", "-"], "it holds no IAM document"),
    ] {
        let arguments = [&["iam"], arguments].concat();
        let (code, output, errors) = run(&arguments, "{}");
        assert_eq!((code, output.as_str()), (2, ""), "{arguments:?}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}

#[test]
fn lint_has_exit_codes_and_one_object_per_line() {
    let statement = |conditions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"000011112222"}},"Action":"sts:AssumeRole"{conditions}}}}}"#
        )
    };
    let warned = statement("");
    assert_eq!(run(&["iam", "lint", "-"], &warned).0, 0);
    assert_eq!(run(&["iam", "lint", "--strict", "-"], &warned).0, 1);
    let (code, output, _) = run(&["iam", "lint", "--format", "json", "-"], &warned);
    let line: serde_json::Value = serde_json::from_str(&output).expect("one object");
    assert_eq!(
        (code, &line["check"], &line["path"]),
        (
            0,
            &"account-principal".into(),
            &"Statement[0].Principal.AWS".into()
        )
    );
    let unknown = statement(r#","Condition":{"StringMatches":{"a":"b"}}"#);
    let (code, _, errors) = run(&["iam", "lint", "-"], &unknown);
    assert!(
        code == 2 && errors.contains("IAM knows no operator `StringMatches`"),
        "{errors}"
    );
}

#[test]
fn a_document_that_does_not_fit_is_no_success() {
    let mut arguments = vec![
        "iam",
        "render",
        "execution-role-trust",
        "--role",
        "arn:aws:iam::000011112222:role/team-a-etl",
        "--oidc-issuer",
        "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    ];
    let names: Vec<String> = (0..30)
        .map(|number| format!("spark-namespace-{number}"))
        .collect();
    for name in &names {
        arguments.extend(["-n", name]);
    }
    let (code, output, errors) = run(&arguments, "");
    assert_eq!(code, 1);
    assert!(output.contains("spark-namespace-29"));
    assert!(
        errors.contains("of 2048 characters") && errors.contains("use EKS Pod Identity"),
        "{errors}"
    );
}

#[test]
fn accounts_of_a_cluster_are_read() {
    let accounts = "
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: emr-containers-sa-spark-driver-000011112222-1, namespace: spark-team-a } }
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: default, namespace: spark-team-a } }
";
    let arguments = [
        "iam",
        "who-can-assume",
        "examples/iam/account.json",
        "--policy",
        "examples/iam/policy.yaml",
        "--accounts",
        "-",
        "--format",
        "json",
    ];
    let (code, output, _) = run(&arguments, accounts);
    let line: serde_json::Value = serde_json::from_str(&output).expect("one way");
    assert_eq!(
        (code, &line["via"], &line["namespace"]),
        (0, &"irsa".into(), &"spark-team-a".into())
    );
    let (code, _, errors) = run(&arguments, "kind: Pod\napiVersion: v1\n");
    assert!(
        code == 2 && errors.contains("there is no ServiceAccount"),
        "{errors}"
    );
}
