//! rolegate's RBAC and that of kube-apiserver: the same answers.
//!
//! A generated world of roles and bindings is stored in a real API server and read
//! back, with everything that Kubernetes has of its own. Then the graph made from it
//! and the API server's `SubjectAccessReview` answer the same questions.

mod world;

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rolegate_core::rbac::{Attributes, Binding, GROUP, Graph, Identity, Role, RoleKey};
use serde_json::{Value, json};

use self::world::{Question, World};
use crate::harness::{Cluster, dirs, wait};

/// Enough that every pair of a rule's field and a question's field meets often.
const QUESTIONS: usize = 6_000;
const THREADS: usize = 4;

/// RBAC inside kube-apiserver follows etcd after a moment, and the aggregation
/// controller follows both. A disagreement counts if it stays.
const PATIENCE: Duration = Duration::from_secs(15);

#[test]
fn the_graph_answers_as_the_api_server_does() {
    let cluster = Cluster::shared();
    let seed = std::env::var("RBAC_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(dirs::random);
    let mut world = World::new(seed);
    for name in world.namespaces() {
        cluster.create("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
    }
    let objects = world.objects();
    in_parallel(&objects, |(path, object)| {
        cluster.create(path, object);
    });
    let graph = settled(cluster, &world);

    let mut questions = World::traps();
    while questions.len() < QUESTIONS {
        questions.push(world.question());
    }
    let allowed = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    in_parallel(&questions, |question| {
        let ours = answer(&graph, question);
        allowed.fetch_add(usize::from(ours), Ordering::Relaxed);
        if ask(cluster, question) != ours {
            wrong.lock().expect("no thread panics").push(question);
        }
    });
    let wrong = wrong.into_inner().expect("no thread panics");
    // Other tests change the same cluster's RBAC, and aggregation may have gone on.
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter_map(|question| {
            let agree = wait::within(PATIENCE, || {
                let (ours, theirs) = (answer(&stored(cluster), question), ask(cluster, question));
                (ours == theirs)
                    .then_some(())
                    .ok_or_else(|| format!("{question:?}: ours {ours}, the API server {theirs}"))
            });
            agree.err()
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "RBAC_SEED={seed}: {} of {}:\n{}",
        wrong.len(),
        questions.len(),
        wrong.join("\n")
    );
    // A world that allows everything or nothing would agree with anybody.
    let share = allowed.into_inner() * 100 / questions.len();
    assert!((10..=90).contains(&share), "{share} % are allowed");
}

/// Whether the graph allows it. The API server lets `system:masters` pass before it
/// asks RBAC.
fn answer(graph: &Graph, question: &Question) -> bool {
    let identity = Identity::exactly(&question.user, question.groups.iter().cloned());
    let attributes = Attributes {
        verb: &question.verb,
        asked: question.asked(),
    };
    identity.is_superuser() || graph.allows(&identity, &attributes).is_some()
}

/// The API server's answer.
fn ask(cluster: &Cluster, question: &Question) -> bool {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": question.review(),
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = cluster.create(path, &review);
    answer["status"]["allowed"].as_bool().expect("an answer")
}

/// The graph of what is stored now.
fn stored(cluster: &Cluster) -> Graph {
    let list = |plural: &str| -> Vec<String> {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{plural}");
        let Value::Array(items) = cluster.get(&path)["items"].take() else {
            panic!("no items at {path}");
        };
        items.iter().map(Value::to_string).collect()
    };
    let roles = ["roles", "clusterroles"]
        .into_iter()
        .flat_map(list)
        .map(|text| Role::parse(&text, "").expect("a stored role"));
    let bindings = ["rolebindings", "clusterrolebindings"]
        .into_iter()
        .flat_map(list)
        .map(|text| Binding::parse(&text, "").expect("a stored binding"));
    Graph::new(roles, bindings)
}

/// The graph, as soon as the controller has aggregated the world's cluster roles:
/// what it stored has just what the graph says that they have.
fn settled(cluster: &Cluster, world: &World) -> Graph {
    wait::until("aggregated cluster roles", || {
        let graph = stored(cluster);
        for name in world.aggregated() {
            let key = RoleKey {
                namespace: "".into(),
                name: name.as_str().into(),
            };
            let role = graph.role(&key).ok_or("a role is not there")?;
            let lacks = graph.rules_of(&key).find(|rule| !role.rules.contains(rule));
            if let Some(rule) = lacks {
                return Err(format!("{key} lacks {rule:?}"));
            }
        }
        Ok(graph)
    })
}

fn in_parallel<'i, T: Sync>(items: &'i [T], work: impl Fn(&'i T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}

/// `rolegate who-can` and `rolegate can` against a cluster: what Kubernetes' own roles
/// give a tenant. More bindings than one page holds are there, or the test above has
/// not run yet; it runs beside this one.
#[test]
fn the_commands_ask_the_cluster() {
    let cluster = Cluster::shared();
    let name = dirs::random_name("rbac");
    cluster.create("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings");
    for role in ["admin", "edit", "view"] {
        cluster.create(
            &path,
            &json!({
                "metadata": {"name": role},
                "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": GROUP, "kind": "User", "name": format!("{name}-{role}")}],
            }),
        );
    }
    let kubeconfig = cluster.kubeconfig(cluster.admin());
    let run = |arguments: &[&str]| -> Vec<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_rolegate"))
            .args(arguments)
            .args(["--namespace", &name, "--format", "json"])
            .env("KUBECONFIG", &kubeconfig)
            .output()
            .expect("runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let mine = |subjects: Vec<Value>| -> Vec<String> {
        let all = subjects.into_iter().map(|one| one["subject"].to_string());
        let mut mine: Vec<String> = all.filter(|subject| subject.contains(&name)).collect();
        mine.sort();
        mine
    };
    let users = |roles: &[&str]| -> Vec<String> {
        roles
            .iter()
            .map(|role| format!("\"user {name}-{role}\""))
            .collect()
    };
    assert_eq!(
        mine(run(&["who-can", "get", "secrets"])),
        users(&["admin", "edit"])
    );
    assert_eq!(
        mine(run(&["who-can", "create", "pods/exec"])),
        users(&["admin", "edit"])
    );
    assert_eq!(
        mine(run(&["who-can", "create", "rolebindings"])),
        users(&["admin"])
    );
    assert_eq!(
        mine(run(&["who-can", "get", "pods"])),
        users(&["admin", "edit", "view"])
    );

    // What a role gives that nothing stops, and what is denied in any case.
    let can = |role: &str, standing: &str| -> Vec<String> {
        run(&["can", &format!("{name}-{role}")])
            .iter()
            .filter(|one| one["standing"] == standing)
            .map(|one| {
                let parts =
                    ["resource", "subresource"].map(|part| one[part].as_str().expect("text"));
                parts.join("/")
            })
            .collect()
    };
    let (admin, edit, view) = (
        can("admin", "open"),
        can("edit", "open"),
        can("view", "open"),
    );
    for open in ["secrets/", "serviceaccounts/"] {
        let open = open.to_owned();
        assert!(
            admin.contains(&open) && edit.contains(&open) && !view.contains(&open),
            "{open}"
        );
    }
    let bindings = "rolebindings/".to_owned();
    assert!(can("admin", "judged").contains(&bindings));
    assert!(!can("edit", "judged").contains(&bindings));
    assert!(can("edit", "denied").contains(&"pods/exec".to_owned()));
    assert_eq!(can("view", "denied"), Vec::<String>::new());
}
