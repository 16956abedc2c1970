//! What the admission policies and the webhooks' conditions cost the API
//! server: no more than in proportion to what a tenant can size.
//!
//! In the API server's CEL every macro (`all`, `exists`, `filter`, `map`) takes
//! a time quadratic in the list it walks, whatever its body: the accounting of
//! costs looks through all earlier steps at each step. So no expression of ours
//! walks through a list that somebody else sizes, unless it has bounded it.
//! `==`, `in` and `sets.contains` are one step each, and linear.
//!
//! Measured as small writes of the largest objects that Kubernetes takes: where
//! the policy judges them, and where it does not.

#![expect(clippy::print_stderr, reason = "`--nocapture` shows the figures")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::namespaces::CHAIN;
use super::{Attack, account, assert_passes, assert_refused};
use crate::harness::accounts::pod;
use crate::harness::http::{Answer, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::namespace::MODE_LABEL;
use crate::harness::users::User;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, dirs, wait};

/// How many times as long as without the policy a write may take. Converting
/// the object for the expressions, eight times, takes up to five more; walking
/// through it takes seventy.
const FACTOR: u32 = 10;
const ROUNDS: usize = 3;

/// A control plane of its own: other tests would be measured too, and would
/// have to wait. Everything is in force, with nobody at the webhooks' address.
fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
        let cluster = Cluster::start();
        let mut shipped = cluster.read_manifest(VALIDATING).remove(0);
        let nobody = format!("https://127.0.0.1:{}", dirs::free_port());
        for webhook in shipped["webhooks"].as_array_mut().expect("webhooks") {
            webhook["clientConfig"] = json!({"url": nobody});
        }
        cluster.apply_as_admin(&shipped);
        for object in cluster.read_manifest("manifests/policies/node-guard/node-guard.yaml") {
            cluster.apply_as_admin(&object);
        }
        cluster.install_guards();
        cluster
    });
    &CLUSTER
}

/// The shortest keys there are.
fn key(mut index: usize) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut key = String::new();
    loop {
        key.push(char::from(DIGITS[index % 36]));
        index /= 36;
        if index == 0 {
            return key;
        }
        index -= 1;
    }
}

fn keys(count: usize) -> Value {
    (0..count)
        .map(|index| (key(index), "".into()))
        .collect::<Map<_, _>>()
        .into()
}

fn list(count: usize, one: impl Fn(String) -> Value) -> Value {
    (0..count).map(|index| one(key(index))).collect()
}

fn finalizers(count: usize) -> Value {
    list(count, |key| format!("a.b/{key}").into())
}

/// Makes the largest that the API server takes: about so many, or fewer.
fn largest(cluster: &Cluster, path: &str, most: usize, make: impl Fn(usize) -> Value) -> usize {
    let mut count = most;
    loop {
        let object = make(count);
        let answer = cluster
            .request(cluster.admin(), "POST", path)
            .json(&object)
            .send();
        if answer.status == 201 {
            return count;
        }
        let start: String = answer.body.chars().take(300).collect();
        assert!(count > most / 10, "{path}: {} {start}", answer.status);
        count = count * 9 / 10;
    }
}

/// An object with so many of something.
type Make = fn(usize) -> Value;

/// What makes an object large, how many of it to try, and how it is put in.
type Large = (&'static str, usize, fn(usize, &mut Value));

/// Pods that a tenant has made large, each in its own way.
const PODS: [Large; 5] = [
    ("annotations", 90_000, |count, pod| {
        pod["metadata"]["annotations"] = keys(count);
    }),
    ("labels", 60_000, |count, pod| {
        pod["metadata"]["labels"] = keys(count);
    }),
    ("owners", 12_000, |count, pod| {
        pod["metadata"]["ownerReferences"] = list(
            count,
            |key| json!({"apiVersion": "a.b/v1", "kind": "A", "name": "a", "uid": key}),
        );
    }),
    ("finalizers", 10_000, |count, pod| {
        pod["metadata"]["finalizers"] = finalizers(count);
    }),
    ("containers", 1_000, |count, pod| {
        let words = "x".repeat(800);
        pod["spec"]["containers"] = list(
            count,
            |key| json!({"name": key, "image": "a", "args": [words]}),
        );
    }),
];

/// With all of [`PODS`].
fn namespace(labels: &Value) -> Namespace<'static> {
    let namespace = Namespace::with_labels(cluster(), labels);
    for (name, most, enlarge) in PODS {
        let count = largest(namespace.cluster, &namespace.core("pods"), most, |count| {
            let mut pod = pod(name, "default");
            enlarge(count, &mut pod);
            pod
        });
        eprintln!("{labels}: a pod with {count} {name}");
    }
    namespace
}

/// Who sends what: where it is judged, and where it is not.
type Side<'a> = (&'a User, Attack);

/// The times of one write on both sides; a line if they are too far apart.
fn compare(what: &str, judged: &Side<'_>, free: &Side<'_>) -> Option<String> {
    let time = |(user, attack): &Side<'_>| {
        let start = Instant::now();
        let answer = attack.by(cluster(), user);
        let took = start.elapsed();
        assert!(
            answer.status < 500,
            "{what}: {} after {took:.1?}: {}",
            answer.status,
            answer.message()
        );
        took
    };
    let mut times = [vec![], vec![]];
    for _ in 0..ROUNDS {
        times[0].push(time(judged));
        times[1].push(time(free));
    }
    let [with, without] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    let line = format!("{what}: {with:.1?} where it is judged, {without:.1?} where it is not");
    eprintln!("{line}");
    (with > without * FACTOR).then_some(line)
}

fn assert_cheap(wrong: impl Iterator<Item = Option<String>>) {
    let wrong: Vec<String> = wrong.flatten().collect();
    assert!(
        wrong.is_empty(),
        "more than {FACTOR} times as long:\n{}",
        wrong.join("\n")
    );
}

fn patch(path: String, change: &Value) -> Attack {
    Attack::new("PATCH", path).body(MERGE, change).dry()
}

#[test]
fn a_large_pod_costs_no_more_where_chaining_is_on() {
    let cluster = cluster();
    let [chained, plain] = [json!({CHAIN: "enabled"}), json!({})].map(|labels| namespace(&labels));
    let changes = [
        ("", json!({"metadata": {"labels": {"one": "more"}}})),
        ("/status", json!({"status": {"message": "m"}})),
    ];
    let send = |namespace: &Namespace<'_>, pod: &str, (rest, change): &(&str, Value)| {
        patch(namespace.core(&format!("pods/{pod}{rest}")), change)
    };
    assert_cheap(PODS.iter().flat_map(|(pod, ..)| {
        let (chained, plain) = (&chained, &plain);
        changes.iter().map(move |change| {
            let what = format!("chain-guard, {pod}{}", change.0);
            let sides = [chained, plain].map(|place| (cluster.alice(), send(place, pod, change)));
            compare(&what, &sides[0], &sides[1])
        })
    }));
    // It is in force.
    let ours = json!({"metadata": {"annotations": {"rolegate.dev/aws-config": "[default]"}}});
    let answer = send(&chained, "annotations", &("", ours)).by(cluster, cluster.alice());
    assert_refused(
        "one of ours",
        &answer,
        "chain-guard",
        "alice may not change",
    );
}

/// What the conditions look at longest: the job controller's pods.
#[test]
fn a_large_pod_costs_no_more_where_the_conditions_are_asked() {
    let cluster = cluster();
    let [audited, plain] =
        [json!({MODE_LABEL: "audit"}), json!({})].map(|labels| namespace(&labels));
    let controller = account(cluster, "kube-system", "job-controller");
    let node = cluster.node();
    assert_cheap(PODS.iter().flat_map(|(pod, ..)| {
        let (audited, plain, controller) = (&audited, &plain, &controller);
        let status = ("/status", json!({"status": {"message": "m"}}));
        let release = ("", json!({"metadata": {"finalizers": null}}));
        [(controller, release), (node, status)].map(|(user, (rest, change))| {
            let what = format!("conditions, {pod}{rest} by {}", user.name);
            let sides = [audited, plain].map(|place| {
                (
                    user,
                    patch(place.core(&format!("pods/{pod}{rest}")), &change),
                )
            });
            compare(&what, &sides[0], &sides[1])
        })
    }));
}

#[test]
fn a_large_secret_costs_no_more_where_it_is_guarded() {
    let cluster = cluster();
    let places = [json!({MODE_LABEL: "enforce"}), json!({})]
        .map(|labels| Namespace::with_labels(cluster, &labels));
    let secrets: [(&str, Make); 2] = [
        (
            "data",
            |count| json!({"metadata": {"name": "data"}, "data": keys(count)}),
        ),
        (
            "annotations",
            |count| json!({"metadata": {"name": "annotations", "annotations": keys(count)}}),
        ),
    ];
    assert_cheap(secrets.iter().map(|(name, make)| {
        for place in &places {
            largest(cluster, &place.core("secrets"), 90_000, make);
        }
        let sides = [&places[0], &places[1]].map(|place| {
            let change = json!({"metadata": {"labels": {"one": "more"}}});
            (
                cluster.alice(),
                patch(place.core(&format!("secrets/{name}")), &change),
            )
        });
        compare(&format!("secret-guard, {name}"), &sides[0], &sides[1])
    }));
}

#[test]
fn a_large_namespace_costs_no_more_than_an_administrators() {
    let cluster = cluster();
    let namespaces: [Large; 3] = [
        ("finalizers", 60_000, |count, namespace| {
            namespace["spec"]["finalizers"] = finalizers(count);
        }),
        ("labels", 90_000, |count, namespace| {
            namespace["metadata"]["labels"] = keys(count);
        }),
        ("owners", 12_000, PODS[2].2),
    ];
    assert_cheap(namespaces.iter().map(|(what, most, enlarge)| {
        let name = dirs::random_name("e2e-large");
        let count = largest(cluster, "/api/v1/namespaces", *most, |count| {
            let mut namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            enlarge(count, &mut namespace);
            namespace["metadata"]["labels"][MODE_LABEL] = "audit".into();
            namespace
        });
        let change = patch(
            format!("/api/v1/namespaces/{name}"),
            &json!({"metadata": {"annotations": {"one": "more"}}}),
        );
        assert_passes(what, &change.by(cluster, cluster.mallory()));
        compare(
            &format!("namespace-guard, {count} {what}"),
            &(cluster.mallory(), change.clone()),
            &(cluster.cluster_operator(), change),
        )
    }));
}

#[test]
fn many_webhooks_cost_no_more_than_an_administrators() {
    let cluster = cluster();
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    assert_cheap([100, 5_000].into_iter().map(|most| {
        let name = dirs::random_name("e2e-large");
        let count = largest(cluster, path, most, |count| {
            let webhooks = list(count, |key| {
                json!({
                    "name": format!("{key}.a.b"), "admissionReviewVersions": ["v1"], "sideEffects": "None",
                    "clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": ""},
                })
            });
            json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                "metadata": {"name": name}, "webhooks": webhooks,
            })
        });
        let one = format!("{path}/{name}");
        let label = patch(one.clone(), &json!({"metadata": {"labels": {"one": "more"}}}));
        assert_passes("label", &label.by(cluster, cluster.mallory()));
        let bundle = json!([{"op": "replace", "path": format!("/webhooks/{}/clientConfig/url", count - 1), "value": "https://127.0.0.1:2/"}]);
        let bundle = Attack::new("PATCH", one.clone()).body(JSON_PATCH, &bundle).dry();
        let answer = bundle.by(cluster, cluster.mallory());
        assert_refused("a URL", &answer, "webhook-guard", "mallory may not change");
        let wrong: Vec<String> = [("label", label), ("url", bundle)]
            .into_iter()
            .filter_map(|(what, change)| {
                compare(
                    &format!("webhook-guard, {what} of {count} webhooks"),
                    &(cluster.mallory(), change.clone()),
                    &(cluster.cluster_operator(), change),
                )
            })
            .collect();
        Attack::new("DELETE", one).by(cluster, cluster.admin());
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }));
}

/// Pods whose every part node-guard looks through, and whether it does: of too
/// many it says so.
#[test]
fn a_large_new_pod_costs_no_more_than_an_administrators() {
    let cluster = cluster();
    let namespace = Namespace::unmanaged(cluster);
    let large = |edit: &dyn Fn(&mut Value)| {
        let mut pod = pod("large", "default");
        edit(&mut pod["spec"]);
        Attack::new("POST", namespace.core("pods")).json(&pod).dry()
    };
    let container =
        |key| json!({"name": key, "image": "a", "securityContext": {"privileged": false}});
    let harmless = |count| {
        let add = vec!["CHOWN"; count];
        move |key| json!({"name": key, "image": "a", "securityContext": {"capabilities": {"add": add}}})
    };
    let volume = |key| json!({"name": key, "emptyDir": {}});
    let debuggers = list(400, container);
    let debuggers: Value = json!({"spec": {"ephemeralContainers": debuggers}});
    namespace.pod("debugged", "default");
    let debug = Attack::new("PATCH", namespace.core("pods/debugged/ephemeralcontainers"))
        .body(STRATEGIC, &debuggers);
    assert_passes("debug", &debug.by(cluster, cluster.alice()));
    let passing = [
        (
            "500 containers",
            large(&|spec| spec["containers"] = list(500, container)),
        ),
        (
            "500 containers with capabilities",
            large(&|spec| spec["containers"] = list(500, harmless(100))),
        ),
        // And the one of its token.
        (
            "499 volumes",
            large(&|spec| spec["volumes"] = list(499, volume)),
        ),
        ("400 debuggers", debug.dry()),
    ];
    let too_many = [
        (
            "12,000 containers",
            large(&|spec| spec["containers"] = list(12_000, container)),
        ),
        (
            "30,000 volumes",
            large(&|spec| spec["volumes"] = list(30_000, volume)),
        ),
        (
            "500 volumes and the token's",
            large(&|spec| spec["volumes"] = list(500, volume)),
        ),
    ];
    let by_alice = |attack: &Attack| attack.by(cluster, cluster.alice());
    for (what, attack) in &passing {
        assert_passes(what, &by_alice(attack));
    }
    let said = format!(
        "alice may not start a pod in namespace {} with more than 500 containers or 500 volumes.",
        namespace.name
    );
    for (what, attack) in &too_many {
        assert_refused(what, &by_alice(attack), "node-guard", &said);
    }
    let capabilities = large(&|spec| spec["containers"] = list(1, harmless(200_000)));
    assert_cheap(
        passing
            .into_iter()
            .chain(too_many)
            .chain([("200,000 capabilities", capabilities)])
            .map(|(what, attack)| {
                compare(
                    &format!("node-guard, {what}"),
                    &(cluster.alice(), attack.clone()),
                    &(cluster.cluster_operator(), attack),
                )
            }),
    );
}

/// Jobs whose pods the job controller has to write before they can go.
#[test]
fn a_job_of_large_pods_in_a_chained_namespace_can_be_deleted() {
    let cluster = cluster();
    let namespace = Namespace::with_labels(cluster, &json!({CHAIN: "enabled"}));
    let jobs = namespace.group("batch/v1", "jobs");
    for name in ["one", "two"] {
        largest(cluster, &jobs, 77_839, |count| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                "spec": {"parallelism": 4, "completions": 4, "template": {
                    "metadata": {"annotations": keys(count)},
                    "spec": crate::harness::accounts::pod_spec("default"),
                }},
            })
        });
    }
    let pods = || {
        let all = cluster.get(&namespace.core("pods"));
        let names = all["items"].as_array().into_iter().flatten();
        names
            .map(|pod| pod["metadata"]["name"].to_string())
            .collect::<Vec<_>>()
    };
    wait::until_within(Duration::from_mins(3), "the Jobs' pods", || {
        let pods = pods();
        (pods.len() == 8).then_some(()).ok_or(format!("{pods:?}"))
    });
    let start = Instant::now();
    for name in ["one", "two"] {
        let path = format!("{jobs}/{name}?propagationPolicy=Background");
        let answer: Answer = cluster.request(cluster.alice(), "DELETE", &path).send();
        assert_passes(name, &answer);
    }
    wait::until_within(Duration::from_mins(3), "Jobs and pods to be gone", || {
        let left = cluster.get(&jobs)["items"].as_array().map_or(0, Vec::len);
        let pods = pods();
        (left == 0 && pods.is_empty())
            .then_some(())
            .ok_or(format!("{left} Jobs, {pods:?}"))
    });
    eprintln!(
        "two Jobs of four large pods: gone after {:.1?}",
        start.elapsed()
    );
}
