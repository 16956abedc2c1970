//! The real kubectl, and what it prints. Each command works in a namespace that
//! rolegate does not manage. In an enforce namespace it fails, and prints who
//! may not do what, why, and what to do instead.
//!
//! These requests are real, not dry-runs, and of the form that kubectl chooses.

use serde_json::json;

use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, config_map, job_account};
use crate::harness::http::MERGE;
use crate::harness::kubectl::Output;
use crate::harness::refusal::{ACCOUNTS, CONFIG_MAPS, POD_EXEC, Rule, TOKENS, assert_says};
use crate::harness::road::Road;
use crate::harness::webhook::guarded;
use crate::harness::workloads::{deployment, group_version, workload};
use crate::harness::{Cluster, Namespace, dirs, wait};

fn driver() -> String {
    job_account("driver", OTHER_ROLE)
}

/// A command, what it reads on standard input, and what a refusal says.
/// `<ns>` stands for the namespace, `<sa>` for the driver's service account.
struct Command {
    args: &'static [&'static str],
    stdin: Option<String>,
    rule: Rule,
    seen: &'static str,
    /// Where nothing stops it, it ends with these words; without, it works.
    ends: Option<&'static str>,
}

fn command(args: &'static [&'static str], rule: Rule, seen: &'static str) -> Command {
    Command {
        args,
        stdin: None,
        rule,
        seen,
        ends: None,
    }
}

impl Command {
    fn reading(mut self, object: &serde_json::Value) -> Self {
        self.stdin = Some(object.to_string());
        self
    }

    fn ending(mut self, words: &'static str) -> Self {
        self.ends = Some(words);
        self
    }

    fn run(&self, cluster: &Cluster, namespace: &Namespace<'_>) -> Output {
        // An editor that changes the value, and keeps its copies in the run's folder.
        let scratch = dirs::run().display().to_string();
        let mut kubectl = cluster
            .kubectl(cluster.alice())
            .namespace(namespace)
            .env("KUBE_EDITOR", "sed -i.bak s/key:.*/key:\\ edited/")
            .env("TMPDIR", scratch);
        if let Some(text) = &self.stdin {
            kubectl = kubectl.stdin(text.clone());
        }
        let args: Vec<String> = self.args.iter().map(|arg| filled(arg, namespace)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        kubectl.run(&args)
    }
}

fn filled(text: &str, namespace: &Namespace<'_>) -> String {
    text.replace("<ns>", &namespace.name)
        .replace("<sa>", &driver())
}

/// Runs each command in both namespaces, in the order of the table. `prepare`
/// fills both before the label puts one of them under rolegate.
fn try_all(commands: &[Command], prepare: impl Fn(&Namespace<'static>)) -> Namespace<'static> {
    let cluster = guarded().cluster;
    let open = Namespace::unmanaged(cluster);
    let enforced = Namespace::unmanaged(cluster);
    for namespace in [&open, &enforced] {
        prepare(namespace);
    }
    enforced.start_enforcing();
    for command in commands {
        let output = command.run(cluster, &open);
        match command.ends {
            Some(words) => {
                let said = output.expect_refused();
                assert!(said.contains(words), "{:?}: {said}", command.args);
            }
            None => drop(output.expect_ok()),
        }
        let said = command.run(cluster, &enforced).expect_refused();
        let seen = filled(command.seen, &enforced);
        assert_says(&said, &enforced, command.rule, &seen);
    }
    enforced
}

/// A driver that runs on paper, and a Service in front of it.
fn with_driver(namespace: &Namespace<'static>) {
    namespace.service_account(&driver());
    namespace.running_pod("driver", &driver());
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "ui"},
        "spec": {"selector": {"app": "driver"}, "ports": [{"name": "ui-port", "port": 4040}]},
    });
    let cluster = namespace.cluster;
    cluster.create(&namespace.core("services"), &service);
}

fn map(name: &str, value: &str) -> serde_json::Value {
    let mut map = config_map(name);
    map["data"] = json!({"key": value});
    map
}

#[test]
#[rustfmt::skip]
fn into_a_pod() {
    // Where nothing stops kubectl, the pod has no node.
    const ADMITTED: &str = "pod driver does not have a host assigned";
    const EXEC: &str = "alice may not exec into pod <ns>/driver.";
    const ATTACH: &str = "alice may not attach to pod <ns>/driver.";
    const FORWARD: &str = "alice may not forward ports of pod <ns>/driver.";
    dirs::write(&dirs::run().join("to-copy"), "text");
    let into = |args, seen| command(args, POD_EXEC, seen).ending(ADMITTED);
    let enforced = try_all(&[
        into(&["exec", "driver", "--", "id"], EXEC),
        into(&["exec", "-i", "driver", "-c", "main", "--", "sh"], EXEC),
        into(&["attach", "driver"], ATTACH),
        into(&["attach", "-i", "driver", "-c", "main"], ATTACH),
        into(&["cp", "driver:/etc/passwd", "copied"], EXEC),
        into(&["cp", "to-copy", "driver:/tmp/x"], EXEC),
        into(&["port-forward", "driver", ":4040"], FORWARD),
        into(&["port-forward", "service/ui", ":4040"], FORWARD),
        command(
            &["debug", "driver", "--image=registry.example/debug:1", "--target=main", "--attach=false", "--profile=general"],
            POD_EXEC,
            "alice may not add a debug container to pod <ns>/driver (at spec.ephemeralContainers).",
        ),
        // A copy with a shell in it keeps the pod's identity.
        command(
            &["debug", "driver", "--copy-to=copy", "--image=registry.example/debug:1", "--container=shell", "--attach=false", "--profile=general"],
            ACCOUNTS,
            "alice may not start pod <ns>/copy under service account <sa>: that service account becomes the IAM role 111122223333/team-b-etl (at spec.serviceAccountName).",
        ),
    ], with_driver);
    // kubectl drops the code of a connection that was refused.
    for subresource in ["exec", "attach", "portforward"] {
        enforced.wait_for_audit("the refused connection", |event| {
            event["objectRef"]["subresource"] == subresource
                && event["responseStatus"]["code"] == 403
        });
    }
}

#[test]
#[rustfmt::skip]
fn config_maps() {
    const CREATE: [&str; 5] = [
        "alice may not create ConfigMap <ns>/app.",
        "alice may not create ConfigMap <ns>/dry.",
        "alice may not create ConfigMap <ns>/filed.",
        "alice may not create ConfigMap <ns>/applied.",
        "alice may not create ConfigMap <ns>/server-side.",
    ];
    const CHANGE: &str = "alice may not change ConfigMap <ns>/shape.";
    const DELETE: &str = "alice may not delete ConfigMap <ns>/shape.";
    let plain = |args, seen| command(args, CONFIG_MAPS, seen);
    // In an order in which each works, where nothing stops it.
    let enforced = try_all(&[
        plain(&["create", "configmap", "app", "--from-literal=key=1"], CREATE[0]),
        plain(&["create", "configmap", "dry", "--from-literal=key=1", "--dry-run=server"], CREATE[1]),
        plain(&["create", "-f", "-"], CREATE[2]).reading(&map("filed", "1")),
        plain(&["apply", "-f", "-"], CREATE[3]).reading(&map("applied", "1")),
        plain(&["apply", "--server-side", "-f", "-"], CREATE[4]).reading(&map("server-side", "1")),
        plain(&["patch", "configmap", "shape", "-p", r#"{"data":{"key":"1"}}"#], CHANGE),
        plain(&["patch", "configmap", "shape", "--type=merge", "-p", r#"{"data":{"key":"2"}}"#], CHANGE),
        plain(&["patch", "configmap", "shape", "--type=json", "-p", r#"[{"op":"replace","path":"/data/key","value":"3"}]"#], CHANGE),
        plain(&["edit", "configmap", "shape"], CHANGE),
        plain(&["replace", "-f", "-"], CHANGE).reading(&map("shape", "4")),
        plain(&["apply", "-f", "-"], CHANGE).reading(&map("shape", "5")),
        plain(&["apply", "--server-side", "--force-conflicts", "-f", "-"], CHANGE).reading(&map("shape", "6")),
        plain(&["label", "configmap", "shape", "more=1"], CHANGE),
        plain(&["annotate", "configmap", "shape", "more=1"], CHANGE),
        plain(&["delete", "configmap", "shape", "--dry-run=server"], DELETE),
        plain(&["delete", "configmap", "shape"], DELETE),
        // Each by itself: whichever is refused, so are the others.
        plain(&["delete", "configmaps", "--all", "--wait=false"], "alice may not delete ConfigMap <ns>/kube-root-ca.crt."),
    ], |namespace| {
        let path = namespace.core("configmaps");
        namespace.cluster.create(&path, &map("shape", "original"));
        wait::until("the root certificate", || {
            let answer = Road::new("GET", "v1", "configmaps/kube-root-ca.crt").by(namespace.cluster.admin(), namespace);
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
    });
    let kept = enforced.cluster.get(&enforced.core("configmaps/shape"));
    assert_eq!(kept["data"]["key"], "original", "{kept}");
}

#[test]
#[rustfmt::skip]
fn under_anothers_account() {
    let (own, new) = (deployment("own", &driver()), deployment("new", &driver()));
    let start = |args, seen| command(args, ACCOUNTS, seen);
    try_all(&[
        start(
            &["run", "mine", "--image=registry.example/main:1", r#"--overrides={"spec":{"serviceAccountName":"<sa>"}}"#],
            "alice may not start pod <ns>/mine under service account <sa>",
        ),
        start(&["apply", "-f", "-"], "alice may not start pods by Deployment <ns>/new").reading(&new),
        start(&["set", "serviceaccount", "deployment/own", "<sa>"], "alice may not change the pods of Deployment <ns>/own"),
        start(&["apply", "-f", "-"], "alice may not change the pods of Deployment <ns>/own").reading(&own),
        // The tenant's own request carries the template.
        start(
            &["create", "job", "after", "--from=cronjob/waiting"],
            "alice may not start pods by Job <ns>/after under service account",
        ),
        // The history of a Deployment is a template that waits, too.
        start(
            &["rollout", "undo", "deployment/returning"],
            "alice may not change the pods of Deployment <ns>/returning under service account",
        ),
        command(
            &["create", "token", "<sa>", "--audience", "sts.amazonaws.com"],
            TOKENS,
            "alice may not request a token for service account <ns>/<sa>",
        ),
        command(
            &["create", "configmap", "settings", "--as=system:serviceaccount:<ns>:<sa>"],
            CONFIG_MAPS,
            "system:serviceaccount:<ns>:<sa> (looks impersonated: a service account's own token carries a uid, this request has none) may not create ConfigMap <ns>/settings.",
        ),
    ], |namespace| {
        namespace.service_account(&driver());
        namespace.service_account(&job_account("client", OTHER_ROLE));
        let create = |group_version, plural, object| {
            let road = Road::create(group_version, plural, &object);
            road.by(namespace.cluster.admin(), namespace).expect_status(201);
        };
        create("apps/v1", "deployments", deployment("own", "default"));
        create("batch/v1", "cronjobs", workload("cronjobs", "waiting", &job_account("client", OTHER_ROLE)));
        create("apps/v1", "deployments", deployment("returning", &driver()));
        turn_to_default(namespace);
    });
}

/// A second revision of the Deployment `returning`, so that there is something
/// to go back to.
fn turn_to_default(namespace: &Namespace<'static>) {
    let cluster = namespace.cluster;
    let revisions = |count: usize| {
        wait::until("the revision's ReplicaSet", || {
            let path = namespace.group("apps/v1", "replicasets?labelSelector=app%3Dreturning");
            let sets = cluster.get(&path);
            let found = sets["items"].as_array().map_or(0, Vec::len);
            (found == count)
                .then_some(())
                .ok_or_else(|| sets.to_string())
        });
    };
    revisions(1);
    let spec = json!({"serviceAccountName": "default", "serviceAccount": "default"});
    let change = json!({"spec": {"template": {"spec": spec}}});
    Road::patch("apps/v1", "deployments/returning", MERGE, &change)
        .by(cluster.admin(), namespace)
        .expect_status(200);
    revisions(2);
}

/// A restart starts the same pods again, whatever their account. A count says nothing of
/// them, and rolegate may look nothing up here: it passes, and the audit log says that it
/// was not judged.
#[test]
fn restarting_and_scaling_pass() {
    let cluster = guarded().cluster;
    let namespace = Namespace::labelled(cluster, "enforce");
    let account = job_account("jeg", OTHER_ROLE);
    namespace.service_account(&account);
    let kubectl = |args: &[&str]| {
        let alice = cluster.kubectl(cluster.alice()).namespace(&namespace);
        alice.run(args).expect_ok()
    };
    for (plural, restarts, scales) in [
        ("deployments", true, true),
        ("statefulsets", true, true),
        ("daemonsets", true, false),
        ("replicasets", false, true),
        ("replicationcontrollers", false, true),
    ] {
        let group_version = group_version(plural).expect("one of them");
        Road::create(group_version, plural, &workload(plural, "emrs", &account))
            .by(cluster.admin(), &namespace)
            .expect_status(201);
        let name = format!("{plural}/emrs");
        if restarts {
            kubectl(&["rollout", "restart", &name]);
        }
        if scales {
            kubectl(&["scale", "--replicas=2", &name]);
            kubectl(&["scale", "--replicas=0", &name]);
        }
    }
    namespace.wait_for_audit("the scale that is not judged", |event| {
        let skipped = annotation(event, "enforce.rolegate.dev/skipped").unwrap_or_default();
        event["objectRef"]["subresource"] == "scale"
            && skipped.contains("foreign-service-account: no information about deployments.apps")
    });
}
