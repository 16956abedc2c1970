//! Custom resources that rules know by their names, in definitions that take
//! any content.

use serde_json::{Value, json};

use super::Way::{self, Request};
use super::{Answer, Place, Stage, driver, driver_pod, patch};
use crate::harness::cast::{OTHER_JOB, OTHER_ROLE, role_arn};
use crate::harness::definitions::Kind;

pub(super) const GATEWAY: Kind = ("gateway.networking.k8s.io/v1", "gateways", "Gateway");
pub(super) const HTTP_ROUTE: Kind = ("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute");
const SNAPSHOT: Kind = (
    "snapshot.storage.k8s.io/v1",
    "volumesnapshots",
    "VolumeSnapshot",
);
const CILIUM: Kind = (
    "cilium.io/v2",
    "ciliumnetworkpolicies",
    "CiliumNetworkPolicy",
);
const KYVERNO: Kind = ("kyverno.io/v1", "policies", "Policy");
const KYVERNO_CEL: Kind = (
    "policies.kyverno.io/v1",
    "namespacedmutatingpolicies",
    "NamespacedMutatingPolicy",
);
const OPEN_TELEMETRY: Kind = (
    "opentelemetry.io/v1alpha1",
    "instrumentations",
    "Instrumentation",
);
const ISTIO: Kind = ("networking.istio.io/v1beta1", "proxyconfigs", "ProxyConfig");
const DAPR: Kind = ("dapr.io/v1alpha1", "configurations", "Configuration");

pub(crate) const FLINK: Kind = (
    "flink.apache.org/v1beta1",
    "flinkdeployments",
    "FlinkDeployment",
);
pub(crate) const SESSION_JOB: Kind = (
    "flink.apache.org/v1beta1",
    "flinksessionjobs",
    "FlinkSessionJob",
);
const SNAPSHOT_OF_STATE: Kind = (
    "flink.apache.org/v1beta1",
    "flinkstatesnapshots",
    "FlinkStateSnapshot",
);
const JOB_RUN: Kind = (
    "emrcontainers.services.k8s.aws/v1alpha1",
    "jobruns",
    "JobRun",
);
const ASSOCIATION: Kind = (
    "eks.services.k8s.aws/v1alpha1",
    "podidentityassociations",
    "PodIdentityAssociation",
);
const SERVICE_MONITOR: Kind = (
    "monitoring.coreos.com/v1",
    "servicemonitors",
    "ServiceMonitor",
);
const ISSUER: Kind = ("cert-manager.io/v1", "issuers", "Issuer");
const WORKFLOW: Kind = ("argoproj.io/v1alpha1", "workflows", "Workflow");
const HELM_RELEASE: Kind = ("helm.toolkit.fluxcd.io/v2", "helmreleases", "HelmRelease");

const SECRET_STORE: Kind = ("external-secrets.io/v1", "secretstores", "SecretStore");
const DASHBOARD: Kind = (
    "grafana.integreatly.org/v1beta1",
    "grafanadashboards",
    "GrafanaDashboard",
);

const QUEUED: Kind = ("kueue.x-k8s.io/v1beta1", "workloads", "Workload");

pub(crate) const ALL: [Kind; 21] = [
    GATEWAY,
    HTTP_ROUTE,
    SNAPSHOT,
    CILIUM,
    KYVERNO,
    KYVERNO_CEL,
    OPEN_TELEMETRY,
    ISTIO,
    DAPR,
    FLINK,
    SESSION_JOB,
    SNAPSHOT_OF_STATE,
    JOB_RUN,
    ASSOCIATION,
    SERVICE_MONITOR,
    ISSUER,
    WORKFLOW,
    HELM_RELEASE,
    QUEUED,
    SECRET_STORE,
    DASHBOARD,
];

/// An issuer that sends the token of a job's service account to a server of its
/// author's.
pub(in crate::bypasses) fn logs_in(stage: &Stage, place: Place<'_>) -> Answer {
    let account = json!({"role": "x", "serviceAccountRef": {"name": driver()}});
    let vault =
        json!({"server": "https://vault.example", "path": "p", "auth": {"kubernetes": account}});
    create(stage, place, &ISSUER, &json!({ "vault": vault }))
}

/// A store that has External Secrets ask a token of a job's service account, and read what
/// its role may read.
pub(in crate::bypasses) fn asks_a_token(stage: &Stage, place: Place<'_>) -> Answer {
    let auth = json!({"jwt": {"serviceAccountRef": {"name": driver()}}});
    let aws = json!({"service": "SecretsManager", "region": "us-west-2", "auth": auth});
    create(
        stage,
        place,
        &SECRET_STORE,
        &json!({"provider": {"aws": aws}}),
    )
}

pub(in crate::bypasses) const MUTATORS: &[Way] = &[
    Request("Kyverno", |stage, place| any(stage, place, &KYVERNO)),
    Request("Kyverno's CEL", |stage, place| {
        any(stage, place, &KYVERNO_CEL)
    }),
    Request("OpenTelemetry", |stage, place| {
        any(stage, place, &OPEN_TELEMETRY)
    }),
    Request("Istio", |stage, place| any(stage, place, &ISTIO)),
    Request("Dapr", |stage, place| any(stage, place, &DAPR)),
];

pub(in crate::bypasses) fn network_policy(stage: &Stage, place: Place<'_>) -> Answer {
    create(
        stage,
        place,
        &CILIUM,
        &json!({"egress": [{"toEntities": ["all"]}]}),
    )
}

pub(in crate::bypasses) fn snapshot(stage: &Stage, place: Place<'_>) -> Answer {
    let claim = format!("{}-pvc-0", driver_pod());
    create(
        stage,
        place,
        &SNAPSHOT,
        &json!({"source": {"persistentVolumeClaimName": claim}}),
    )
}

fn any(stage: &Stage, place: Place<'_>, kind: &Kind) -> Answer {
    create(stage, place, kind, &json!({}))
}

pub(super) fn create(stage: &Stage, place: Place<'_>, kind: &Kind, spec: &Value) -> Answer {
    let (group_version, plural, kind) = kind;
    let object = json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": "mine"}, "spec": spec});
    super::create(stage, &place.group(group_version, plural), &object)
}

/// A role that another's jobs run as, in the fields that say so.
pub(in crate::bypasses) const ROLES: &[Way] = &[
    Request("Flink's role", |stage, place| {
        let spec =
            json!({"executionRoleArn": role_arn(OTHER_ROLE), "job": {"jarURI": "s3://mine/x.jar"}});
        create(stage, place, &FLINK, &spec)
    }),
    Request("a JobRun's role", |stage, place| {
        let spec =
            json!({"executionRoleARN": role_arn(OTHER_ROLE), "releaseLabel": "emr-7.12.0-latest"});
        create(stage, place, &JOB_RUN, &spec)
    }),
    Request("a role for the account default", |stage, place| {
        let spec = json!({
            "clusterName": "c", "namespace": place.0, "serviceAccount": "default",
            "roleARN": role_arn(OTHER_ROLE),
        });
        create(stage, place, &ASSOCIATION, &spec)
    }),
    Request("a role of an unknown kind", |stage, place| {
        let spec = json!({"job": {"execution_role_arn": role_arn(OTHER_ROLE)}});
        super::thing(stage, place, "v1", &spec)
    }),
];

/// Another's Flink cluster, and what a tenant does to it.
pub(in crate::bypasses) const OF_OTHERS: &[Way] = &[
    Request("another jar for another's cluster", |stage, place| {
        let path = stored_flink(stage, place, "gets-a-jar");
        patch(
            stage,
            &path,
            &json!({"spec": {"job": {"jarURI": "s3://mine/x.jar"}}}),
        )
    }),
    Request("another's cluster under an own role", |stage, place| {
        let path = stored_flink(stage, place, "changes-its-role");
        let spec = json!({"executionRoleArn": null, "serviceAccount": "default"});
        patch(stage, &path, &json!({ "spec": spec }))
    }),
];

pub(in crate::bypasses) const JOINS: &[Way] = &[
    Request("a session job", |stage, place| {
        stored_flink(stage, place, "is-joined");
        let spec = json!({"deploymentName": "is-joined", "job": {"jarURI": "s3://mine/x.jar"}});
        create(stage, place, &SESSION_JOB, &spec)
    }),
    Request("a snapshot to a bucket of one's own", |stage, place| {
        stored_flink(stage, place, "is-copied");
        let reference = json!({"kind": "FlinkDeployment", "name": "is-copied"});
        let spec = json!({"jobReference": reference, "savepoint": {"path": "s3://mine/"}});
        create(stage, place, &SNAPSHOT_OF_STATE, &spec)
    }),
];

/// The operator takes the spec in its status for its own.
pub(in crate::bypasses) fn rolled_back(stage: &Stage, place: Place<'_>) -> Answer {
    let path = stored_flink(stage, place, "is-rolled-back");
    let spec = json!({"spec": {"job": {"jarURI": "s3://mine/x.jar"}}}).to_string();
    let status = json!({"reconciliationStatus": {"state": "ROLLING_BACK", "lastStableSpec": spec}});
    patch(
        stage,
        &format!("{path}/status"),
        &json!({ "status": status }),
    )
}

pub(in crate::bypasses) fn stored_template(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.group("argoproj.io/v1alpha1", "workflows");
    let template = json!({"serviceAccountName": driver()});
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "mine"},
        "spec": {}, "status": {"storedTemplates": {"a": template}},
    });
    // The definitions of these tests write every status apart, so it is a change.
    let stored = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "kept"}, "spec": {},
    });
    stage.cluster.create(&path, &stored);
    let status = json!({"status": object["status"]});
    patch(stage, &format!("{path}/kept/status"), &status)
}

pub(in crate::bypasses) const ENDED: &[Way] = &[
    Request("a custom resource of another is deleted", |stage, place| {
        let path = stored_flink(stage, place, "is-deleted");
        stage
            .bobs("DELETE", &format!("{path}?dryRun=All"), None)
            .send()
    }),
    Request("all of a kind are deleted", |stage, place| {
        stored_flink(stage, place, "is-deleted-too");
        let path = place.group(FLINK.0, FLINK.1);
        stage
            .bobs("DELETE", &format!("{path}?dryRun=All"), None)
            .send()
    }),
    Request(
        "a custom resource without a row is deleted",
        |stage, place| {
            let path = place.group("stored.example.com/v1", "things/stored?dryRun=All");
            stage.bobs("DELETE", &path, None).send()
        },
    ),
    Request("an owner that does not exist", |stage, place| {
        let path = stored_flink(stage, place, "is-disowned");
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "00000000-0000-0000-0000-000000000001"});
        patch(
            stage,
            &path,
            &json!({"metadata": {"ownerReferences": [owner]}}),
        )
    }),
    Request("a finalizer that nobody takes off", |stage, place| {
        let path = stored_flink(stage, place, "is-kept");
        patch(
            stage,
            &path,
            &json!({"metadata": {"finalizers": ["example.com/keep"]}}),
        )
    }),
];

pub(in crate::bypasses) const READERS: &[Way] = &[
    Request("Prometheus sends a Secret", |stage, place| {
        let selector = json!({"name": "db-password", "key": "password"});
        let endpoint =
            json!({"port": "http", "basicAuth": {"username": selector, "password": selector}});
        create(
            stage,
            place,
            &SERVICE_MONITOR,
            &json!({"selector": {}, "endpoints": [endpoint]}),
        )
    }),
    Request("cert-manager logs in with a Secret", |stage, place| {
        let auth = json!({"tokenSecretRef": {"name": "db-password", "key": "password"}});
        let vault = json!({"server": "https://mine.example.com", "path": "x", "auth": auth});
        create(stage, place, &ISSUER, &json!({ "vault": vault }))
    }),
    Request("Flux renders a Secret", |stage, place| {
        let values = json!([{"kind": "Secret", "name": "db-password"}]);
        create(
            stage,
            place,
            &HELM_RELEASE,
            &json!({ "valuesFrom": values }),
        )
    }),
    Request("a dashboard is fetched with a Secret", |stage, place| {
        let selector = json!({"name": "db-password", "key": "password"});
        let auth = json!({"basicAuth": {"username": selector, "password": selector}});
        let spec = json!({"url": "https://mine.example.com", "urlAuthorization": auth});
        create(stage, place, &DASHBOARD, &spec)
    }),
    Request("an unknown kind names a Secret", |stage, place| {
        let remote = json!({"url": "https://mine.example.com", "credentialsSecret": "db-password"});
        super::thing(stage, place, "v1", &json!({ "remote": remote }))
    }),
];

/// What a queue keeps for a run's Job.
pub(in crate::bypasses) const QUEUES: &[Way] = &[
    Request("a queue's copy that is not active", |stage, place| {
        let path = stored_copy(stage, place, "is-stopped");
        patch(stage, &path, &json!({"spec": {"active": false}}))
    }),
    Request("a queue's copy that was evicted", |stage, place| {
        let path = stored_copy(stage, place, "is-evicted");
        let evicted = json!({"type": "Evicted", "status": "True"});
        patch(
            stage,
            &format!("{path}/status"),
            &json!({"status": {"conditions": [evicted]}}),
        )
    }),
    Request("a queue's copy that is deleted", |stage, place| {
        let path = stored_copy(stage, place, "is-gone");
        stage
            .bobs("DELETE", &format!("{path}?dryRun=All"), None)
            .send()
    }),
];

fn stored_copy(stage: &Stage, place: Place<'_>, name: &str) -> String {
    let (group_version, plural, kind) = QUEUED;
    let path = place.group(group_version, plural);
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": OTHER_JOB, "uid": "5f0b1a36-0f0e-4c5c-8f8a-000000000009"});
    let metadata = json!({"name": name, "ownerReferences": [owner]});
    let object = json!({"apiVersion": group_version, "kind": kind, "metadata": metadata, "spec": {"active": true}});
    stage.cluster.create(&path, &object);
    format!("{path}/{name}")
}

/// What the software that reads it decodes.
pub(in crate::bypasses) const HIDDEN: &[Way] = &[
    Request("escapes in YAML in a string", |stage, place| {
        let manifest = format!(
            "spec:\n  serviceAccountName: \"\\u0065{}\"\n",
            &driver()[1..]
        );
        workflow(stage, place, &manifest)
    }),
    Request("escapes in JSON in JSON", |stage, place| {
        let inner = format!(r#"{{"sa":"\u0065{}"}}"#, &driver()[1..]);
        workflow(stage, place, &json!({ "inner": inner }).to_string())
    }),
    Request("binary YAML", |stage, place| {
        // "emr-containers-sa-" in base64.
        let manifest = "spec:\n  serviceAccountName: !!binary ZW1yLWNvbnRhaW5lcnMtc2Et\n";
        workflow(stage, place, manifest)
    }),
];

fn workflow(stage: &Stage, place: Place<'_>, manifest: &str) -> Answer {
    let template = json!({"name": "a", "resource": {"action": "create", "manifest": manifest}});
    create(
        stage,
        place,
        &WORKFLOW,
        &json!({"entrypoint": "a", "templates": [template]}),
    )
}

/// Another's cluster, which an administrator has let be there; gives its path.
fn stored_flink(stage: &Stage, place: Place<'_>, name: &str) -> String {
    let (group_version, plural, kind) = FLINK;
    let path = place.group(group_version, plural);
    let spec =
        json!({"executionRoleArn": role_arn(OTHER_ROLE), "job": {"jarURI": "s3://theirs/a.jar"}});
    let object = json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    stage.cluster.create(&path, &object);
    format!("{path}/{name}")
}
