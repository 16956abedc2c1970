//! `ConfigMaps` with the real kubectl, and what people read there.

use super::config_maps::map;
use super::pair::Pair;
use super::refusal::{CONFIG_MAPS, assert_kubectl_refused};
use crate::harness::Namespace;
use crate::harness::kubectl::{Kubectl, Output};

/// A way to write a `ConfigMap`: the command, its standard input, what is refused.
struct Way {
    command: &'static [&'static str],
    stdin: Option<(&'static str, &'static str)>,
    seen: &'static str,
}

const fn way(command: &'static [&'static str], seen: &'static str) -> Way {
    Way {
        command,
        stdin: None,
        seen,
    }
}

const fn file(
    command: &'static [&'static str],
    name: &'static str,
    value: &'static str,
    seen: &'static str,
) -> Way {
    Way {
        command,
        stdin: Some((name, value)),
        seen,
    }
}

/// In an order in which each works, where nothing stops it.
const WAYS: [Way; 16] = [
    way(
        &["create", "configmap", "app", "--from-literal=key=1"],
        "create ConfigMap <ns>/app.",
    ),
    way(
        &[
            "create",
            "configmap",
            "dry",
            "--from-literal=key=1",
            "--dry-run=server",
        ],
        "create ConfigMap <ns>/dry.",
    ),
    file(
        &["create", "-f", "-"],
        "filed",
        "1",
        "create ConfigMap <ns>/filed.",
    ),
    file(
        &["apply", "-f", "-"],
        "applied",
        "1",
        "create ConfigMap <ns>/applied.",
    ),
    file(
        &["apply", "--server-side", "-f", "-"],
        "server-side",
        "1",
        "create ConfigMap <ns>/server-side.",
    ),
    way(
        &[
            "patch",
            "configmap",
            "shape",
            "-p",
            r#"{"data":{"key":"1"}}"#,
        ],
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &[
            "patch",
            "configmap",
            "shape",
            "--type=merge",
            "-p",
            r#"{"data":{"key":"2"}}"#,
        ],
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &[
            "patch",
            "configmap",
            "shape",
            "--type=json",
            "-p",
            r#"[{"op":"replace","path":"/data/key","value":"3"}]"#,
        ],
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &["edit", "configmap", "shape"],
        "change ConfigMap <ns>/shape.",
    ),
    file(
        &["replace", "-f", "-"],
        "shape",
        "4",
        "change ConfigMap <ns>/shape.",
    ),
    file(
        &["apply", "-f", "-"],
        "shape",
        "5",
        "change ConfigMap <ns>/shape.",
    ),
    file(
        &["apply", "--server-side", "--force-conflicts", "-f", "-"],
        "shape",
        "6",
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &["label", "configmap", "shape", "more=1"],
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &["annotate", "configmap", "shape", "more=1"],
        "change ConfigMap <ns>/shape.",
    ),
    way(
        &["delete", "configmap", "shape", "--dry-run=server"],
        "delete ConfigMap <ns>/shape.",
    ),
    way(
        &["delete", "configmap", "shape"],
        "delete ConfigMap <ns>/shape.",
    ),
];

fn run(kubectl: Kubectl<'_>, way: &Way) -> Output {
    // An editor that changes the value, and keeps its copies in the run's folder.
    let scratch = crate::harness::dirs::run().display().to_string();
    let kubectl = kubectl
        .env("KUBE_EDITOR", "sed -i.bak s/key:.*/key:\\ edited/")
        .env("TMPDIR", scratch);
    match way.stdin {
        Some((name, value)) => kubectl.stdin(map(name, value).to_string()),
        None => kubectl,
    }
    .run(way.command)
}

#[test]
fn create_edit_patch_apply_replace_label_and_delete_say_why() {
    let pair = Pair::new(|namespace| {
        let path = namespace.core("configmaps");
        namespace.cluster.create(&path, &map("shape", "original"));
    });
    let alice = |namespace: &Namespace<'static>| {
        pair.cluster()
            .kubectl(pair.cluster().alice())
            .namespace(namespace)
    };
    for way in &WAYS {
        run(alice(&pair.open), way).expect_ok();
        let said = run(alice(&pair.enforced), way).expect_refused();
        assert_kubectl_refused(
            &said,
            &pair.enforced,
            CONFIG_MAPS,
            &format!("alice may not {}", way.seen),
        );
    }
    let kept = pair.cluster().get(&pair.enforced.core("configmaps/shape"));
    assert_eq!(kept["data"]["key"], "original", "{kept}");
}

#[test]
fn delete_all_is_refused() {
    let pair = Pair::new(|namespace| {
        let path = namespace.core("configmaps");
        namespace.cluster.create(&path, &map("shape", "original"));
    });
    let delete = ["delete", "configmaps", "--all", "--wait=false"];
    let alice = |namespace: &Namespace<'static>| {
        let kubectl = pair.cluster().kubectl(pair.cluster().alice());
        kubectl.namespace(namespace).run(&delete)
    };
    alice(&pair.open).expect_ok();
    let said = alice(&pair.enforced).expect_refused();
    for name in ["shape", "kube-root-ca.crt"] {
        let seen = format!("alice may not delete ConfigMap <ns>/{name}.");
        assert_kubectl_refused(&said, &pair.enforced, CONFIG_MAPS, &seen);
    }
}
