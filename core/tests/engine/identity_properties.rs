//! Promises that hold for the rules on identities, whoever asks: a write that
//! changes nothing passes, a dry-run is a request, and what a requester writes
//! into an object's metadata allows nothing.

use std::collections::BTreeSet;

use crate::support::scene::{account, controller_manager, eks, emr, node};
use crate::support::{
    Review, controller, impersonated, in_pod, policy, service_account, tenant, user,
};
use proptest::prelude::*;
use proptest::sample::select;
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: livy/livy
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], serviceAccounts: [history-server] }]
"#;

fn requesters() -> impl Strategy<Value = Value> {
    let driver = account("spark-driver");
    select(vec![
        tenant(),
        user("mallory", &[]),
        user("", &[]),
        node(),
        controller_manager(),
        eks(),
        emr(),
        controller("job-controller"),
        controller("namespace-controller"),
        impersonated("kube-system", "namespace-controller"),
        service_account("kube-system", "ebs-csi-controller-sa"),
        service_account("trident", "trident-controller"),
        service_account("livy", "livy"),
        service_account("istio-system", "istiod"),
        service_account("spark-a", "default"),
        service_account("spark-a", &driver),
        in_pod(
            "spark-a",
            &driver,
            "spark-0000000337okspsc913-driver",
            "mine",
        ),
    ])
}

fn accounts() -> impl Strategy<Value = String> {
    select(vec![
        "default".to_owned(),
        "history-server".to_owned(),
        "livy-runner".to_owned(),
        "emr-containers-sa-spark".to_owned(),
        account("spark-driver"),
    ])
}

/// A resource that the rules judge, with an object of it.
fn writes() -> impl Strategy<Value = (&'static str, Value)> {
    let audience = select(vec!["", "vault", "istio-ca", "sts.amazonaws.com"]);
    let word = select(vec!["enforce", "audit", "x", ""]);
    let resource = select(vec![
        "/serviceaccounts",
        "/serviceaccounts/token",
        "/secrets",
        "/pods",
        "apps/deployments",
        "/namespaces",
        "/namespaces/finalize",
        "/persistentvolumes",
        "kyverno.io/policies",
        "kyverno.io/clusterpolicies",
        "opentelemetry.io/opentelemetrycollectors",
        "certificates.k8s.io/certificatesigningrequests/approval",
        "certificates.k8s.io/podcertificaterequests",
        "apiregistration.k8s.io/apiservices",
        "apiextensions.k8s.io/customresourcedefinitions",
        "storage.k8s.io/csidrivers",
        "resource.k8s.io/resourceclaims",
        "apps/controllerrevisions",
    ]);
    (resource, accounts(), audience, word, any::<bool>()).prop_map(
        |(resource, account, audience, word, flag)| {
            let token = json!({ "projected": { "sources": [{ "serviceAccountToken": { "audience": audience } }] } });
            let pod = json!({ "spec": { "serviceAccountName": account, "volumes": [token] } });
            let object = match resource {
                "/serviceaccounts" => {
                    json!({ "metadata": { "annotations": { "eks.amazonaws.com/audience": audience } }, "secrets": [word] })
                }
                "/serviceaccounts/token" => {
                    json!({ "spec": { "audiences": [audience], "boundObjectRef": { "kind": if flag { "Pod" } else { word } } } })
                }
                "/secrets" => {
                    json!({ "type": "kubernetes.io/service-account-token", "metadata": { "annotations": { "kubernetes.io/service-account.name": account } } })
                }
                "/pods" => pod,
                "apps/deployments" => json!({ "spec": { "template": pod } }),
                "/namespaces" | "/namespaces/finalize" => {
                    json!({ "metadata": { "labels": { "rolegate.dev/mode": word } }, "spec": { "finalizers": if flag { vec!["kubernetes"] } else { vec![] } } })
                }
                "/persistentvolumes" => {
                    let source = if flag { "hostPath" } else { "csi" };
                    json!({ "spec": { source: {}, "claimRef": { "namespace": word, "name": account } } })
                }
                "opentelemetry.io/opentelemetrycollectors" => {
                    json!({ "spec": { "mode": if flag { "sidecar" } else { word } } })
                }
                "certificates.k8s.io/certificatesigningrequests/approval" => {
                    json!({ "spec": { "signerName": "kubernetes.io/kube-apiserver-client" }, "status": { "conditions": [{ "type": if flag { "Approved" } else { word } }] } })
                }
                "apiregistration.k8s.io/apiservices" => {
                    json!({ "spec": { "service": flag.then(|| json!({ "namespace": word, "name": account })) } })
                }
                "apiextensions.k8s.io/customresourcedefinitions" => {
                    json!({ "spec": { "conversion": { "strategy": if flag { "Webhook" } else { "None" } } } })
                }
                "storage.k8s.io/csidrivers" => {
                    json!({ "spec": { "tokenRequests": [{ "audience": audience }] } })
                }
                "resource.k8s.io/resourceclaims" => {
                    json!({ "spec": { "devices": { "requests": [{ "adminAccess": flag }] } } })
                }
                _ => json!({ "spec": { "text": word, "flag": flag } }),
            };
            (resource, object)
        },
    )
}

/// Metadata that claims to be somebody's.
fn claims() -> impl Strategy<Value = Value> {
    let pairs = || {
        prop::collection::btree_map(
            select(vec![
                "emr-containers.amazonaws.com/component",
                "emr-containers.amazonaws.com/job.id",
                "rolegate.dev/allow",
                "app.kubernetes.io/managed-by",
                "kubernetes.io/config.mirror",
            ]),
            select(vec!["driver", "0000000337okspsc913", "Helm", "true", ""]),
            0..4,
        )
    };
    (pairs(), pairs(), any::<bool>()).prop_map(|(labels, annotations, owned)| {
        let owners = if owned {
            json!([{ "kind": "Pod", "name": "spark-0000000337okspsc913-driver", "uid": "mine", "controller": true }])
        } else {
            Value::Null
        };
        json!({ "labels": labels, "annotations": annotations, "ownerReferences": owners })
    })
}

/// `object` with the metadata merged in.
fn decorated(object: &Value, claims: &Value) -> Value {
    let mut object = object.clone();
    for (field, value) in claims.as_object().expect("an object") {
        match value.as_object() {
            Some(pairs) => {
                for (key, value) in pairs {
                    object["metadata"][field][key] = value.clone();
                }
            }
            None => object["metadata"][field] = value.clone(),
        }
    }
    object
}

fn held(declared: bool) -> Policy {
    if declared {
        policy(POLICY)
    } else {
        Policy::builtin()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1500 } else { 6000 }))]

    #[test]
    fn a_write_that_changes_nothing_passes(
        who in requesters(), (resource, object) in writes(), name in accounts(), declared: bool,
    ) {
        let mut stored = object.clone();
        stored["metadata"]["resourceVersion"] = json!("1");
        let mut new = object;
        new["metadata"]["resourceVersion"] = json!("2");
        let review = Review::new(who, "UPDATE", resource, &name).old(stored).object(new);
        prop_assert_eq!(review.findings(&held(declared)), [""; 0]);
    }

    #[test]
    fn what_a_requester_claims_allows_nothing(
        who in requesters(), (resource, object) in writes(), name in accounts(),
        claims in claims(), declared: bool, update: bool,
    ) {
        let policy = held(declared);
        let write = |object: Value| {
            let review = Review::new(who.clone(), if update { "UPDATE" } else { "CREATE" }, resource, &name);
            let old = json!({ "metadata": { "labels": { "rolegate.dev/mode": "enforce" } } });
            review.old(if update { old } else { Value::Null }).object(object)
        };
        let plain = write(object.clone()).findings(&policy);
        let claimed = write(decorated(&object, &claims)).findings(&policy);
        // A rule may say more, and so say it in other words.
        let rules = |findings: &[String]| -> BTreeSet<String> {
            findings.iter().filter_map(|found| Some(found.split_once(':')?.0.to_owned())).collect()
        };
        prop_assert!(rules(&claimed).is_superset(&rules(&plain)), "{:?} became {:?}", plain, claimed);
        let tried = write(object).set("dryRun", json!(true)).findings(&policy);
        prop_assert_eq!(plain, tried);
    }
}
