//! alice has one right, and others have what she wants.

use serde_json::{Value, json};

use crate::facts::Class;
use crate::facts::surface::Verb;
use crate::permissions::{Question, held};
use crate::policy::Policy;
use crate::rbac::{Binding, GROUP, Graph, Identity, Role};

use super::{reach, routes};

/// `get secrets`, `create deployments.apps`, `get secrets=x` for one name only. A `+`
/// separates rules.
fn rules(text: &str) -> Value {
    text.split(" + ")
        .map(|rule| {
            let (verbs, what) = rule.split_once(' ').expect("a verb");
            let (what, names) = what.split_once('=').unwrap_or((what, ""));
            let (main, sub) = what.split_once('/').unwrap_or((what, ""));
            let (main, group) = main.split_once('.').unwrap_or((main, ""));
            let resource = match sub {
                "" => main.to_owned(),
                sub => format!("{main}/{sub}"),
            };
            let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
            json!({
                "verbs": verbs.split(',').collect::<Vec<_>>(), "apiGroups": [group],
                "resources": [resource], "resourceNames": names,
            })
        })
        .collect()
}

/// A role with rules, bound to a subject in namespace `a`, or with `*` before the rules
/// in the cluster.
fn graph(given: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::default();
    for (index, (subject, text)) in given.iter().enumerate() {
        let (text, namespace) = match text.strip_prefix("* ") {
            Some(text) => (text, ""),
            None => (*text, "a"),
        };
        let (kind, prefix) = if namespace.is_empty() {
            ("ClusterRole", "Cluster")
        } else {
            ("Role", "")
        };
        let name = format!("r{index}");
        let role = json!({
            "kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": rules(text),
        });
        graph.put_role(Role::parse(&role.to_string(), namespace).expect("a role"));
        let (of, whom) = subject.split_once(' ').expect("a kind");
        let whom = match (of, whom.split_once('/')) {
            ("ServiceAccount", Some((namespace, name))) => {
                json!({"kind": of, "namespace": namespace, "name": name})
            }
            _ => json!({"kind": of, "name": whom}),
        };
        let binding = json!({
            "kind": format!("{prefix}RoleBinding"),
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name}, "subjects": [whom],
        });
        graph.put_binding(Binding::parse(&binding.to_string(), namespace).expect("a binding"));
    }
    graph
}

/// The ways of alice to `get secrets` in `a`, with whom she acts as.
fn ways(graph: &Graph) -> Vec<String> {
    let question = Question::parse("get", "secrets", "a", "").expect("a question");
    let attributes = question.attributes();
    let holders = graph.who_can(&attributes);
    let found = routes(graph, &attributes, &holders);
    let alices = found
        .routes
        .iter()
        .filter(|route| route.subject.to_string() == "user alice");
    alices
        .map(|route| {
            assert!(!route.grants.is_empty(), "{route:?}");
            let through: Vec<String> = route.through.iter().map(ToString::to_string).collect();
            format!("{} {}", route.way.as_str(), through.join(", "))
                .trim_end()
                .to_owned()
        })
        .collect()
}

const ACCOUNT: &str = "service account a/reads";

#[test]
fn the_ways_to_act_as_a_holder() {
    let start = format!("start-pod {ACCOUNT}");
    let enter = format!("enter-pod {ACCOUNT}");
    let token = format!("create-token {ACCOUNT}");
    let imp = format!("impersonate {ACCOUNT}");
    let none: &[&str] = &[];
    for (rights, expected) in [
        ("create pods", &[&*start][..]),
        ("create deployments.apps", &[&start]),
        ("patch deployments.apps", &[&start]),
        ("patch deployments.apps=web", &[&start]),
        ("update cronjobs.batch", &[&start]),
        ("create jobs.batch", &[&start]),
        // Neither changes the account of a pod that exists.
        ("patch pods", none),
        ("update jobs.batch", none),
        ("get deployments.apps", none),
        ("create pods/exec", &[&enter]),
        ("get pods/exec", &[&enter]),
        ("patch pods/ephemeralcontainers", &[&enter]),
        ("get pods/log", none),
        ("create pods/*", none),
        ("create serviceaccounts/token", &[&token]),
        ("create serviceaccounts/token=reads", &[&token]),
        ("create serviceaccounts/token=other", none),
        ("create serviceaccounts", none),
        ("impersonate serviceaccounts", &[&imp]),
        ("impersonate serviceaccounts=reads", &[&imp]),
        ("impersonate serviceaccounts=other", none),
        (
            "impersonate:serviceaccount serviceaccounts.authentication.k8s.io",
            &[&imp],
        ),
        // Users are cluster-scoped, and a service account is impersonated as such.
        ("impersonate users", none),
        ("* impersonate users", none),
        ("* create pods", &[&start]),
    ] {
        let graph = graph(&[
            ("ServiceAccount a/reads", "get secrets"),
            ("User alice", rights),
        ]);
        assert_eq!(ways(&graph), expected, "{rights}");
        // Elsewhere the account is another's.
        let elsewhere = self::graph(&[
            ("ServiceAccount b/reads", "get secrets"),
            ("User alice", rights),
        ]);
        let reaches = rights.starts_with('*') && !expected.is_empty();
        assert_eq!(!ways(&elsewhere).is_empty(), reaches, "{rights}");
    }
}

#[test]
fn users_and_groups() {
    for (holder, rights, expected) in [
        ("User root", "* impersonate users", "impersonate user root"),
        (
            "User root",
            "* impersonate users=root",
            "impersonate user root",
        ),
        ("User root", "* impersonate users=other", ""),
        (
            "User root",
            "* impersonate:user-info users.authentication.k8s.io",
            "impersonate user root",
        ),
        // Nobody impersonates a group alone.
        ("Group ops", "* impersonate groups", ""),
        (
            "Group ops",
            "* impersonate groups=ops + impersonate users=nobody",
            "impersonate group ops",
        ),
        (
            "Group ops",
            "* impersonate groups=ops + impersonate serviceaccounts",
            "impersonate group ops",
        ),
        (
            "Group system:serviceaccounts:a",
            "create pods",
            "start-pod group system:serviceaccounts:a",
        ),
        (
            "Group system:serviceaccounts",
            "create pods",
            "start-pod group system:serviceaccounts",
        ),
        ("Group system:authenticated", "* impersonate groups", ""),
        // Without any holder.
        (
            "User root",
            "* impersonate groups=system:masters + impersonate users=x",
            "impersonate group system:masters",
        ),
    ] {
        let graph = graph(&[(holder, "get secrets"), ("User alice", rights)]);
        let expected: Vec<&str> = [expected]
            .into_iter()
            .filter(|one| !one.is_empty())
            .collect();
        assert_eq!(ways(&graph), expected, "{holder}: {rights}");
    }
}

#[test]
fn the_ways_to_give_oneself_a_role() {
    let none: &[&str] = &[];
    let bind = "create rolebindings.rbac.authorization.k8s.io + bind";
    let (roles, clusterroles) = (
        "roles.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
    );
    for (rights, expected) in [
        (format!("{bind} {roles}"), &["bind"][..]),
        // `r0` gives it, `r9` does not exist.
        (format!("{bind} {roles}=r0"), &["bind"]),
        (format!("{bind} {roles}=r9"), none),
        (format!("{bind} {clusterroles}"), &["bind"]),
        (format!("{bind} {clusterroles}=r0"), none),
        (format!("bind {roles}"), none),
        (
            "create rolebindings.rbac.authorization.k8s.io".to_owned(),
            none,
        ),
        (format!("patch,escalate {roles}"), &["escalate"]),
        (format!("escalate {roles}"), none),
        (format!("patch {roles}"), none),
        // In the namespace nobody writes cluster roles.
        (format!("patch,escalate {clusterroles}"), none),
        (format!("* patch,escalate {clusterroles}"), &["escalate"]),
        (
            format!("* create clusterrolebindings.rbac.authorization.k8s.io + bind {clusterroles}"),
            &["bind"],
        ),
    ] {
        let graph = graph(&[
            ("User root", "get secrets"),
            ("User alice", rights.as_str()),
        ]);
        assert_eq!(ways(&graph), expected, "{rights}");
    }
}

#[test]
fn whoever_holds_it_needs_no_way() {
    let both = |own: &str| {
        graph(&[
            ("ServiceAccount a/reads", "get secrets"),
            ("User alice", "create pods"),
            ("User alice", own),
        ])
    };
    assert_eq!(ways(&both("get secrets")), [""; 0]);
    // One Secret is not all.
    assert_eq!(
        ways(&both("get secrets=x")),
        [format!("start-pod {ACCOUNT}")]
    );
}

/// What alice can get in `a`.
fn gets(graph: &Graph) -> Vec<String> {
    let identity = Identity::authenticated("alice", []);
    let own = held(graph, &identity, Class::Tenant, "a");
    let found = reach(graph, &identity, &own, "a", &Policy::builtin());
    found
        .iter()
        .map(|reach| {
            let who = reach
                .other
                .map_or_else(|| "any role".to_owned(), ToString::to_string);
            let gains: Vec<String> = reach
                .gains
                .iter()
                .map(|gain| {
                    let verbs: Vec<&str> = gain.verbs.iter().map(Verb::as_str).collect();
                    format!("{} {}", verbs.join(","), gain.row)
                })
                .collect();
            let ways: Vec<&str> = reach.ways.iter().map(|(way, _)| way.as_str()).collect();
            format!("{who}: {} by {}", gains.join("; "), ways.join(", "))
        })
        .collect()
}

#[test]
fn what_one_subject_can_get() {
    let graph = graph(&[
        (
            "ServiceAccount a/reads",
            "get configmaps + get,list secrets",
        ),
        ("ServiceAccount a/same", "create pods"),
        ("ServiceAccount b/else", "* get secrets"),
        ("User alice", "create pods + get secrets=x"),
        ("User alice", "create pods/exec"),
    ]);
    assert_eq!(
        gets(&graph),
        ["service account a/reads: get,list secrets; get configmaps by start-pod, enter-pod"],
    );
    let binds = "create rolebindings.rbac.authorization.k8s.io + bind clusterroles.rbac.authorization.k8s.io";
    let graph = self::graph(&[("User alice", binds)]);
    assert_eq!(gets(&graph), ["any role:  by bind"]);
    let graph = self::graph(&[("User alice", "bind clusterroles.rbac.authorization.k8s.io")]);
    assert_eq!(gets(&graph), [""; 0]);
}

/// Many holders are not all followed, and it is said.
#[test]
fn there_is_a_limit() {
    let accounts: Vec<String> = (0..250)
        .map(|number| format!("ServiceAccount a/s{number:03}"))
        .collect();
    let given: Vec<(&str, &str)> = accounts
        .iter()
        .map(|account| (account.as_str(), "get secrets"))
        .chain([("User alice", "create pods")])
        .collect();
    let graph = graph(&given);
    let question = Question::parse("get", "secrets", "a", "").expect("a question");
    let attributes = question.attributes();
    let holders = graph.who_can(&attributes);
    let found = routes(&graph, &attributes, &holders);
    assert_eq!(found.not_followed, 50);
    assert_eq!(found.routes.len(), 1);
    assert_eq!(found.routes[0].through.len(), 200);
    assert_eq!(found.routes[0].grants.len(), 1);
}
