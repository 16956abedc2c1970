//! The door for objects without a namespace, and for service accounts and their tokens
//! outside labelled namespaces.

use serde_json::{Value, json};

use super::call::{ALICE, Call, Case, Who, connect, delete, past, post, sent};
use super::people;
use super::scene::{Place, metadata, secret};
use crate::harness::cast;

const TOKEN: &str = "kubernetes.io/service-account-token";
const RBAC: &str = "rbac.authorization.k8s.io/v1";

fn cluster_role() -> Call {
    let role = json!({"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "new"}, "rules": []});
    post(&format!("/apis/{RBAC}/clusterroles"), role)
}

fn volume() -> Call {
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "new"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/var/lib/kubelet"}},
    });
    post("/api/v1/persistentvolumes", volume)
}

/// Everything the door has a rule for.
fn cluster_objects() -> Vec<Call> {
    let binding = json!({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "new"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    });
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.new.example"},
        "spec": {"group": "new.example", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1,
            "insecureSkipTLSVerify": true, "service": {"namespace": "default", "name": "x"}},
    });
    let definition = metadata(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pods.lookalike.example",
        json!({"labels": {"a": "b"}}),
    );
    vec![
        cluster_role(),
        post(&format!("/apis/{RBAC}/clusterrolebindings"), binding),
        volume(),
        post("/apis/apiregistration.k8s.io/v1/apiservices", service),
        definition,
        connect("/api/v1/nodes/n1/proxy/run/default/p/c"),
    ]
}

pub(super) fn breakglass(_: &Place) -> Vec<Case> {
    let mut cases = Vec::new();
    for who in people::ADMINISTRATORS {
        cases.extend([past(who, cluster_role()), past(who, volume())]);
    }
    cases.extend(
        people::pretenders()
            .into_iter()
            .map(|who| sent(who, cluster_role())),
    );
    cases.extend(cluster_objects().into_iter().map(|call| sent(ALICE, call)));
    cases
}

/// Nodes join, volumes bind and are given back, namespaces delete.
pub(super) fn controllers(place: &Place) -> Vec<Case> {
    let account = || delete(&format!("serviceaccounts/{}", place.job_account));
    let mut cases = Vec::new();
    for name in [
        "generic-garbage-collector",
        "namespace-controller",
        "certificate-controller",
        "persistent-volume-binder",
        "pv-protection-controller",
        "service-account-controller",
    ] {
        cases.extend([
            past(Who::Controller(name), volume()),
            past(Who::Controller(name), account()),
            sent(Who::PretendedController(name), volume()),
            sent(Who::PretendedController(name), account()),
        ]);
    }
    for who in [
        ALICE,
        Who::Controller("service-account-controller2"),
        Who::Controller("clusterrole-aggregation-controller"),
        Who::Controller("persistent-volume-binder-2"),
        Who::Account("certificate-controller"),
    ] {
        cases.extend([sent(who, volume()), sent(who, account())]);
    }
    cases
}

/// A service account that is judged although nobody labelled its namespace.
pub(super) fn reserved_account() -> Call {
    post(
        "serviceaccounts",
        account(json!({"name": "emr-containers-sa-spark-driver-1-0"})),
    )
}

/// Of the service accounts of kube-system and of rolegate itself, only those with a
/// reserved name are sent; of other namespaces all.
pub(super) fn reserved_names(place: &Place) -> Vec<Case> {
    let token = || cast::token_request(&json!({}));
    let reserved = format!("serviceaccounts/{}", place.job_account);
    let role = || json!({"annotations": {"eks.amazonaws.com/role-arn": cast::role_arn("x")}});
    let there = |rest: &str| format!("/api/v1/namespaces/kube-system/{rest}");
    let create = |metadata| post(&there("serviceaccounts"), account(metadata));
    let here = |metadata| post("serviceaccounts", account(metadata));
    let job = "emr-containers-sa-spark-driver-1-0";
    vec![
        past(ALICE, create(json!({"name": "plain"}))),
        past(ALICE, create(json!({"generateName": "plain-"}))),
        past(ALICE, create(json!({"name": "my-emr-containers-sa-x"}))),
        past(ALICE, create(json!({"name": "emr-containers-s"}))),
        past(ALICE, metadata(&there("serviceaccounts/default"), role())),
        past(ALICE, delete(&there("serviceaccounts/default"))),
        past(
            ALICE,
            post(&there("serviceaccounts/default/token"), token()),
        ),
        past(
            ALICE,
            post(&there("secrets"), secret("new", TOKEN, "default")),
        ),
        sent(ALICE, create(json!({"name": job}))),
        sent(
            ALICE,
            create(json!({"generateName": "emr-containers-sa-spark-"})),
        ),
        sent(ALICE, create(json!({"name": "emr-container-sa-livy"}))),
        sent(ALICE, here(json!({"name": "plain"}))),
        sent(ALICE, here(json!({"generateName": "plain-"}))),
        sent(ALICE, metadata("serviceaccounts/default", role())),
        sent(ALICE, post("serviceaccounts/default/token", token())),
        sent(ALICE, post("secrets", secret("new", TOKEN, "default"))),
        sent(ALICE, reserved_account()),
        sent(ALICE, metadata(&reserved, role())),
        sent(ALICE, delete(&reserved)),
        // deletecollection: the request names nothing, the object does.
        sent(
            ALICE,
            delete(&format!(
                "serviceaccounts?fieldSelector=metadata.name%3D{}",
                place.job_account
            )),
        ),
        sent(ALICE, post(&format!("{reserved}/token"), token())),
        // What is no service account has no name to be judged by.
        sent(ALICE, cluster_role()),
        sent(ALICE, volume()),
    ]
}

/// The Secrets that Kubernetes fills with a token, and no other.
pub(super) fn secret_data(place: &Place) -> Vec<Case> {
    let turned_over =
        json!({"annotations": {"kubernetes.io/service-account.name": place.job_account}});
    vec![
        past(ALICE, post("secrets", secret("new", "Opaque", "default"))),
        past(ALICE, metadata("secrets/opaque", turned_over.clone())),
        past(ALICE, metadata("secrets/opaque", json!({}))),
        past(
            ALICE,
            metadata("secrets/token", json!({"labels": {"a": "b"}})),
        ),
        sent(ALICE, post("secrets", secret("new", TOKEN, "default"))),
        sent(ALICE, metadata("secrets/token", turned_over)),
    ]
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "tables read better without a & before every json!"
)]
fn account(metadata: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
}
