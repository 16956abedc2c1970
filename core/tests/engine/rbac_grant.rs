//! The rule `rbac-grant`: what subjects newly get, with and without the cluster's
//! roles and bindings.

use std::collections::BTreeMap;
use std::time::Duration;

use rolegate_core::decision::{Decision, Door, Outcome, Scope, decide};
use rolegate_core::facts::{Facts, Known, Need, View};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::rbac::{Binding, GROUP, Labels, Role};
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

use crate::support::scene::{admin, controller_manager, emr, operator, with_operator};
use crate::support::{Review, controller, now, policy, service_account, tenant, user};

mod charts;

/// What rolegate may read: lists and objects by resource and namespace. A kind that is
/// not in it cannot be read.
#[derive(Default)]
struct Cluster(BTreeMap<&'static str, Vec<Value>>);

const KINDS: [&str; 5] = [
    "roles",
    "clusterroles",
    "rolebindings",
    "clusterrolebindings",
    "namespaces",
];

impl Cluster {
    /// With `spark-a` managed and `other` not.
    fn new() -> Self {
        let mut all: BTreeMap<_, _> = KINDS.iter().map(|kind| (*kind, Vec::new())).collect();
        all.insert(
            "namespaces",
            vec![
                json!({ "metadata": { "name": "spark-a", "labels": { "rolegate.dev/mode": "enforce" } } }),
                json!({ "metadata": { "name": "other" } }),
            ],
        );
        Self(all)
    }

    fn with(mut self, kind: &'static str, object: Value) -> Self {
        self.0.entry(kind).or_default().push(object);
        self
    }

    fn answer(&self, need: &Need) -> Option<Value> {
        let objects = self.0.get(need.resource.as_str())?;
        let inside = |object: &&Value| {
            need.namespace.is_empty() || object["metadata"]["namespace"] == need.namespace.as_str()
        };
        let mut objects = objects.iter().filter(inside);
        if need.is_list() {
            return Some(json!({ "items": objects.collect::<Vec<_>>() }));
        }
        let found = objects.find(|object| object["metadata"]["name"] == need.name.as_str());
        Some(found.cloned().unwrap_or_default())
    }

    /// What rolegate would keep of it, if it watched it.
    fn view(&self) -> View {
        let objects = |kinds: [&str; 2]| {
            let all = kinds.map(|kind| self.0.get(kind).cloned().unwrap_or_default());
            all.concat()
        };
        let mut view = View::default();
        for role in objects(["roles", "clusterroles"]) {
            let role = Role::parse(&role.to_string(), "").expect("a role");
            view.graph.put_role(role);
        }
        for binding in objects(["rolebindings", "clusterrolebindings"]) {
            let binding = Binding::parse(&binding.to_string(), "").expect("a binding");
            view.graph.put_binding(binding);
        }
        for namespace in self.0.get("namespaces").into_iter().flatten() {
            let labels: Labels =
                serde_json::from_value(namespace["metadata"]["labels"].clone()).unwrap_or_default();
            if labels.contains_key("rolegate.dev/mode") {
                let name = namespace["metadata"]["name"].as_str().expect("a name");
                view.managed.insert(name.into(), labels);
            }
        }
        view
    }

    /// The findings of the rule, and what it could not look at. With a view of all kinds
    /// what is denied is denied at once and in the same words, and nothing else is
    /// decided by the view.
    fn judge(&self, review: &Review, policy: &Policy) -> Vec<String> {
        let looked_up = self.look_up(review, policy);
        if KINDS.iter().all(|kind| self.0.contains_key(kind)) {
            let at_once = in_view(&self.view(), Duration::from_mins(1), review, policy);
            let asks = asks(review, policy);
            match at_once {
                None => assert!(asks && looked_up.is_empty(), "{looked_up:?}"),
                Some(said) => assert_eq!(said, looked_up),
            }
            if asks && !looked_up.is_empty() {
                // Another rule's needs were looked up, and not those of this one.
                let facts = Facts::unknowable();
                let again = with_view(facts, &self.view(), Duration::ZERO, review, policy);
                assert_eq!(again.as_ref(), Some(&looked_up));
            }
            let old = in_view(&self.view(), Duration::from_mins(3), review, policy);
            assert_eq!(old.is_none(), asks, "what is too old denies nothing");
        }
        looked_up
    }

    fn look_up(&self, review: &Review, policy: &Policy) -> Vec<String> {
        self.decided(review, policy, shown)
    }

    fn decided<T>(&self, review: &Review, policy: &Policy, show: impl Fn(&Decision<'_>) -> T) -> T {
        let body = review.body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let scope = Scope::of_door(Door::Enforce, policy);
        let first = decide(&review.request, scope, policy, &Facts::none_yet(), now());
        let needs = match first.expect("a first round") {
            Outcome::Needs(needs) => needs,
            Outcome::Decided(decision) => return show(&decision),
        };
        let texts: Vec<(Need, Option<String>)> = needs
            .into_iter()
            .map(|need| {
                let answer = self.answer(&need).map(|answer| answer.to_string());
                (need, answer)
            })
            .collect();
        let stored: Vec<_> = texts
            .iter()
            .map(|(need, text)| {
                let raw = text.as_deref().map(|text| Raw::parse(text).expect("JSON"));
                (need, raw.map(|raw| need.stored(raw)))
            })
            .collect();
        let found = stored.iter().map(|(need, stored)| {
            let known = match stored {
                None => Known::Unknown,
                Some(stored) if stored.object.raw().get() == "null" => {
                    Known::Absent(Duration::ZERO)
                }
                Some(stored) => Known::Is(stored, Duration::ZERO),
            };
            ((*need).clone(), known)
        });
        let facts = Facts::found(found);
        let second = decide(&review.request, scope, policy, &facts, now()).expect("a decision");
        show(&second.decided().expect("no third round"))
    }
}

/// Whether the rule looks something up where there is no view.
fn asks(review: &Review, policy: &Policy) -> bool {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let scope = Scope::of_door(Door::Enforce, policy);
    let first = decide(&review.request, scope, policy, &Facts::none_yet(), now());
    matches!(first.expect("a first round"), Outcome::Needs(_))
}

/// What the rule says in the first round with a view of that age; `None` if it asks.
fn in_view(view: &View, age: Duration, review: &Review, policy: &Policy) -> Option<Vec<String>> {
    with_view(Facts::none_yet(), view, age, review, policy)
}

fn with_view<'v>(
    facts: Facts<'v>,
    view: &'v View,
    age: Duration,
    review: &Review,
    policy: &Policy,
) -> Option<Vec<String>> {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let scope = Scope::of_door(Door::Enforce, policy);
    let facts = facts.with_view(view, age);
    match decide(&review.request, scope, policy, &facts, now()).expect("a first round") {
        Outcome::Needs(_) => None,
        Outcome::Decided(decision) => Some(shown(&decision)),
    }
}

fn shown(decision: &Decision<'_>) -> Vec<String> {
    let judged = decision.judged.iter().map(|judged| &judged.finding);
    let found = judged.filter(|finding| finding.rule.as_str() == "rbac-grant");
    let mut all: Vec<String> = found.map(|finding| finding.act.clone()).collect();
    all.extend(
        decision
            .skipped
            .iter()
            .map(|skipped| format!("skipped: {}", skipped.need)),
    );
    all
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": groups, "resources": resources, "verbs": verbs })
}

fn role(namespace: &str, name: &str, rules: &[Value]) -> Value {
    json!({ "metadata": { "name": name, "namespace": namespace }, "rules": rules })
}

fn labelled(name: &str, label: Option<&str>, rules: &[Value]) -> Value {
    let mut role = role("", name, rules);
    if let Some(label) = label {
        role["metadata"]["labels"] = json!({ label: "true" });
    }
    role
}

fn to(kind: &str, name: &str, subjects: &[Value]) -> Value {
    json!({
        "metadata": { "name": "b" },
        "roleRef": { "apiGroup": GROUP, "kind": kind, "name": name },
        "subjects": subjects,
    })
}

fn bound(namespace: &str, kind: &str, name: &str, subjects: &[Value]) -> Value {
    let mut binding = to(kind, name, subjects);
    binding["metadata"]["namespace"] = json!(namespace);
    binding
}

fn person(name: &str) -> Value {
    json!({ "kind": "User", "apiGroup": GROUP, "name": name })
}

fn group(name: &str) -> Value {
    json!({ "kind": "Group", "apiGroup": GROUP, "name": name })
}

fn account(namespace: &str, name: &str) -> Value {
    json!({ "kind": "ServiceAccount", "namespace": namespace, "name": name })
}

/// A create or an update of one of the four kinds.
fn write(who: Value, resource: &str, old: Option<Value>, new: Value) -> Review {
    let name = new["metadata"]["name"].as_str().expect("a name").to_owned();
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    let review = Review::new(who, operation, &format!("{GROUP}/{resource}"), &name)
        .object(new)
        .old(old.unwrap_or_default());
    if resource.starts_with("cluster") {
        return review.set("namespace", json!(""));
    }
    review
}

fn secrets() -> Value {
    rule(&[""], &["secrets"], &["get", "list"])
}

fn harmless() -> Value {
    rule(
        &["", "apps"],
        &["pods", "deployments", "configmaps"],
        &["*"],
    )
}

#[test]
fn bindings_to_kubernetes_own_roles() {
    let policy = Policy::builtin();
    // Without a right to read roles, by their names; with it, by their rules.
    let may_not_read = Cluster::default();
    let cluster = Cluster::new()
        .with(
            "clusterroles",
            role("", "cluster-admin", &[rule(&["*"], &["*"], &["*"])]),
        )
        .with(
            "clusterroles",
            role(
                "",
                "edit",
                &[secrets(), rule(&[""], &["pods/exec"], &["create"])],
            ),
        )
        .with(
            "clusterroles",
            role(
                "",
                "view",
                &[rule(
                    &[""],
                    &["pods", "pods/log", "configmaps"],
                    &["get", "list", "watch"],
                )],
            ),
        );
    for (cluster, name, expected) in [
        (&may_not_read, "cluster-admin", "it gives group team-a "),
        (&may_not_read, "admin", "get, list, watch secrets"),
        (&may_not_read, "edit", "impersonate serviceaccounts"),
        (&cluster, "cluster-admin", "it gives group team-a "),
        (
            &cluster,
            "edit",
            "it gives group team-a get, list secrets and create pods/exec",
        ),
    ] {
        for resource in ["rolebindings", "clusterrolebindings"] {
            let review = write(
                tenant(),
                resource,
                None,
                to("ClusterRole", name, &[group("team-a")]),
            );
            let found = cluster.judge(&review, &policy);
            assert!(
                found.len() == 1 && found[0].contains(expected),
                "{name} {resource}: {found:?}"
            );
        }
    }
    for name in [
        "system:aggregate-to-edit",
        "system:node",
        "system:controller:namespace-controller",
    ] {
        let review = write(
            tenant(),
            "rolebindings",
            None,
            to("ClusterRole", name, &[group("team-a")]),
        );
        assert_eq!(may_not_read.judge(&review, &policy).len(), 1, "{name}");
    }
    let view = |cluster: &Cluster| {
        let review = write(
            tenant(),
            "rolebindings",
            None,
            to("ClusterRole", "view", &[group("team-a")]),
        );
        cluster.judge(&review, &policy)
    };
    assert_eq!(view(&cluster), [""; 0]);
    assert_eq!(
        view(&may_not_read),
        ["skipped: all clusterroles.rbac.authorization.k8s.io"]
    );
}

#[test]
fn who_may_be_given_more() {
    let policy = with_operator(
        "  admins: { groups: [platform-admins, system:masters], users: [root-of-all] }\n",
    );
    let cluster = Cluster::new()
        .with("clusterroles", role("", "reads", &[secrets()]))
        .with(
            "clusterroles",
            role("", "enters", &[rule(&[""], &["pods/exec"], &["get"])]),
        );
    let given = |subject: Value, name: &str| {
        let review = write(
            tenant(),
            "rolebindings",
            None,
            to("ClusterRole", name, &[subject]),
        );
        !cluster.judge(&review, &policy).is_empty()
    };
    for (subject, reads, enters) in [
        (person("alice"), true, true),
        (group("team-a"), true, true),
        (group("system:authenticated"), true, true),
        (group("system:serviceaccounts:spark-a"), true, true),
        (account("spark-a", "default"), true, true),
        (account("argocd", "argocd-server"), true, true),
        // A user that is a service account.
        (person("system:serviceaccount:spark-a:default"), true, true),
        (
            account(
                "spark-a",
                "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98",
            ),
            true,
            true,
        ),
        (account("spark-operator", "spark-operator"), false, true),
        (account("cert-manager", "cert-manager"), false, false),
        (account("cert-manager", "default"), true, true),
        (
            account("cert-manager", "cert-manager-cainjector"),
            false,
            false,
        ),
        (account("kube-system", "anything"), false, false),
        (person("emr-containers"), false, false),
        (person("root-of-all"), false, false),
        (group("platform-admins"), false, false),
        (group("system:masters"), false, false),
        (person("system:kube-controller-manager"), false, false),
    ] {
        assert_eq!(given(subject.clone(), "reads"), reads, "{subject} reads");
        assert_eq!(given(subject.clone(), "enters"), enters, "{subject} enters");
    }
    // And who may give it.
    for (who, allowed) in [
        (admin(), true),
        (emr(), true),
        (controller_manager(), true),
        (controller("clusterrole-aggregation-controller"), true),
        (user("root-of-all", &[]), true),
        (tenant(), false),
        (operator(), false),
        (
            service_account("argocd", "argocd-application-controller"),
            false,
        ),
    ] {
        let review = write(
            who.clone(),
            "rolebindings",
            None,
            to("ClusterRole", "reads", &[person("bob")]),
        );
        assert_eq!(cluster.judge(&review, &policy).is_empty(), allowed, "{who}");
    }
}

#[test]
fn an_update_of_a_binding_counts_by_its_new_subjects() {
    let policy = Policy::builtin();
    let cluster = Cluster::new().with("roles", role("spark-a", "reads", &[secrets()]));
    let of = |subjects: &[Value]| bound("spark-a", "Role", "reads", subjects);
    let judge = |old: Value, new: Value| {
        cluster.judge(&write(tenant(), "rolebindings", Some(old), new), &policy)
    };
    let both = || [person("alice"), person("bob")];
    let mut labelled = of(&both());
    labelled["metadata"]["labels"] = json!({ "a": "b" });
    assert_eq!(judge(of(&both()), labelled), [""; 0]);
    assert_eq!(judge(of(&both()), of(&[person("bob")])), [""; 0]);
    let found = judge(of(&[person("alice")]), of(&both()));
    assert_eq!(
        found,
        ["change Thing spark-a/b: it gives user bob get, list secrets"]
    );
    // The same service account by its other name is not new.
    let one = of(&[account("spark-a", "x")]);
    let other = of(&[person("system:serviceaccount:spark-a:x")]);
    assert_eq!(judge(one, other), [""; 0]);
    // A role that does not exist gives nothing.
    let absent = bound("spark-a", "Role", "absent", &[person("bob")]);
    assert_eq!(
        cluster.judge(&write(tenant(), "rolebindings", None, absent), &policy),
        [""; 0]
    );
    // A cluster-scoped right in a role binding is none.
    let cluster = Cluster::new().with(
        "clusterroles",
        role(
            "",
            "nodes",
            &[rule(
                &[""],
                &["nodes/proxy", "users"],
                &["get", "impersonate"],
            )],
        ),
    );
    let judge = |resource| {
        cluster.judge(
            &write(
                tenant(),
                resource,
                None,
                to("ClusterRole", "nodes", &[person("bob")]),
            ),
            &policy,
        )
    };
    assert_eq!(judge("rolebindings"), [""; 0]);
    assert_eq!(judge("clusterrolebindings").len(), 1);
}

#[test]
fn a_role_counts_by_who_is_bound_to_it() {
    let policy = Policy::builtin();
    let judge = |cluster: &Cluster, old: Option<&[Value]>, new: &[Value]| {
        let old = old.map(|rules| role("spark-a", "r", rules));
        cluster.judge(
            &write(tenant(), "roles", old, role("spark-a", "r", new)),
            &policy,
        )
    };
    let with = |subject: Value| {
        Cluster::new().with("rolebindings", bound("spark-a", "Role", "r", &[subject]))
    };
    let unbound = Cluster::new()
        .with(
            "rolebindings",
            bound("spark-a", "Role", "another", &[person("bob")]),
        )
        .with(
            "rolebindings",
            bound("other", "Role", "r", &[person("bob")]),
        )
        .with(
            "rolebindings",
            bound("spark-a", "ClusterRole", "r", &[person("bob")]),
        );
    let bob = with(person("bob"));
    assert_eq!(judge(&unbound, None, &[secrets()]), [""; 0]);
    assert_eq!(
        judge(&bob, None, &[secrets()]),
        ["create Thing spark-a/r: it gives user bob get, list secrets by RoleBinding spark-a/b"]
    );
    assert_eq!(
        judge(&with(account("kube-system", "x")), None, &[secrets()]),
        [""; 0]
    );
    assert_eq!(judge(&bob, None, &[harmless()]), [""; 0]);
    // Only what is new counts.
    assert_eq!(
        judge(&bob, Some(&[secrets()]), &[secrets(), harmless()]),
        [""; 0]
    );
    assert_eq!(
        judge(&bob, Some(&[secrets(), harmless()]), &[secrets()]),
        [""; 0]
    );
    let watch = rule(&[""], &["secrets"], &["get", "watch"]);
    let found = judge(&bob, Some(&[secrets()]), std::slice::from_ref(&watch));
    assert!(
        found.len() == 1 && found[0].contains("gives user bob watch secrets by"),
        "{found:?}"
    );
    let mut named = secrets();
    named["resourceNames"] = json!(["one"]);
    assert_eq!(
        judge(&bob, Some(&[secrets()]), std::slice::from_ref(&named)),
        [""; 0]
    );
    let mut two = secrets();
    two["resourceNames"] = json!(["one", "two"]);
    let found = judge(&bob, Some(&[named]), std::slice::from_ref(&two));
    assert!(
        found.len() == 1 && found[0].contains("get, list secrets two"),
        "{found:?}"
    );
    // Without the right to read bindings, as if a tenant were bound to it.
    let found = judge(&Cluster::default(), None, &[secrets()]);
    assert_eq!(
        found,
        [
            "create Thing spark-a/r: it gives whoever is bound to it get, list secrets, and rolegate could not read who that is"
        ]
    );
    assert_eq!(judge(&Cluster::default(), None, &[harmless()]), [""; 0]);
    assert_eq!(
        judge(
            &Cluster::default(),
            Some(&[secrets()]),
            &[secrets(), harmless()]
        ),
        [""; 0]
    );
}

#[test]
fn secrets_that_the_policy_lists_may_be_granted_by_name() {
    let policy = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters: [{ namespaces: [spark-a], submitters: [{ groups: [team-a], secrets: [\"app-*\"] }] }]",
    );
    let cluster = Cluster::new().with(
        "rolebindings",
        bound("spark-a", "Role", "r", &[account("spark-a", "app")]),
    );
    let judge = |names: &[&str]| {
        let mut rule = secrets();
        rule["resourceNames"] = json!(names);
        cluster.judge(
            &write(tenant(), "roles", None, role("spark-a", "r", &[rule])),
            &policy,
        )
    };
    assert_eq!(judge(&["app-login", "app-token"]), [""; 0]);
    let found = judge(&["app-login", "db"]);
    assert!(
        found.len() == 1 && found[0].contains("secrets db by"),
        "{found:?}"
    );
    assert_eq!(judge(&[]).len(), 1, "no name is every name");
}

#[test]
fn cluster_roles_count_where_namespaces_are_managed() {
    let policy = Policy::builtin();
    let judge = |cluster: &Cluster, old: Option<Value>, new: Value| {
        cluster.judge(&write(tenant(), "clusterroles", old, new), &policy)
    };
    let new = || role("", "r", &[secrets()]);
    let inside = Cluster::new().with(
        "rolebindings",
        bound("spark-a", "ClusterRole", "r", &[person("bob")]),
    );
    let elsewhere = Cluster::new().with(
        "rolebindings",
        bound("other", "ClusterRole", "r", &[person("bob")]),
    );
    let everywhere = Cluster::new().with(
        "clusterrolebindings",
        to("ClusterRole", "r", &[person("bob")]),
    );
    assert_eq!(judge(&inside, None, new()).len(), 1);
    assert_eq!(judge(&elsewhere, None, new()), [""; 0]);
    assert_eq!(
        judge(&everywhere, None, new()),
        ["create Thing r: it gives user bob get, list secrets by ClusterRoleBinding b"]
    );

    // A label that feeds an aggregated role that somebody has.
    let edit = json!({
        "metadata": { "name": "edit" },
        "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { "to-edit": "true" } }] },
        "rules": [],
    });
    let cluster = || {
        Cluster::new().with("clusterroles", edit.clone()).with(
            "rolebindings",
            bound("spark-a", "ClusterRole", "edit", &[group("team-a")]),
        )
    };
    let fed = labelled("r", Some("to-edit"), &[secrets()]);
    let found = judge(&cluster(), None, fed.clone());
    assert!(
        found.len() == 1
            && found[0].contains("gives group team-a get, list secrets by RoleBinding spark-a/b"),
        "{found:?}"
    );
    let stored = cluster().with("clusterroles", new());
    assert_eq!(
        judge(&stored, Some(new()), fed.clone()).len(),
        1,
        "by its label alone"
    );
    let stored = cluster().with("clusterroles", fed.clone());
    let mut annotated = fed.clone();
    annotated["metadata"]["annotations"] = json!({ "a": "b" });
    assert_eq!(judge(&stored, Some(fed.clone()), annotated), [""; 0]);
    assert_eq!(
        judge(
            &cluster(),
            None,
            labelled("r", Some("to-edit"), &[harmless()])
        ),
        [""; 0]
    );
    // And a binding to the aggregated role, before Kubernetes has aggregated.
    let review = write(
        tenant(),
        "rolebindings",
        None,
        to("ClusterRole", "edit", &[person("bob")]),
    );
    let stored = Cluster::new()
        .with("clusterroles", edit)
        .with("clusterroles", fed);
    assert_eq!(stored.judge(&review, &policy).len(), 1);
}

/// What one rule of a Role gives a tenant that no tenant may have.
#[test]
fn single_rights_in_a_namespace() {
    let policy = Policy::builtin();
    let cluster = Cluster::new().with(
        "rolebindings",
        bound("spark-a", "Role", "r", &[person("bob")]),
    );
    let authentication = "authentication.k8s.io";
    for (group, resource, verb, expected) in [
        ("", "secrets", "watch", Some("watch secrets")),
        // The error of a patch that does not fit shows the Secret before admission.
        ("", "secrets", "patch", Some("patch secrets")),
        ("", "secrets", "delete", Some("delete secrets")),
        ("", "secrets", "create", None),
        ("", "secrets", "update", None),
        ("", "pods/exec", "get", Some("get pods/exec")),
        ("", "pods/*", "get", None),
        ("", "pods", "*", None),
        (
            "",
            "pods/ephemeralcontainers",
            "patch",
            Some("patch pods/ephemeralcontainers"),
        ),
        ("", "services/proxy", "get", Some("get services/proxy")),
        (
            "",
            "serviceaccounts",
            "impersonate",
            Some("impersonate serviceaccounts"),
        ),
        (
            authentication,
            "serviceaccounts",
            "impersonate:serviceaccount",
            Some("impersonate serviceaccounts"),
        ),
        (
            authentication,
            "*",
            "*",
            Some("impersonate serviceaccounts"),
        ),
        (authentication, "users", "impersonate:user-info", None),
        (GROUP, "roles", "escalate", Some("escalate roles")),
        // Asked for in the namespace of the binding, unlike `escalate`.
        (GROUP, "clusterroles", "bind", Some("bind clusterroles")),
        (GROUP, "clusterroles", "escalate", None),
        (GROUP, "rolebindings", "create", None),
        ("apps", "deployments/scale", "update", None),
    ] {
        let new = role("spark-a", "r", &[rule(&[group], &[resource], &[verb])]);
        let found = cluster.judge(&write(tenant(), "roles", None, new), &policy);
        match expected {
            None => assert_eq!(found, [""; 0], "{verb} {resource}"),
            Some(words) => assert!(
                found.len() == 1 && found[0].contains(words),
                "{verb} {resource}: {found:?}"
            ),
        }
    }
}

/// Who may exec into pods of its own may be given the right to exec.
#[test]
fn exec_for_submitters_with_exec() {
    let policy = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters: [{ namespaces: [spark-a], submitters: [{ users: [\"system:serviceaccount:airflow:worker\"], exec: true }] }]",
    );
    let execs = [rule(&[""], &["pods/exec"], &["create", "get"])];
    let cluster = Cluster::new().with("roles", role("spark-a", "enters", &execs));
    let judge = |subject: Value| {
        let binding = bound("spark-a", "Role", "enters", &[subject]);
        cluster.judge(&write(tenant(), "rolebindings", None, binding), &policy)
    };
    assert_eq!(judge(account("airflow", "worker")), [""; 0]);
    assert_eq!(judge(account("airflow", "other")).len(), 1);
    let attaches = [rule(&[""], &["pods/attach"], &["create"])];
    let cluster = Cluster::new().with("roles", role("spark-a", "enters", &attaches));
    let binding = bound("spark-a", "Role", "enters", &[account("airflow", "worker")]);
    assert_eq!(
        cluster
            .judge(&write(tenant(), "rolebindings", None, binding), &policy)
            .len(),
        1
    );
}

/// A binding of thousands of subjects is one short answer.
#[test]
fn many_subjects() {
    let policy = Policy::builtin();
    let subjects: Vec<Value> = (0..3000)
        .map(|at| person(&format!("user-{at:04}")))
        .collect();
    let cluster = Cluster::new().with("clusterroles", role("", "reads", &[secrets()]));
    let review = write(
        tenant(),
        "rolebindings",
        None,
        to("ClusterRole", "reads", &subjects),
    );
    let found = cluster.judge(&review, &policy);
    assert_eq!(found.len(), 8);
    assert!(
        found[7].ends_with("(and 2992 more like this)"),
        "{}",
        found[7]
    );
}

#[test]
fn what_is_no_grant() {
    let policy = Policy::builtin();
    let cluster = Cluster::default();
    for resource in [
        "roles",
        "rolebindings",
        "clusterroles",
        "clusterrolebindings",
    ] {
        let review = Review::new(tenant(), "DELETE", &format!("{GROUP}/{resource}"), "edit");
        assert_eq!(cluster.judge(&review, &policy), [""; 0], "{resource}");
    }
    let mut broken = to("ClusterRole", "edit", &[]);
    broken["subjects"] = json!("alice");
    let problem = write(tenant(), "rolebindings", None, broken).problem(&policy);
    assert!(problem.contains("request.object"), "{problem}");
}
