//! Promises of DESIGN section 8 over generated reviews: whoever asks, whatever
//! is asked.

use std::collections::{BTreeSet, HashMap};

use crate::support::scene::{
    JOB, TEAM_A, TEAM_B, account, account_of, admin, controller_manager, driver_name, eks, emr,
    node, operator, runner_name, with_operator,
};
use crate::support::{
    Review, controller, impersonated, in_pod, judge, policy, service_account, tenant, user,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rolegate_core::decision::Door;
use rolegate_core::policy::Mode;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::rules::Finding;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const SUBMITTERS: &str = r#"
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], configMaps: ["app-*"] }]
"#;

/// Every rule that needs a list has one, and most of what is generated is not on it.
const STRICT: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
rules:
  image-source: { registries: [public.ecr.aws/emr-on-eks], minimumRelease: emr-7.0.0 }
  endpoint-exposure: { sourceRanges: ["10.0.0.0/8"] }
virtualClusters:
  - namespaces: [spark-a]
    executionRoles: ["arn:aws:iam::111122223333:role/nobodys"]
"#;

/// Everybody below an administrator, real and made up.
fn requesters() -> impl Strategy<Value = Value> {
    let runner = runner_name(JOB);
    let driver = driver_name(JOB);
    select(vec![
        tenant(),
        user("mallory", &[]),
        user("", &[]),
        node(),
        controller_manager(),
        eks(),
        controller("job-controller"),
        controller("replicaset-controller"),
        controller("generic-garbage-collector"),
        controller("root-ca-cert-publisher"),
        impersonated("kube-system", "job-controller"),
        service_account("argocd", "argocd-application-controller"),
        service_account("istio-system", "istiod"),
        service_account("kube-system", "cilium"),
        operator(),
        impersonated("spark-operator", "spark-operator"),
        service_account("spark-a", "default"),
        service_account("spark-a", &account("spark-driver")),
        in_pod("spark-a", &account("spark-client"), &runner, "mine"),
        in_pod("spark-a", &account("spark-driver"), &driver, "mine"),
        in_pod("spark-a", &account("spark-executor"), "pi-exec-1", "mine"),
        in_pod("spark-b", &account("spark-driver"), &driver, "mine"),
        in_pod(
            "spark-a",
            &account("flink-jobmanager"),
            "etl-6d4cf56db6-x2b7k",
            "mine",
        ),
        in_pod("spark-a", "livy-runner", "pi-driver", "mine"),
    ])
}

fn anybody() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => requesters(),
        1 => select(vec![emr(), admin()]),
    ]
}

fn accounts() -> impl Strategy<Value = String> {
    let fixed = [
        "default",
        "history-server",
        "livy-runner",
        "emr-containers-sa-spark",
        "",
    ];
    let roles = [TEAM_A, TEAM_B];
    let components = [
        "spark-client",
        "spark-driver",
        "spark-executor",
        "spark-jeg",
        "flink-taskmanager",
    ];
    prop_oneof![
        select(fixed.to_vec()).prop_map(str::to_owned),
        (select(components.to_vec()), select(roles.to_vec()))
            .prop_map(|(component, role)| account_of(component, role)),
    ]
}

fn names() -> impl Strategy<Value = String> {
    let driver = driver_name(JOB);
    let runner = runner_name(JOB);
    let plain = [
        driver.as_str(),
        runner.as_str(),
        "app-settings",
        "p",
        "pi-exec-2",
        "etl-taskmanager-1-1",
        "etl-cluster-config-map",
        "spark-exec-0-conf-map",
        "podtemplate-0",
        &*account("spark-driver"),
        "spark-0000000337okspsc914-driver-svc",
        "kube-root-ca.crt",
        "",
    ]
    .map(str::to_owned);
    select(plain.to_vec())
}

/// JSON as custom resources hold it, up to far deeper than rolegate reads.
fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        accounts().prop_map(Value::from),
        accounts().prop_map(|name| format!("--conf x={name}, y").into()),
        any::<Option<i32>>().prop_map(Value::from),
    ];
    let keys = [
        "serviceAccountName",
        "serviceAccount",
        "name",
        "args",
        "spec",
        "a.b c",
    ];
    let key = select(keys.to_vec()).prop_map(str::to_owned);
    let tree = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key.clone(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    });
    (
        tree,
        prop_oneof![9 => Just(0), 1 => select(vec![95, 130, 500])],
    )
        .prop_map(|(tree, depth)| (0..depth).fold(tree, |inner, _| Value::from(vec![inner])))
}

/// Something of a pod that a rule looks at.
fn parts_of_a_pod() -> impl Strategy<Value = Value> {
    let volume = |source: Value| {
        let mut volume = source;
        volume["name"] = json!("v");
        json!({ "volumes": [volume] })
    };
    let container = |part: Value| {
        let mut container = part;
        container["name"] = json!("spark-kubernetes-driver");
        json!({ "containers": [container] })
    };
    let other = "emr-containers-s3-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc914";
    select(vec![
        json!({}),
        json!({ "nodeName": "n1" }),
        json!({ "hostNetwork": true, "hostPID": true }),
        json!({ "imagePullSecrets": [{ "name": "registry" }] }),
        volume(json!({ "secret": { "secretName": "app-keys" } })),
        volume(json!({ "secret": { "secretName": other } })),
        volume(json!({ "hostPath": { "path": "/" } })),
        volume(json!({ "rbd": { "secretRef": { "name": "ceph" } } })),
        volume(
            json!({ "persistentVolumeClaim": { "claimName": format!("spark-{JOB}-driver-pvc-0") } }),
        ),
        volume(
            json!({ "projected": { "sources": [{ "serviceAccountToken": { "audience": "sts.amazonaws.com", "path": "t" } }] } }),
        ),
        volume(
            json!({ "ephemeral": { "volumeClaimTemplate": { "spec": { "dataSource": { "kind": "PersistentVolumeClaim", "name": "x" } } } } }),
        ),
        container(
            json!({ "env": [{ "name": "K", "valueFrom": { "secretKeyRef": { "name": "keys", "key": "k" } } }] }),
        ),
        container(
            json!({ "env": [{ "name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/team-a-etl" }] }),
        ),
        container(
            json!({ "env": [{ "name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/x\n[profile evil]" }, { "name": "AWS_WEB_IDENTITY_TOKEN_FILE" }] }),
        ),
        container(
            json!({ "securityContext": { "privileged": true, "capabilities": { "add": ["SYS_ADMIN"] } } }),
        ),
        container(
            json!({ "ports": [{ "hostPort": 4040 }], "image": "evil.example:5000/x@sha256:0" }),
        ),
    ])
}

fn pod_specs() -> impl Strategy<Value = Value> {
    let parts = vec(parts_of_a_pod(), 0..3);
    (accounts(), accounts(), "[a-z]{1,3}", parts).prop_map(|(name, alias, image, parts)| {
        let mut spec = json!({ "serviceAccountName": name, "serviceAccount": alias, "containers": [{ "image": image }] });
        for part in parts {
            for (key, value) in part.as_object().expect("an object") {
                spec[key] = value.clone();
            }
        }
        spec
    })
}

/// Resources that are written; those that a rule of their own judges more often.
const WRITTEN: [&str; 28] = [
    "/pods",
    "/pods",
    "/pods/ephemeralcontainers",
    "/pods/status",
    "/pods/resize",
    "/configmaps",
    "/configmaps",
    "/secrets",
    "/serviceaccounts",
    "/services",
    "/endpoints",
    "/persistentvolumeclaims",
    "/podtemplates",
    "/replicationcontrollers",
    "apps/deployments",
    "apps/statefulsets",
    "apps/deployments/status",
    "batch/jobs",
    "batch/jobs/status",
    "batch/cronjobs",
    "apps/controllerrevisions",
    "discovery.k8s.io/endpointslices",
    "networking.k8s.io/ingresses",
    "networking.k8s.io/networkpolicies",
    "resource.k8s.io/resourceclaims",
    "kyverno.io/policies",
    "gateway.networking.k8s.io/gateways",
    "sparkoperator.k8s.io/sparkapplications",
];

/// An object of a resource, without metadata.
fn object(resource: &str, pod: &Value, text: &str, custom: &Value) -> Value {
    let template = json!({ "spec": pod });
    let service = json!({ "service": { "name": format!("spark-{JOB}-driver-svc"), "port": { "number": 1 } } });
    match resource {
        "/pods" | "/pods/resize" => template,
        "/pods/status" => json!({ "spec": pod, "status": { "podIP": text } }),
        "/pods/ephemeralcontainers" => {
            json!({ "spec": { "ephemeralContainers": [{ "name": text }] } })
        }
        "/configmaps" => json!({ "data": { "k": text } }),
        "/secrets" => {
            json!({ "type": "kubernetes.io/service-account-token", "data": { "k": text } })
        }
        "/serviceaccounts" => {
            json!({ "secrets": [{ "name": text }], "imagePullSecrets": [{ "name": text }] })
        }
        "/services" => json!({ "spec": {
            "type": if text.is_empty() { "ClusterIP" } else { "NodePort" },
            "selector": { "spark-role": text }, "externalIPs": [text],
        } }),
        "/endpoints" => json!({ "subsets": [{ "addresses": [{ "ip": text }] }] }),
        "discovery.k8s.io/endpointslices" => json!({ "endpoints": [{ "addresses": [text] }] }),
        "networking.k8s.io/ingresses" => {
            json!({ "spec": { "defaultBackend": service, "tls": [{ "secretName": text }] } })
        }
        "networking.k8s.io/networkpolicies" => {
            json!({ "spec": { "podSelector": { "matchLabels": { "a": text } } } })
        }
        "resource.k8s.io/resourceclaims" => json!({ "spec": { "devices": { "requests": [
            { "name": text, "exactly": { "adminAccess": !text.is_empty() } },
        ] } } }),
        "/persistentvolumeclaims" => {
            json!({ "spec": { "volumeName": text, "dataSource": { "kind": "PersistentVolumeClaim", "name": text } } })
        }
        "/podtemplates" => json!({ "template": template }),
        "batch/cronjobs" => {
            json!({ "spec": { "jobTemplate": { "spec": { "template": template } } } })
        }
        "apps/controllerrevisions"
        | "sparkoperator.k8s.io/sparkapplications"
        | "kyverno.io/policies"
        | "gateway.networking.k8s.io/gateways" => {
            json!({ "spec": custom, "status": { "text": text } })
        }
        _ => {
            json!({ "spec": { "template": template, "replicas": text.len(), "suspend": text.is_empty() } })
        }
    }
}

/// Where a write goes, an object for it, and another of the same kind.
fn writes() -> impl Strategy<Value = (&'static str, Value, Value)> {
    let parts = || (pod_specs(), "[a-c]{0,2}", json_values());
    (select(WRITTEN.to_vec()), parts(), parts()).prop_map(|(resource, one, other)| {
        let [one, other] =
            [one, other].map(|(pod, text, custom)| object(resource, &pod, &text, &custom));
        (resource, one, other)
    })
}

fn connects() -> impl Strategy<Value = (&'static str, Value, Value)> {
    let resources = [
        "/pods/exec",
        "/pods/attach",
        "/pods/portforward",
        "/pods/proxy",
        "/services/proxy",
        "/nodes/proxy",
        "example.com/things/console",
    ];
    (
        select(resources.to_vec()),
        select(vec!["/metrics", "/exec/a", ""]),
    )
        .prop_map(|(resource, path)| (resource, json!({ "path": path }), Value::Null))
}

/// What a writer may put into the metadata of an object.
fn decorations() -> impl Strategy<Value = Value> {
    let keys = [
        "emr-containers.amazonaws.com/component",
        "emr-containers.amazonaws.com/job.id",
        "rolegate.dev/mode",
        "kubernetes.io/config.mirror",
        "eks.amazonaws.com/role-arn",
        "eks.amazonaws.com/skip-containers",
        "iam.amazonaws.com/role",
        "kubernetes.io/service-name",
        "rolegate.dev/aws-config",
        "spark-role",
        "kubectl.kubernetes.io/restartedAt",
        "app",
    ];
    let values = ["driver", JOB, "audit", "true", ""];
    let pairs = btree_map(select(keys.to_vec()), select(values.to_vec()), 0..4);
    let driver = driver_name(JOB);
    let owner = (
        select(vec!["Job", "Pod", "ReplicaSet"]),
        select(vec![JOB.to_owned(), driver, "x".to_owned()]),
        select(vec!["mine", "other"]),
    )
        .prop_map(|(kind, name, uid)| json!({ "kind": kind, "name": name, "uid": uid, "controller": true }));
    (
        prop::option::of(pairs.clone()),
        prop::option::of(pairs),
        prop::option::of(vec(owner, 0..3)),
    )
        .prop_map(|(labels, annotations, owners)| {
            let mut metadata = json!({});
            for (key, value) in [
                ("labels", labels.map(|map| json!(map))),
                ("annotations", annotations.map(|map| json!(map))),
                ("ownerReferences", owners.map(Value::from)),
            ] {
                if let Some(value) = value {
                    metadata[key] = value;
                }
            }
            metadata
        })
}

fn with(object: &Value, metadata: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"] = metadata.clone();
    object
}

/// The built-in policy, or one that declares operators and submitters.
fn held(declared: bool) -> Policy {
    if declared {
        with_operator(SUBMITTERS)
    } else {
        Policy::builtin()
    }
}

/// The answer's `allowed`, or `None` where there is no answer.
fn answered(body: &[u8], policy: &Policy) -> Option<bool> {
    let review = AdmissionReview::parse(body).ok()?;
    let request = &review.request;
    let decision = judge(request, Door::Enforce, policy).ok()?;
    let answer = decision.to_json(&review.uid);
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["response"]["uid"], review.uid.as_str());
    assert_eq!(answer["response"]["allowed"], decision.allowed());
    Some(decision.allowed())
}

/// Whether a body is what an answer may be given to, read by another parser.
fn is_whole(body: &[u8]) -> bool {
    type Fields<'a> = HashMap<String, &'a RawValue>;
    let fields = |text: &'_ [u8]| -> Option<HashMap<String, String>> {
        let fields: Fields<'_> = serde_json::from_slice(text).ok()?;
        let owned = fields.into_iter();
        Some(
            owned
                .map(|(key, raw)| (key, raw.get().to_owned()))
                .collect(),
        )
    };
    let inner = |outer: &HashMap<String, String>, key: &str| fields(outer.get(key)?.as_bytes());
    let text = |outer: &HashMap<String, String>, key: &str| {
        serde_json::from_str::<String>(outer.get(key)?).ok()
    };
    let whole = || {
        let review = fields(body)?;
        let request = inner(&review, "request")?;
        let operation = text(&request, "operation")?;
        Some(
            text(&review, "apiVersion")? == "admission.k8s.io/v1"
                && text(&review, "kind")? == "AdmissionReview"
                && !text(&request, "uid")?.is_empty()
                && !text(&inner(&request, "resource")?, "resource")?.is_empty()
                && ["CREATE", "UPDATE", "DELETE", "CONNECT"].contains(&operation.as_str())
                && inner(&request, "userInfo").is_some(),
        )
    };
    whole().unwrap_or_default()
}

/// Whether a body ends as an object does and names what every review must name.
fn has_its_parts(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let required = [
        "\"admission.k8s.io/v1\"",
        "\"AdmissionReview\"",
        "\"request\"",
        "\"uid\"",
        "\"resource\"",
        "\"operation\"",
        "\"userInfo\"",
    ];
    text.trim_end().ends_with('}') && required.iter().all(|part| text.contains(part))
}

/// A change of the bytes of a body.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Drop(Index, usize),
    Put(Index, Vec<u8>),
    Repeat(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let tokens = [
        &b"null"[..],
        b"\"\"",
        b"{",
        b"}",
        b"[",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\u0000",
        b"\xff",
        b"1e999",
        b"\"uid\":\"x\",",
        b"\"operation\":\"DELETE\",",
        b"\"groups\":[\"system:masters\"],",
    ]
    .map(<[u8]>::to_vec);
    prop_oneof![
        1 => any::<Index>().prop_map(Damage::Cut),
        4 => (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Damage::Drop(at, length)),
        4 => (any::<Index>(), select(tokens.to_vec())).prop_map(|(at, bytes)| Damage::Put(at, bytes)),
        2 => (any::<Index>(), any::<Index>(), 1_usize..80).prop_map(|(from, to, length)| Damage::Repeat(from, to, length)),
    ]
}

fn damaged(mut body: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for damage in damage {
        if body.is_empty() {
            break;
        }
        let end = |at: usize, length: usize| (at + length).min(body.len());
        match damage {
            Damage::Cut(at) => body.truncate(at.index(body.len())),
            Damage::Drop(at, length) => {
                let at = at.index(body.len());
                body.drain(at..end(at, *length));
            }
            Damage::Put(at, bytes) => {
                let at = at.index(body.len());
                body.splice(at..at, bytes.iter().copied());
            }
            Damage::Repeat(from, to, length) => {
                let from = from.index(body.len());
                let piece = body[from..end(from, *length)].to_vec();
                let to = to.index(body.len());
                body.splice(to..to, piece);
            }
        }
    }
    body
}

/// A review of a write or a connection, of whatever outcome.
fn reviews(requesters: impl Strategy<Value = Value>) -> impl Strategy<Value = Review> {
    let target = prop_oneof![3 => writes(), 1 => connects()];
    let operation = select(vec!["CREATE", "UPDATE", "DELETE"]);
    let metadata = (decorations(), decorations());
    (requesters, target, names(), operation, metadata).prop_map(
        |(user, (resource, object, other), name, operation, (new, stored))| {
            let connect = object.get("path").is_some();
            let operation = if connect { "CONNECT" } else { operation };
            let review = Review::new(user, operation, resource, &name);
            match operation {
                "UPDATE" => review
                    .old(with(&other, &stored))
                    .object(with(&object, &new)),
                "DELETE" => review.old(with(&object, &stored)),
                _ => review.object(with(&object, &new)),
            }
        },
    )
}

impl std::fmt::Debug for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Promise 3: no bytes make it panic or answer what it could not read.
    #[test]
    fn arbitrary_bytes(body in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(answered(&body, &Policy::builtin()), None);
    }

    #[test]
    fn a_broken_review_is_never_allowed(
        review in reviews(anybody()),
        damage in vec(damage(), 1..4),
        declared in any::<bool>(),
    ) {
        let policy = held(declared);
        let body = damaged(review.body().into_bytes(), &damage);
        let Some(allowed) = answered(&body, &policy) else {
            return Ok(());
        };
        // The reader skips what no rule reads by its quotes and brackets, so a body that is
        // not JSON there is answered. It must still have its end and its required parts.
        let whole = if serde_json::from_slice::<IgnoredAny>(&body).is_ok() {
            is_whole(&body)
        } else {
            has_its_parts(&body)
        };
        prop_assert!(whole, "{} for {}", allowed, String::from_utf8_lossy(&body));
    }

    /// Promise 1: labels, annotations and owner references of the incoming
    /// object never grant anything: what is found without them, or with those
    /// that are stored, is found with any others.
    #[test]
    fn decorations_grant_nothing(
        user in requesters(),
        (resource, object, other) in prop_oneof![3 => writes(), 1 => connects()],
        name in names(),
        old in prop::option::of((any::<bool>(), decorations())),
        decorations in vec(decorations(), 1..4),
        declared in any::<bool>(),
    ) {
        let policy = held(declared);
        let connect = object.get("path").is_some();
        let old = old.filter(|_| !connect);
        let plain = old.as_ref().map_or_else(|| json!({}), |(_, metadata)| metadata.clone());
        let stored = old.map(|(same, metadata)| with(if same { &object } else { &other }, &metadata));
        let operation = match (connect, &stored) {
            (true, _) => "CONNECT",
            (false, Some(_)) => "UPDATE",
            (false, None) => "CREATE",
        };
        // What cannot be read is refused as such, whoever sends it.
        let rules = |metadata: &Value| -> BTreeSet<String> {
            let review = Review::new(user.clone(), operation, resource, &name)
                .object(with(&object, metadata))
                .old(stored.clone().unwrap_or_default());
            let body = review.body();
            let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
            match judge(&review.request, Door::Enforce, &policy) {
                Ok(decision) => decision.judged.iter().map(|judged| judged.finding.rule.to_string()).collect(),
                Err(_) => std::iter::once("unread".to_owned()).collect(),
            }
        };
        let without = rules(&plain);
        // The annotation that asks a node's agent for a role is denied itself: a write
        // that leaves it out, or asks for something else, is not denied for it.
        let agent = |metadata: &Value| metadata["annotations"]["iam.amazonaws.com/role"].clone();
        for metadata in &decorations {
            let with = rules(metadata);
            let mut without = without.clone();
            if !agent(&plain).is_null() && agent(&plain) != agent(metadata) {
                without.remove("credential-provider");
            }
            prop_assert!(
                with.is_superset(&without),
                "{} {} {:?} by {}: {:?} without, {:?} with {}", resource, object, stored, user, without, with, metadata
            );
        }
    }

    /// A write that changes nothing is nobody's offence.
    #[test]
    fn a_no_op_is_never_found(
        user in anybody(),
        (resource, object, _) in writes(),
        metadata in decorations(),
        name in names(),
        policy in select(vec![Policy::builtin(), with_operator(SUBMITTERS), policy(STRICT)]),
    ) {
        let old = with(&object, &metadata);
        let mut new = old.clone();
        new["metadata"]["managedFields"] = json!([{ "manager": "kubectl" }]);
        new["metadata"]["resourceVersion"] = json!("2");
        for new in [old.clone(), new] {
            let review = Review::new(user.clone(), "UPDATE", resource, &name).old(old.clone()).object(new);
            prop_assert_eq!(review.findings(&policy), [""; 0], "{}", review.0);
        }
    }

    /// Promise 4: every door finds the same, and only the one that enforces refuses.
    #[test]
    fn every_door_finds_the_same(review in reviews(anybody()), declared in any::<bool>()) {
        let policy = held(declared);
        let body = review.body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
        let judge = |door| judge(request, door, &policy).ok();
        let found = |door| judge(door).map(|decision| {
            let findings = decision.judged.iter().map(|judged| judged.finding.clone());
            (decision.class, findings.collect::<Vec<_>>())
        });
        let enforced = found(Door::Enforce);
        for door in [Door::Warn, Door::Audit] {
            // What cannot be read fails at the door that enforces, and is told at the others.
            if enforced.is_some() {
                prop_assert_eq!(&found(door), &enforced);
            }
            if let Some(decision) = judge(door) {
                prop_assert!(decision.allowed() && decision.message().is_empty());
                prop_assert_eq!(decision.warnings().is_empty(), door == Door::Audit || decision.judged.is_empty());
            }
        }
        if let (Some(decision), Some((_, findings))) = (judge(Door::Enforce), enforced) {
            let enforced = |finding: &Finding| policy.mode(finding.rule) == Mode::Enforce;
            prop_assert_eq!(decision.allowed(), !findings.iter().any(enforced));
        }
    }
}
