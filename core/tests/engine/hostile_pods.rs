//! Attacks on the rules that judge pods, volumes and secrets, each as its
//! attacker would send it. All of them once got through, or took seconds.

use crate::support::scene::{JOB, account, driver, driver_name, runner};
use crate::support::{
    Review, controller, in_proportion, injected, judge, policy, service_account, tenant,
};
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - { groups: [team-a], serviceAccounts: [default], secrets: ["app-*"] }
"#;

fn update(resource: &str, name: &str, old: Value, new: Value) -> Review {
    Review::new(tenant(), "UPDATE", resource, name)
        .old(old)
        .object(new)
}

fn create(resource: &str, name: &str, object: Value) -> Review {
    Review::new(tenant(), "CREATE", resource, name).object(object)
}

/// Whether the answer is a failed call: neither allowed nor refused.
fn is_error(review: &Review, policy: &Policy) -> bool {
    let body = review.body();
    AdmissionReview::parse(body.as_bytes())
        .is_ok_and(|review| judge(&review.request, Door::Enforce, policy).is_err())
}

/// Whoever puts an image into a running pod has whatever the pod has: its
/// Secrets, its volumes and its way to the node.
#[test]
fn another_image_in_a_pod_that_has_more_than_one_may() {
    let policy = policy(POLICY);
    let pod = |image: &str, list: &str, volume: &Value| {
        let mut spec = json!({ "volumes": [volume] });
        spec[list] = json!([{ "name": "a", "image": image }]);
        json!({ "metadata": { "name": "p", "uid": "u" }, "spec": spec })
    };
    let volumes = [
        (
            json!({ "name": "v", "secret": { "secretName": "db" } }),
            "secret-read",
        ),
        (
            json!({ "name": "v", "hostPath": { "path": "/" } }),
            "credential-provider",
        ),
        (
            json!({ "name": "v", "persistentVolumeClaim": { "claimName": "pi-772b9c81ae56a93d-driver-pvc-0" } }),
            "foreign-volume",
        ),
    ];
    for (volume, rule) in volumes {
        for list in ["containers", "initContainers"] {
            update(
                "/pods",
                "p",
                pod("one", list, &volume),
                pod("evil", list, &volume),
            )
            .refused(&policy, rule, "change");
            let labelled = |label: &str| {
                let mut pod = pod("one", list, &volume);
                pod["metadata"]["labels"] = json!({ "a": label });
                pod
            };
            update("/pods", "p", labelled("b"), labelled("c")).passes(&policy);
        }
    }
    let listed = json!({ "name": "v", "secret": { "secretName": "app-db" } });
    update(
        "/pods",
        "p",
        pod("one", "containers", &listed),
        pod("two", "containers", &listed),
    )
    .passes(&policy);
}

/// A revision is the one built-in object whose content the API server hands on
/// as it was written, and its controller reads `Spec` as `spec`: nobody but
/// the controllers writes one, whatever it holds.
#[test]
fn a_revision_in_another_case() {
    let builtin = Policy::builtin();
    let revision = |user: Value, data: Value| {
        Review::new(user, "CREATE", "apps/controllerrevisions", "web-1")
            .object(json!({ "metadata": { "name": "web-1" }, "revision": 7, "data": data }))
    };
    for data in [
        json!({ "Spec": {} }),
        json!({ "spec": { "Template": {}, "template": {} } }),
        json!({ "\u{17f}pec": {} }),
        json!({ "spec": { "volumeClaimTemplates": [{ "metadata": { "name": "pi-1" } }] } }),
    ] {
        revision(tenant(), data.clone()).refused(&builtin, "cluster-takeover", "may not");
        revision(controller("statefulset-controller"), data).passes(&builtin);
    }
    let node = json!({ "spec": { "template": { "spec": { "nodeName": "n1" } } } });
    revision(tenant(), node).refused(&builtin, "pod-tampering", "node n1");
}

/// `status` of many built-in kinds takes metadata along.
#[test]
fn metadata_by_way_of_status() {
    let builtin = Policy::builtin();
    let claim = |labels: Value, owners: Value| {
        json!({ "metadata": { "name": "pi-772b9c81ae56a93d-driver-pvc-0", "labels": labels, "ownerReferences": owners },
            "spec": { "volumeName": "pv-1" } })
    };
    let old = || {
        claim(
            json!({ "spark-app-selector": format!("spark-{JOB}") }),
            json!([]),
        )
    };
    let gone = json!([{ "kind": "Pod", "name": "x", "uid": "gone" }]);
    let name = "pi-772b9c81ae56a93d-driver-pvc-0";
    let mine = json!({ "spark-app-selector": format!("spark-{JOB}") });
    for new in [claim(json!({}), json!([])), claim(mine, gone)] {
        update("/persistentvolumeclaims/status", name, old(), new.clone()).refused(
            &builtin,
            "foreign-volume",
            "it is a job's",
        );
        let mut resizer = update("/persistentvolumeclaims/status", name, old(), new);
        resizer.0["request"]["userInfo"] = controller("expand-controller");
        resizer.passes(&builtin);
    }
    let mut grown = old();
    grown["status"] = json!({ "capacity": { "storage": "2Gi" } });
    grown["metadata"]["annotations"] = json!({ "volume.kubernetes.io/storage-resizer": "ebs" });
    let mut resizer = update("/persistentvolumeclaims/status", name, old(), grown);
    resizer.0["request"]["userInfo"] = service_account("kube-system", "ebs-csi-controller-sa");
    resizer.passes(&builtin);

    let ingress = |annotations: Value| json!({ "metadata": { "name": "i", "annotations": annotations }, "spec": {} });
    let auth = json!({ "nginx.ingress.kubernetes.io/auth-secret": "db" });
    let status =
        |old: Value, new: Value| update("networking.k8s.io/ingresses/status", "i", old, new);
    status(ingress(json!({})), ingress(auth.clone())).refused(&builtin, "secret-read", "Secret db");
    let mut balanced = ingress(auth.clone());
    balanced["status"] = json!({ "loadBalancer": {} });
    status(ingress(auth), balanced).passes(&builtin);
}

/// A struct where the reader would take a list for it, field by field.
#[test]
fn lists_in_place_of_objects() {
    let builtin = Policy::builtin();
    for object in [
        json!([]),
        json!([{}, {}]),
        json!({ "spec": [] }),
        json!({ "spec": ["default"] }),
        json!({ "metadata": [], "spec": {} }),
        json!({ "spec": { "containers": [[]] } }),
        json!({ "spec": { "containers": [["c", "image"]] } }),
        json!({ "spec": { "containers": [{ "name": "c", "env": [["AWS_A", "v"]] }] } }),
        json!({ "spec": { "containers": [{ "name": "c", "securityContext": [] }] } }),
        json!({ "spec": { "securityContext": [] } }),
        json!({ "spec": { "volumes": [[]] } }),
        json!({ "spec": { "volumes": [{ "name": "v", "secret": ["a"] }] } }),
        json!({ "spec": { "volumes": [{ "name": "v", "projected": [] }] } }),
        json!({ "spec": { "imagePullSecrets": [["db"]] } }),
    ] {
        let pod = create("/pods", "p", object.clone());
        assert!(is_error(&pod, &builtin), "{object}");
        let template = json!({ "spec": { "template": object } });
        let workload = create("apps/deployments", "d", template);
        assert!(is_error(&workload, &builtin), "{object}");
    }
    for (resource, object) in [
        ("apps/deployments", json!({ "spec": [{}] })),
        ("batch/cronjobs", json!({ "spec": { "jobTemplate": [] } })),
        (
            "batch/cronjobs",
            json!({ "spec": { "jobTemplate": { "spec": [] } } }),
        ),
        ("/podtemplates", json!([{}])),
        (
            "apps/statefulsets",
            json!({ "spec": { "template": {}, "volumeClaimTemplates": [[]] } }),
        ),
        (
            "/persistentvolumeclaims",
            json!({ "metadata": [], "spec": [] }),
        ),
        ("/serviceaccounts", json!({ "metadata": [] })),
    ] {
        let review = create(resource, "x", object.clone());
        assert!(is_error(&review, &builtin), "{resource} {object}");
    }
    let nulls = json!({ "metadata": null, "spec": { "containers": null, "volumes": null } });
    create("/pods", "p", nulls).passes(&builtin);
    for list in ["containers", "volumes", "imagePullSecrets"] {
        let review = create("/pods", "p", json!({ "spec": { list: [null] } }));
        assert!(is_error(&review, &builtin), "{list}");
    }
}

/// One field that another volume kind has does not hide the one that counts.
#[test]
fn a_listed_name_beside_the_one_that_is_read() {
    let policy = policy(POLICY);
    let volume = |source: Value| create("/pods", "p", json!({ "spec": { "volumes": [source] } }));
    volume(
        json!({ "name": "v", "cephfs": { "secretName": "app-a", "secretRef": { "name": "db" } } }),
    )
    .refused(&policy, "secret-read", "Secret db");
    volume(json!({ "name": "v", "azureFile": { "secretName": "db", "secretRef": { "name": "app-a" } } }))
        .refused(&policy, "secret-read", "Secret db");
}

/// A path that only looks as if it went through the token's mount.
#[test]
fn a_token_file_that_leaves_its_folder() {
    let runner = runner();
    let mut pod = injected(json!({ "metadata": { "name": driver_name(JOB) },
        "spec": { "serviceAccountName": account("spark-driver"),
            "containers": [{ "name": "spark-kubernetes-driver" }] } }));
    let start = |pod: &Value| {
        Review::new(runner.clone(), "CREATE", "/pods", &driver_name(JOB)).object(pod.clone())
    };
    start(&pod).passes(&Policy::builtin());
    let env = pod["spec"]["containers"][0]["env"].as_array_mut().unwrap();
    let file = env
        .iter_mut()
        .find(|variable| variable["name"] == "AWS_WEB_IDENTITY_TOKEN_FILE")
        .unwrap();
    file["value"] =
        json!("/var/run/secrets/eks.amazonaws.com/serviceaccount/../../../../../tmp/none");
    start(&pod).refused(
        &Policy::builtin(),
        "credential-provider",
        "without the credentials",
    );
}

/// A megabyte of anything is answered in time that grows with its length only.
/// The bound is for a debug build, which needs a tenth of it; what was
/// quadratic took up to minutes.
#[test]
fn bodies_of_megabytes() {
    const SIZE: usize = 1 << 20;
    let many = |entry: &dyn Fn(usize) -> Value| {
        let count = SIZE / entry(99_999).to_string().len();
        Value::from((0..count).map(entry).collect::<Vec<_>>())
    };
    let pod = |spec: Value| json!({ "metadata": { "name": "p", "uid": "u" }, "spec": spec });
    let job = account("spark-executor");
    let driver = driver();
    let mut reviews = Vec::new();
    let mut both = |resource: &str, user: Value, old: Value, new: Value| {
        reviews.push(Review::new(user.clone(), "CREATE", resource, "p").object(new.clone()));
        reviews.push(
            Review::new(user, "UPDATE", resource, "p")
                .old(old)
                .object(new),
        );
    };
    // Pods: the last entry is the new one, so that all others are looked for.
    let specs: Vec<Value> = vec![
        json!({ "containers": [{ "name": "a", "env": many(&|n| json!({ "name": format!("A{n}"), "valueFrom": { "secretKeyRef": { "name": format!("s{n}") } } })) }] }),
        json!({ "containers": [{ "name": "a", "env": many(&|_| json!({ "name": "AWS_ROLE_ARN", "value": "x" })) }] }),
        json!({ "containers": many(&|n| json!({ "name": format!("c{n}"), "image": "x", "securityContext": { "privileged": true } })) }),
        json!({ "containers": many(&|n| json!({ "name": format!("c{n}"), "env": [{ "name": "AWS_ROLE_ARN" }, { "name": "AWS_WEB_IDENTITY_TOKEN_FILE" }] })) }),
        json!({ "volumes": many(&|n| json!({ "name": format!("v{n}"), "secret": { "secretName": format!("s{n}") } })) }),
        json!({ "volumes": many(&|n| json!({ "name": format!("v{n}"), "persistentVolumeClaim": { "claimName": format!("p-{n}-driver-pvc-0") } })) }),
        json!({ "imagePullSecrets": many(&|n| json!({ "name": format!("s{n}") })) }),
    ];
    for mut spec in specs {
        let versions = |spec: &Value| {
            let mut new = pod(spec.clone());
            let old = new.clone();
            new["metadata"]["labels"] = json!({ "a": "b" });
            (old, new)
        };
        let (old, new) = versions(&spec);
        let template = |pod: Value| json!({ "spec": { "template": pod } });
        both("apps/deployments", tenant(), template(old), template(new));
        spec["serviceAccountName"] = json!(job);
        let (old, new) = versions(&spec);
        both("/pods", driver.clone(), old, new);
    }
    // Mounts and volumes by the thousand, in a job's pod.
    let half = |list: Value| {
        let mut list = list.as_array().cloned().unwrap();
        list.truncate(list.len() / 2);
        Value::from(list)
    };
    let token = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
    let spec = json!({ "serviceAccountName": job,
        "volumes": half(many(&|n| json!({ "name": format!("vvvvvvvv{n:09}"), "emptyDir": {} }))),
        "containers": half(many(&|n| json!({ "name": format!("c{n}"),
            "env": [{ "name": "AWS_ROLE_ARN", "value": "x" }, { "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{token}/token") }],
            "volumeMounts": [{ "name": "vvvvvvvv000099999", "mountPath": token }] }))) });
    both("/pods", driver, pod(json!({})), pod(spec));
    // Owners, as a controller meets them.
    let owned = |last: &str| {
        let mut owners = many(
            &|n| json!({ "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": format!("{n:036}") }),
        );
        owners[0]["uid"] = json!(last);
        json!({ "metadata": { "name": "p", "ownerReferences": owners }, "spec": { "serviceAccountName": "default" } })
    };
    let reversed = |mut pod: Value| {
        pod["metadata"]["ownerReferences"]
            .as_array_mut()
            .unwrap()
            .reverse();
        pod
    };
    both(
        "/pods",
        controller("replicaset-controller"),
        owned("a"),
        reversed(owned("a")),
    );
    both("/pods", tenant(), owned("a"), reversed(owned("b")));
    // Annotations of rolegate's prefix, Ingresses, claim templates.
    let annotated = |last: &str| {
        let mut map = serde_json::Map::new();
        for n in 0..SIZE / 40 {
            map.insert(format!("rolegate.dev/a{n:09}"), json!("x"));
        }
        map.insert("rolegate.dev/zzz".into(), json!(last));
        json!({ "metadata": { "name": "p", "annotations": map }, "spec": {} })
    };
    both("/pods", tenant(), annotated("a"), annotated("b"));
    let ingress = |last: &str| {
        let mut tls = many(&|n| json!({ "secretName": format!("s{n}") }));
        tls.as_array_mut()
            .unwrap()
            .push(json!({ "secretName": last }));
        json!({ "metadata": { "name": "p" }, "spec": { "tls": tls } })
    };
    both(
        "networking.k8s.io/ingresses",
        tenant(),
        ingress("a"),
        ingress("b"),
    );
    let set = |last: &str| {
        let mut claims = many(
            &|n| json!({ "metadata": { "name": "v" }, "spec": { "volumeName": format!("p{n}") } }),
        );
        claims
            .as_array_mut()
            .unwrap()
            .push(json!({ "spec": { "volumeName": last } }));
        json!({ "metadata": { "name": "p" }, "spec": { "template": {}, "volumeClaimTemplates": claims } })
    };
    both("apps/statefulsets", tenant(), set("a"), set("b"));

    let policy = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n  - namespaces: [spark-a]\n    \
         submitters: [{ groups: [team-a], secrets: [\"app-*\"] }]\n    \
         executionRoles: [\"arn:aws:iam::111122223333:role/team-a-etl\"]\n    \
         chains: [{ from: \"arn:aws:iam::111122223333:role/team-a-etl\", to: [\"arn:aws:iam::444455556666:role/x\"], \
         default: \"arn:aws:iam::444455556666:role/x\" }]\n",
    );
    for review in reviews {
        let body = review.body();
        in_proportion(&body, 400, || {
            if let Ok(sent) = AdmissionReview::parse(body.as_bytes())
                && let Ok(decision) = judge(&sent.request, Door::Enforce, &policy)
            {
                assert!(decision.judged.len() < 100, "{}", decision.judged.len());
                assert!(decision.message().len() < 4096);
            }
        });
    }
}
