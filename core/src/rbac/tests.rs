//! The traps of RBAC's evaluation, and an index that stays what a new one would be.
//! `tests/e2e/rbac.rs` asks a real API server the same questions.

#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "values read better where they are used once; tables are long"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A role, or a cluster role for an empty namespace.
fn role(namespace: &str, name: &str, rules: Value) -> Role {
    let kind = if namespace.is_empty() {
        "ClusterRole"
    } else {
        "Role"
    };
    let object =
        json!({"kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": rules});
    Role::parse(&object.to_string(), "").expect("a role")
}

fn binding(namespace: &str, name: &str, role: (&str, &str), subjects: Value) -> Binding {
    let kind = if namespace.is_empty() {
        "ClusterRoleBinding"
    } else {
        "RoleBinding"
    };
    let object = json!({
        "kind": kind, "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"kind": role.0, "name": role.1}, "subjects": subjects,
    });
    Binding::parse(&object.to_string(), "").expect("a binding")
}

/// `get secrets`, `get pods.metrics.k8s.io/exec in a/name`, `get /metrics`.
fn asked(text: &str) -> (String, [String; 5]) {
    let (text, place) = text.split_once(" in ").unwrap_or((text, ""));
    let (verb, what) = text.split_once(' ').expect("a verb");
    let (what, subresource) = what.split_once('/').unwrap_or((what, ""));
    let (resource, group) = what.split_once('.').unwrap_or((what, ""));
    let (namespace, name) = place.split_once('/').unwrap_or((place, ""));
    let parts = [group, resource, subresource, namespace, name];
    (verb.to_owned(), parts.map(str::to_owned))
}

fn allows(graph: &Graph, user: &str, question: &str) -> bool {
    let identity = Identity::authenticated(user, ["team-a".to_owned()]);
    if let Some((verb, path)) = question.split_once(" /") {
        let path = format!("/{path}");
        let asked = Asked::Url { path: &path };
        return graph
            .allows(&identity, &Attributes { verb, asked })
            .is_some();
    }
    let (verb, [group, resource, subresource, namespace, name]) = asked(question);
    let asked = Asked::Resource {
        group: &group,
        resource: &resource,
        subresource: &subresource,
        namespace: &namespace,
        name: &name,
    };
    graph
        .allows(&identity, &Attributes { verb: &verb, asked })
        .is_some()
}

/// One rule, bound to alice in namespace `a`: what it allows, and what it does not.
#[test]
fn what_a_rule_allows() {
    let core = |verbs: &[&str], resources: &[&str]| json!({"apiGroups": [""], "verbs": verbs, "resources": resources});
    let mut named = core(
        &["*"],
        &["secrets", "pods", "pods/exec", "serviceaccounts/token"],
    );
    named["resourceNames"] = json!(["one"]);
    for (rule, allowed, refused) in [
        (
            core(&["get"], &["pods"]),
            vec!["get pods in a", "get pods in a/p"],
            vec![
                "get pods",
                "get pods in b",
                "list pods in a",
                "get pods/exec in a",
                "GET pods in a",
                "get pods.metrics.k8s.io in a",
            ],
        ),
        (
            core(&["get"], &["pods/*"]),
            vec![],
            vec!["get pods in a", "get pods/exec in a"],
        ),
        (
            core(&["get"], &["*/*"]),
            vec![],
            vec!["get pods in a", "get pods/exec in a"],
        ),
        (
            core(&["create"], &["*/exec"]),
            vec!["create pods/exec in a", "create things/exec in a"],
            vec![
                "create pods in a",
                "create pods/attach in a",
                "create exec in a",
            ],
        ),
        (
            core(&["*"], &["*"]),
            vec![
                "impersonate users in a",
                "get pods/exec in a",
                "whatever things/x in a",
            ],
            vec!["get deployments.apps in a", "get /metrics"],
        ),
        (
            json!({"apiGroups": ["*"], "verbs": ["get"], "resources": ["*"]}),
            vec!["get deployments.apps/scale in a"],
            vec!["update deployments.apps/scale in a"],
        ),
        (
            json!({"verbs": ["*"], "resources": ["*"]}),
            vec![],
            vec!["get pods in a"],
        ),
        (
            json!({"apiGroups": [""], "verbs": ["*"]}),
            vec![],
            vec!["get pods in a"],
        ),
        (
            json!({"apiGroups": null, "verbs": ["get"], "resources": null}),
            vec![],
            vec!["get pods in a"],
        ),
        (
            named,
            vec![
                "get secrets in a/one",
                "create pods/exec in a/one",
                "create serviceaccounts/token in a/one",
                "watch secrets in a/one",
            ],
            vec![
                "create secrets in a",
                "list secrets in a",
                "deletecollection secrets in a",
                "get secrets in a/two",
            ],
        ),
        (
            json!({"verbs": ["get"], "nonResourceURLs": ["*"]}),
            vec![],
            vec!["get /metrics"],
        ),
    ] {
        let graph = Graph::new(
            [role("a", "r", json!([rule]))],
            [binding(
                "a",
                "b",
                ("Role", "r"),
                json!([{"kind": "User", "name": "alice"}]),
            )],
        );
        for question in allowed {
            assert!(
                allows(&graph, "alice", question),
                "{rule} allows {question}"
            );
            assert!(
                !allows(&graph, "bob", question),
                "{rule} allows bob {question}"
            );
        }
        for question in refused {
            assert!(
                !allows(&graph, "alice", question),
                "{rule} does not allow {question}"
            );
        }
    }
}

#[test]
fn what_a_binding_reaches() {
    let reader = || {
        role(
            "",
            "reader",
            json!([
                {"apiGroups": [""], "verbs": ["get"], "resources": ["secrets", "nodes"]},
                {"verbs": ["get"], "nonResourceURLs": ["/logs/*", "/metrics", "/x**"]},
            ]),
        )
    };
    let alice = || json!([{"kind": "User", "name": "alice"}]);
    let clustered = Graph::new(
        [reader()],
        [binding("", "b", ("ClusterRole", "reader"), alice())],
    );
    for question in [
        "get secrets",
        "get secrets in b",
        "get nodes",
        "get /metrics",
        "get /logs/kubelet",
        "get /logs/",
        "get /xy",
    ] {
        assert!(allows(&clustered, "alice", question), "{question}");
    }
    for question in [
        "get /logs",
        "get /metrics/a",
        "get /healthz",
        "post /metrics",
    ] {
        assert!(!allows(&clustered, "alice", question), "{question}");
    }
    let inside = Graph::new(
        [reader()],
        [binding("a", "b", ("ClusterRole", "reader"), alice())],
    );
    assert!(allows(&inside, "alice", "get secrets in a"));
    for question in [
        "get secrets",
        "get secrets in b",
        "get nodes",
        "get /metrics",
    ] {
        assert!(!allows(&inside, "alice", question), "{question}");
    }
    // A Role in a cluster role binding, an unknown kind, and no such role.
    for (kind, name) in [
        ("Role", "reader"),
        ("Thing", "reader"),
        ("ClusterRole", "absent"),
    ] {
        let graph = Graph::new([reader()], [binding("", "b", (kind, name), alice())]);
        assert!(
            !allows(&graph, "alice", "get secrets in a"),
            "{kind} {name}"
        );
    }
}

#[test]
fn who_a_subject_is() {
    let account = "system:serviceaccount:a:runner";
    for (namespace, subject, user, is) in [
        (
            "a",
            json!({"kind": "ServiceAccount", "name": "runner"}),
            account,
            true,
        ),
        (
            "b",
            json!({"kind": "ServiceAccount", "name": "runner", "namespace": "a"}),
            account,
            true,
        ),
        (
            "b",
            json!({"kind": "ServiceAccount", "name": "runner", "namespace": ""}),
            account,
            false,
        ),
        (
            "",
            json!({"kind": "ServiceAccount", "name": "runner"}),
            account,
            false,
        ),
        (
            "",
            json!({"kind": "ServiceAccount", "name": "runner", "namespace": "a"}),
            account,
            true,
        ),
        ("", json!({"kind": "User", "name": account}), account, true),
        (
            "",
            json!({"kind": "User", "name": "runner"}),
            account,
            false,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:serviceaccounts"}),
            account,
            true,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:serviceaccounts:a"}),
            account,
            true,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:serviceaccounts:b"}),
            account,
            false,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:authenticated"}),
            account,
            true,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:authenticated"}),
            "system:anonymous",
            false,
        ),
        (
            "",
            json!({"kind": "Group", "name": "system:unauthenticated"}),
            "system:anonymous",
            true,
        ),
        (
            "",
            json!({"kind": "Group", "name": "team-a"}),
            "alice",
            true,
        ),
        ("", json!({"kind": "User", "name": "Alice"}), "alice", false),
        ("", json!({"kind": "user", "name": "alice"}), "alice", false),
    ] {
        let graph = Graph::new(
            [role(
                "",
                "r",
                json!([{"apiGroups": [""], "verbs": ["get"], "resources": ["secrets"]}]),
            )],
            [binding(
                namespace,
                "b",
                ("ClusterRole", "r"),
                json!([subject]),
            )],
        );
        let question = format!(
            "get secrets in {}",
            if namespace.is_empty() { "x" } else { namespace }
        );
        assert_eq!(
            allows(&graph, user, &question),
            is,
            "{subject} in {namespace:?} is {user}"
        );
    }
}

#[test]
fn aggregated_roles_have_the_rules_of_their_parts() {
    let part = |name: &str, labels: Value, resource: &str| {
        let object = json!({"kind": "ClusterRole", "metadata": {"name": name, "labels": labels},
            "rules": [{"apiGroups": [""], "verbs": ["get"], "resources": [resource]}]});
        Role::parse(&object.to_string(), "").expect("a role")
    };
    let whole = |name: &str, labels: Value, selectors: Value| {
        let object = json!({"kind": "ClusterRole", "metadata": {"name": name, "labels": labels},
            "aggregationRule": {"clusterRoleSelectors": selectors}, "rules": null});
        Role::parse(&object.to_string(), "").expect("a role")
    };
    let mut graph = Graph::new(
        [
            whole(
                "top",
                json!({}),
                json!([{"matchLabels": {"to": "top"}}, {"matchExpressions": [{"key": "also", "operator": "In", "values": ["x", "y"]}]}]),
            ),
            whole(
                "middle",
                json!({"to": "top"}),
                json!([{"matchExpressions": [{"key": "part", "operator": "Exists"}, {"key": "not", "operator": "DoesNotExist"}, {"key": "no", "operator": "NotIn", "values": ["1"]}]}]),
            ),
            part("direct", json!({"to": "top"}), "one"),
            part("second", json!({"also": "y"}), "two"),
            part("nested", json!({"part": ""}), "three"),
            part("out", json!({"part": "", "not": ""}), "four"),
            part("away", json!({"also": "z", "no": "1"}), "five"),
        ],
        [binding(
            "",
            "b",
            ("ClusterRole", "top"),
            json!([{"kind": "User", "name": "alice"}]),
        )],
    );
    let has = |graph: &Graph| {
        ["one", "two", "three", "four", "five"]
            .map(|resource| allows(graph, "alice", &format!("get {resource}")))
    };
    assert_eq!(has(&graph), [true, true, true, false, false]);
    let grant = Identity::authenticated("alice", []);
    let asked = Asked::Resource {
        group: "",
        resource: "three",
        subresource: "",
        namespace: "",
        name: "",
    };
    let grant = graph
        .allows(&grant, &Attributes { verb: "get", asked })
        .expect("allowed");
    assert_eq!(
        (grant.role.to_string(), grant.source.key.to_string()),
        (
            "ClusterRole top".to_owned(),
            "ClusterRole nested".to_owned()
        )
    );
    let nested = RoleKey {
        namespace: "".into(),
        name: "nested".into(),
    };
    assert_eq!(
        graph
            .roles_with(&nested)
            .flat_map(|role| graph.bindings_of_role(&role, |_| true).collect::<Vec<_>>())
            .count(),
        1,
        "through two aggregated roles"
    );
    // A label feeds an aggregated role; taking it away ends that.
    graph.put_role(part("away", json!({"to": "top"}), "five"));
    graph.put_role(part("direct", json!({}), "one"));
    assert_eq!(has(&graph), [false, true, true, false, true]);
    graph.remove_role(&RoleKey {
        namespace: "".into(),
        name: "middle".into(),
    });
    assert_eq!(has(&graph), [false, true, false, false, true]);
}

#[test]
fn who_can_names_every_binding_of_a_subject() {
    let graph = Graph::new(
        [role(
            "",
            "r",
            json!([{"apiGroups": [""], "verbs": ["get"], "resources": ["secrets"]}]),
        )],
        [
            binding(
                "a",
                "b2",
                ("ClusterRole", "r"),
                json!([{"kind": "User", "name": "alice"}, {"kind": "User", "name": "alice"}, {"kind": "Group", "name": "g"}]),
            ),
            binding(
                "",
                "b1",
                ("ClusterRole", "r"),
                json!([{"kind": "User", "name": "alice"}]),
            ),
            binding(
                "other",
                "b3",
                ("ClusterRole", "r"),
                json!([{"kind": "User", "name": "bob"}]),
            ),
        ],
    );
    let asked = Asked::Resource {
        group: "",
        resource: "secrets",
        subresource: "",
        namespace: "a",
        name: "",
    };
    let holders = graph.who_can(&Attributes { verb: "get", asked });
    let shown: Vec<String> = holders
        .iter()
        .map(|holder| {
            let by: Vec<_> = holder
                .grants
                .iter()
                .map(|grant| grant.binding.key.to_string())
                .collect();
            format!("{}: {}", holder.subject, by.join(", "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "user alice: ClusterRoleBinding b1, RoleBinding a/b2",
            "group g: RoleBinding a/b2"
        ]
    );
}

/// One change of the cluster's RBAC.
#[derive(Clone, Debug)]
enum Step {
    Role(usize, usize, bool),
    Binding(usize, usize, usize, usize),
    RemoveRole(usize, usize),
    RemoveBinding(usize, usize),
}

const PLACES: [&str; 3] = ["", "a", "b"];
const NAMES: [&str; 3] = ["x", "y", "z"];
const RESOURCES: [&str; 3] = ["pods", "secrets", "*"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..3usize, 0..3usize, any::<bool>()).prop_map(|(a, b, c)| Step::Role(a, b, c)),
        (0..3usize, 0..3usize, 0..3usize, 0..3usize)
            .prop_map(|(a, b, c, d)| Step::Binding(a, b, c, d)),
        (0..3usize, 0..3usize).prop_map(|(a, b)| Step::RemoveRole(a, b)),
        (0..3usize, 0..3usize).prop_map(|(a, b)| Step::RemoveBinding(a, b)),
    ];
    proptest::collection::vec(step, 1..40)
}

fn made(step: &Step) -> (Option<Role>, Option<Binding>) {
    match *step {
        Step::Role(place, name, aggregate) => {
            let mut object = json!({
                "kind": if place == 0 { "ClusterRole" } else { "Role" },
                "metadata": {"name": NAMES[name], "namespace": PLACES[place], "labels": {"n": NAMES[name]}},
                "rules": [{"apiGroups": [""], "verbs": ["get"], "resources": [RESOURCES[(place + name) % 3]]}],
            });
            if aggregate && place == 0 {
                object["rules"] = json!([]);
                object["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"n": NAMES[(name + 1) % 3]}}]});
            }
            (Role::parse(&object.to_string(), "").ok(), None)
        }
        Step::Binding(place, name, role, user) => {
            let kind = if (role + place) % 2 == 0 {
                "ClusterRole"
            } else {
                "Role"
            };
            let subjects = json!([{"kind": "User", "name": NAMES[user]}, {"kind": "Group", "name": NAMES[role]}]);
            (
                None,
                Some(binding(
                    PLACES[place],
                    NAMES[name],
                    (kind, NAMES[role]),
                    subjects,
                )),
            )
        }
        Step::RemoveRole(..) | Step::RemoveBinding(..) => (None, None),
    }
}

proptest! {
    /// However it came about, the graph answers like one made from what there is.
    #[test]
    fn kept_up_to_date(steps in steps()) {
        let mut graph = Graph::default();
        let mut roles = BTreeMap::new();
        let mut bindings = BTreeMap::new();
        for step in &steps {
            match made(step) {
                (Some(role), _) => {
                    graph.put_role(role.clone());
                    roles.insert(role.key.clone(), role);
                }
                (_, Some(binding)) => {
                    graph.put_binding(binding.clone());
                    bindings.insert(binding.key.clone(), binding);
                }
                _ => match *step {
                    Step::RemoveRole(place, name) => {
                        let key = RoleKey { namespace: PLACES[place].into(), name: NAMES[name].into() };
                        graph.remove_role(&key);
                        roles.remove(&key);
                    }
                    Step::RemoveBinding(place, name) => {
                        let key = BindingKey { namespace: PLACES[place].into(), name: NAMES[name].into() };
                        graph.remove_binding(&key);
                        bindings.remove(&key);
                    }
                    _ => {}
                },
            }
        }
        let fresh = Graph::new(roles.clone().into_values(), bindings.into_values());
        // A few roles around a changed one say of it what all of them say.
        let changed = made(&Step::Role(0, steps.len() % 3, steps.len() % 2 == 0)).0.expect("a role");
        let mut few = Graph::new(graph.roles_around(&changed), []);
        let mut all = Graph::new(roles.into_values(), []);
        let of = |graph: &Graph| -> Vec<(RoleKey, std::collections::BTreeSet<String>)> {
            let mut keys: Vec<_> = graph.roles_with(&changed.key).collect();
            keys.sort();
            let rules = |key: &RoleKey| graph.rules_of(key).map(|rule| format!("{rule:?}")).collect();
            keys.iter().map(|key| (key.clone(), rules(key))).collect()
        };
        prop_assert_eq!(of(&few), of(&all));
        few.put_role(changed.clone());
        all.put_role(changed.clone());
        prop_assert_eq!(of(&few), of(&all));
        for namespace in PLACES {
            for resource in ["pods", "secrets"] {
                let asked = Asked::Resource { group: "", resource, subresource: "", namespace, name: "" };
                let attributes = Attributes { verb: "get", asked };
                let of = |graph: &Graph| -> Vec<String> {
                    graph.who_can(&attributes).iter().map(|holder| format!("{holder:?}")).collect()
                };
                prop_assert_eq!(of(&graph), of(&fresh));
                for user in NAMES {
                    let identity = Identity::authenticated(user, ["y".to_owned()]);
                    let holders = graph.who_can(&attributes);
                    let listed = holders.iter().any(|holder| match holder.subject {
                        Subject::User(name) => &**name == user,
                        Subject::Group(name) => identity.is_in(name),
                    });
                    prop_assert_eq!(graph.allows(&identity, &attributes).is_some(), listed);
                }
            }
        }
    }
}
