//! Rendered IAM documents before others' tools: moto's IAM accepts them, cfn-lint and
//! parliament find nothing wrong, and the execution role's statement is the AWS CLI's,
//! apart from what ours adds.

use std::path::Path;
use std::process::Command;

use crate::harness::{aws, dirs, install};

/// cfn-lint and parliament.
const REQUIREMENTS: &str = include_str!("clients/iam/requirements.txt");

const OPTIONS: [&str; 24] = [
    "--policy",
    "examples/policies/start-job-run.yaml",
    "--cluster-arn",
    "arn:aws:eks:us-west-2:000011112222:cluster/emr",
    "--oidc-issuer",
    "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    "--role",
    "arn:aws:iam::111122223333:role/team-a-etl",
    "--source",
    "arn:aws:iam::111122223333:role/EMR_EC2_DefaultRole",
    "--virtual-cluster",
    "abc123",
    "--bucket",
    "data/in",
    "--log-group",
    "/emr/jobs",
    "--external-id",
    "example-1",
    "--source-identity",
    "ada",
    "--certificates",
    "s3://bucket/certificates.zip",
    "--roles",
    "arn:aws:iam::444455556666:role/lake",
];

/// What `rolegate iam render` prints; `None` if it has no such form.
fn render(arguments: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_rolegate"))
        .args(["iam", "render"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("rolegate runs");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    output.status.success().then_some(printed)
}

/// Every document in a folder, as JSON and as a template.
fn documents(dir: &Path) {
    let list = render(&[]).expect("a list");
    let names = list.lines().filter_map(|line| line.split(' ').next());
    for name in names {
        let file = name.replace('/', "-");
        let arguments = [&[name, "--minify"], &OPTIONS[..]].concat();
        let json = render(&arguments).unwrap_or_else(|| panic!("{name} cannot be rendered"));
        dirs::write(&dir.join(format!("{file}.json")), &json);
        let arguments = [&[name, "--as", "cloudformation"], &OPTIONS[..]].concat();
        if let Some(template) = render(&arguments) {
            dirs::write(&dir.join(format!("{file}.template.json")), &template);
        }
    }
}

/// Runs a script of `clients/iam`; what it says is the failure.
fn script(python: &Path, name: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/e2e/clients/iam")
        .join(name);
    let mut command = Command::new(python.join("bin/python"));
    command.arg(path).args(arguments);
    install::run(&mut command, "a tool finds a rendered document wrong");
}

#[test]
fn cfn_lint_and_parliament_find_nothing_wrong() {
    let dir = dirs::fresh("iam-lint");
    documents(&dir);
    let python = install::venv(
        "iam-python",
        REQUIREMENTS,
        "pip needs to reach PyPI once, for 60 MB",
    );
    script(&python, "judge.py", &[dir.to_str().expect("a path")]);
}

#[test]
fn moto_accepts_every_document_and_the_cli_writes_the_same_statement() {
    let dir = dirs::fresh("iam-moto");
    documents(&dir);
    let arguments = [
        dir.to_str().expect("a path"),
        env!("CARGO_BIN_EXE_rolegate"),
    ];
    script(&aws::python(), "accept.py", &arguments);
}
