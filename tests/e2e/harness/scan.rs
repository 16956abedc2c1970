//! `rolegate scan` of a control plane, and what it prints.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::cluster::Cluster;
use super::namespace::Namespace;
use super::users::User;

/// One run with `--format json`.
pub(crate) struct Scanned {
    pub(crate) code: Option<i32>,
    pub(crate) lines: Vec<Value>,
    /// Standard output and standard error, for messages.
    pub(crate) text: String,
}

impl Cluster {
    /// Scans as `user`, with these arguments.
    pub(crate) fn scan(&self, user: &User, policy: Option<&Path>, args: &[&str]) -> Scanned {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolegate"));
        command.args(["scan", "--format", "json"]).args(args);
        command.env("KUBECONFIG", self.kubeconfig(user));
        if let Some(policy) = policy {
            command.arg("--policy").arg(policy);
        }
        let output = command.output().expect("the program that cargo built runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, errors) = (text(&output.stdout), text(&output.stderr));
        let lines = out.lines().map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        });
        Scanned {
            code: output.status.code(),
            lines: lines.collect(),
            text: out.clone() + &errors,
        }
    }
}

impl Scanned {
    /// The lines of this type.
    pub(crate) fn of_type<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Value> {
        self.lines.iter().filter(move |line| line["type"] == kind)
    }

    /// Rule and severity of each finding about this object, in order.
    pub(crate) fn about(&self, resource: &str, namespace: &str, name: &str) -> Vec<String> {
        let all = self.of_type("finding").filter(|line| {
            let object = &line["object"];
            object["resource"] == resource
                && object["namespace"] == namespace
                && object["name"] == name
        });
        let mut all: Vec<String> = all.map(rule_and_severity).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The findings about this object say this.
    pub(crate) fn message(&self, resource: &str, name: &str) -> String {
        let all = self.of_type("finding").filter(|line| {
            line["object"]["resource"] == resource && line["object"]["name"] == name
        });
        let all = all.filter_map(|line| line["message"].as_str());
        all.collect::<Vec<_>>().join("\n")
    }
}

fn rule_and_severity(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    format!("{} {}", text("rule"), text("severity"))
}

/// A scan of the namespace with this policy has nothing to say of what an honest flow left
/// there, except for these findings: rule, severity and resource. What the harness itself
/// grants there is another matter.
pub(crate) fn expect_honest(namespace: &Namespace<'_>, policy: &Path, but_for: &[&str]) {
    let cluster = namespace.cluster;
    let args = ["--namespace", namespace.name.as_str()];
    let scanned = cluster.scan(cluster.admin(), Some(policy), &args);
    let text = &scanned.text;
    let objects = scanned.of_type("summary").next();
    let objects = objects.and_then(|line| line["objects"].as_u64());
    assert!(objects.is_some_and(|number| number > 0), "{text}");
    let mut found: Vec<String> = scanned
        .of_type("finding")
        .filter(|line| line["object"]["namespace"] == namespace.name.as_str())
        .filter(|line| line["rule"] != "rbac-grant")
        .map(|line| {
            let resource = line["object"]["resource"].as_str().unwrap_or_default();
            format!("{} {resource}", rule_and_severity(line))
        })
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found, but_for, "{text}");
    assert_eq!(scanned.of_type("podsToCome").count(), 0, "{text}");
    assert_eq!(scanned.of_type("notJudged").count(), 0, "{text}");
}
