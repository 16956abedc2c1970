//! rolegate watches the cluster, under the rights of `manifests/view` and no others: it
//! denies grants without a look-up, and reports mutators and changes of its own objects.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::guards::overlays::{block, built};
use crate::harness::cast::service_account;
use crate::harness::http::Answer;
use crate::harness::rolegate::Rolegate;
use crate::harness::users::User;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, wait};

const POLICY: &str = "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n";
const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
const SOON: Duration = Duration::from_secs(20);

/// rolegate's service account with what the overlay of docs/install.md grants it; with
/// `only`, of that the role of this name.
fn account(cluster: &'static Cluster, only: Option<&str>) -> User {
    let overlay = block("docs/install.md", "## Let rolegate watch the cluster");
    let home = Namespace::named(cluster, "rolegate", &json!({}));
    cluster.create(&home.core("serviceaccounts"), &service_account("rolegate"));
    for object in built(cluster, &overlay) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let granted = ["rolegate-view", "rolegate-events", "rolegate-lookups"];
        if only.map_or(granted.contains(&name), |only| name == only) {
            cluster.apply_as_admin(&object);
        }
    }
    let account = home.unbound_token("rolegate");
    wait::until("RBAC to know rolegate's role", || {
        let path = format!("/apis/{RBAC_V1}/roles?limit=1");
        let answer = cluster.request(&account, "GET", &path).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    account
}

/// One line of `/metrics`.
fn metric(rolegate: &Rolegate, start: &str) -> Option<String> {
    let (_, text) = rolegate.health("/metrics").ok()?;
    let line = text.lines().find(|line| line.starts_with(start))?;
    line.rsplit(' ').next().map(str::to_owned)
}

fn wait_for(rolegate: &Rolegate, what: &str, is: impl Fn() -> bool) {
    wait::until_within(SOON, what, || {
        is().then_some(()).ok_or_else(|| {
            let (_, metrics) = rolegate.health("/metrics").unwrap_or_default();
            let lines = metrics
                .lines()
                .filter(|line| line.contains("drift") || line.contains("view"));
            format!(
                "{}\n{}",
                rolegate.log_text(),
                lines.collect::<Vec<_>>().join("\n")
            )
        })
    });
}

/// Rights to watch, and none to look a role up by its name.
struct Watching {
    cluster: &'static Cluster,
    open: Namespace<'static>,
    enforced: Namespace<'static>,
    rolegate: Rolegate,
}

fn watching() -> &'static Watching {
    static STAGE: LazyLock<Watching> = LazyLock::new(|| {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        let account = account(cluster, Some("rolegate-view"));
        let open = Namespace::unmanaged(cluster);
        let rolegate = Rolegate::start_asking(POLICY, cluster.kubeconfig(&account));
        cluster.install(VALIDATING, &rolegate);
        let enforced = Namespace::labelled(cluster, "enforce");
        cluster.wait_until_enforced();
        Watching {
            cluster,
            open,
            enforced,
            rolegate,
        }
    });
    &STAGE
}

impl Watching {
    fn tries(&self, namespace: &Namespace<'_>, plural: &str, body: &Value) -> Answer {
        let path = namespace.group(RBAC_V1, plural);
        let request = self.cluster.request(self.cluster.alice(), "POST", &path);
        request.json(body).send()
    }
}

fn role(name: &str, resource: &str) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": "Role", "metadata": {"name": name},
        "rules": [{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}],
    })
}

fn bound(name: &str, role: &str) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": "RoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": role},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": "bob"}],
    })
}

/// It may not `get` a role, so what it says of one it knows from watching.
#[test]
fn a_grant_is_denied_by_what_was_watched() {
    let stage = watching();
    for (name, resource) in [("strong", "secrets"), ("weak", "pods")] {
        for namespace in [&stage.open, &stage.enforced] {
            stage
                .tries(namespace, "roles", &role(name, resource))
                .expect_status(201);
        }
    }
    stage
        .tries(&stage.open, "rolebindings", &bound("strong", "strong"))
        .expect_status(201);
    let log = || stage.rolegate.log_text();
    // The watch is a moment behind: until then the binding is not judged, and stays.
    let answer = wait::until_within(SOON, "the role to be known", || {
        let path = stage.enforced.group(RBAC_V1, "rolebindings?dryRun=All");
        let request = stage.cluster.request(stage.cluster.alice(), "POST", &path);
        let answer = request.json(&bound("strong", "strong")).try_send()?;
        if answer.refused_by_webhook() {
            Ok(answer)
        } else {
            Err(format!("{}\n{}", answer.body, log()))
        }
    });
    let message = answer.message();
    assert!(message.contains("gives user bob get secrets"), "{message}");
    stage
        .tries(&stage.enforced, "rolebindings", &bound("weak", "weak"))
        .expect_status(201);
    // By another role with the same name the binding that is there would give more.
    let path = stage.enforced.group(RBAC_V1, "roles/weak");
    let attack = json!([{"op": "replace", "path": "/rules/0/resources", "value": ["secrets"]}]);
    wait::until_within(SOON, "the binding to be known", || {
        let request = stage.cluster.request(stage.cluster.alice(), "PATCH", &path);
        let answer = request
            .body("application/json-patch+json", attack.to_string())
            .try_send()?;
        let says = "gives user bob get secrets by RoleBinding";
        if answer.refused_by_webhook() && answer.message().contains(says) {
            return Ok(());
        }
        Err(format!("{}\n{}", answer.body, log()))
    });
    let text = stage.rolegate.health("/readyz").expect("an answer").1;
    assert!(text.contains("[+]view/roles ok: "), "{text}");
    assert!(
        metric(
            &stage.rolegate,
            "rolegate_view_age_seconds{resource=\"roles\"}"
        )
        .is_some()
    );
}

/// Without rights it serves, and says what it does not know.
#[test]
fn without_rights_it_serves_and_says_so() {
    let stage = watching();
    let bare = Namespace::unmanaged(stage.cluster);
    bare.service_account("nobody");
    let nobody = bare.unbound_token("nobody");
    let rolegate = Rolegate::start_asking(POLICY, stage.cluster.kubeconfig(&nobody));
    let (status, text) = rolegate.health("/readyz").expect("an answer");
    assert_eq!(status, 200, "{text}");
    for resource in [
        "clusterroles",
        "namespaces",
        "mutatingwebhookconfigurations",
    ] {
        let says = format!("[!]view/{resource}: not granted");
        assert!(text.contains(&says), "{text}");
        let not_granted =
            format!("rolegate_view_state{{resource=\"{resource}\",state=\"not_granted\"}}");
        assert_eq!(metric(&rolegate, &not_granted), Some("1".to_owned()));
        let log = rolegate.log_text();
        let said = log.lines().filter(|line| {
            line.contains("may not watch this resource")
                && line.contains(&format!("resource=\"{resource}\""))
        });
        assert_eq!(said.count(), 1, "{log}");
    }
    let age = metric(&rolegate, "rolegate_view_age_seconds{resource=\"roles\"}");
    assert_eq!(age, None);
    let missing = "rolegate_drift_findings{rule=\"mutating-webhook\",resource=\"validatingwebhookconfigurations\",severity=\"critical\"}";
    assert_ne!(
        metric(&rolegate, missing),
        Some("1".to_owned()),
        "what is not known is not missing"
    );
}

/// rolegate's manifests as they are, with a CA; nothing answers at the Service.
pub(crate) fn install(cluster: &Cluster) {
    for file in [VALIDATING, "manifests/webhook/mutating.yaml"] {
        for mut object in cluster.read_manifest(file) {
            for webhook in object["webhooks"].as_array_mut().expect("webhooks") {
                webhook["clientConfig"]["caBundle"] = json!(
                    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJkekNDQVIyZ0F3SUJBZ0lCQURBS0JnZ3Foa2pPUFFRREFqQWpNU0V3SHdZRFZRUUREQmhyTTNNdGMyVnkKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="
                );
            }
            cluster.apply_as_admin(&object);
        }
    }
    for object in cluster.read_policies() {
        cluster.apply_as_admin(&object);
    }
}

struct Reporting {
    cluster: &'static Cluster,
    rolegate: Rolegate,
}

impl Reporting {
    fn found(&self, resource: &str) -> u32 {
        let start = format!(
            "rolegate_drift_findings{{rule=\"mutating-webhook\",resource=\"{resource}\",severity=\"critical\"}}"
        );
        let found = metric(&self.rolegate, &start);
        found.and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
    }

    /// The finding is in the metric, in the log and in an Event; then it is gone.
    fn reported(&self, resource: &str, says: &str, repair: impl FnOnce()) {
        wait_for(&self.rolegate, says, || {
            (1..100).contains(&self.found(resource))
        });
        wait_for(&self.rolegate, says, || {
            let log = self.rolegate.log_text();
            log.lines()
                .any(|line| line.contains("WARN") && line.contains(says))
        });
        wait_for(&self.rolegate, "an Event", || {
            let events = self.cluster.get("/api/v1/namespaces/rolegate/events");
            let mut all = events["items"].as_array().expect("a list").iter();
            all.any(|event| {
                event["type"] == "Warning"
                    && event["message"]
                        .as_str()
                        .is_some_and(|text| text.contains(says))
            })
        });
        repair();
        wait_for(&self.rolegate, "the repair to be seen", || {
            self.found(resource) == 0
        });
    }

    fn patch(&self, resource: &str, name: &str, steps: &Value) {
        let path = format!("{ADMISSION}/{resource}/{name}");
        let request = self.cluster.request(self.cluster.admin(), "PATCH", &path);
        request
            .body("application/json-patch+json", steps.to_string())
            .send()
            .expect_status(200);
    }

    fn delete(&self, resource: &str, name: &str) {
        let path = format!("{ADMISSION}/{resource}/{name}");
        let request = self.cluster.request(self.cluster.admin(), "DELETE", &path);
        request.send().expect_status(200);
    }
}

/// How many conditions the first webhook has.
fn conditions(cluster: &Cluster) -> usize {
    let ours = cluster.get(&format!(
        "{ADMISSION}/validatingwebhookconfigurations/rolegate"
    ));
    let all = ours["webhooks"][0]["matchConditions"].as_array();
    all.expect("conditions").len()
}

/// A mutator of pods in managed namespaces.
fn injector(name: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": "inject.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore",
            "clientConfig": {"url": "https://127.0.0.1:1/inject"},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    })
}

/// Each is done by an administrator, whom no guard stops: who may is not asked here.
#[test]
fn d2_mutators_and_changes_of_rolegates_own_objects_are_reported() {
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
    let account = account(cluster, None);
    install(cluster);
    let managed = Namespace::labelled(cluster, "audit");
    let rolegate = Rolegate::start_asking(POLICY, cluster.kubeconfig(&account));
    let stage = Reporting { cluster, rolegate };
    let (webhooks, ours) = (
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
    );
    // The harness has a mutator of its own, and rolegate says so.
    wait_for(&stage.rolegate, "the harness", || {
        stage.found(webhooks) == 1
    });
    stage.delete(webhooks, "zz-every-pod");
    wait_for(&stage.rolegate, "nothing to be found", || {
        [
            webhooks,
            ours,
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ]
        .iter()
        .all(|resource| stage.found(resource) == 0)
    });

    cluster.create(
        &format!("{ADMISSION}/{webhooks}"),
        &injector("e2e-injector"),
    );
    let says = format!("can rewrite pods in namespace {}", managed.name);
    stage.reported(webhooks, &says, || stage.delete(webhooks, "e2e-injector"));

    let mutates = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": "e2e-mutates"},
        "spec": {
            "failurePolicy": "Ignore", "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'add', path: '/metadata/generateName', value: 'x'}]"}}],
        },
    });
    let policies = "mutatingadmissionpolicies";
    cluster.create(&format!("{ADMISSION}/{policies}"), &mutates);
    stage.reported(
        policies,
        "MutatingAdmissionPolicy e2e-mutates can rewrite",
        || {
            stage.delete(policies, "e2e-mutates");
        },
    );

    let condition = json!([{"op": "add", "path": "/webhooks/0/matchConditions/-", "value": {"name": "mine", "expression": "false"}}]);
    stage.patch(ours, "rolegate", &condition);
    stage.reported(
        ours,
        "it has matchCondition mine of enforce.rolegate.dev",
        || {
            // An apply would leave it in place.
            let last = format!("/webhooks/0/matchConditions/{}", conditions(cluster) - 1);
            let remove = json!([{"op": "remove", "path": last}]);
            stage.patch(ours, "rolegate", &remove);
        },
    );

    let ignore = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    stage.patch(ours, "rolegate", &ignore);
    stage.reported(
        ours,
        "failurePolicy of webhook enforce.rolegate.dev is Ignore",
        || {
            install(cluster);
        },
    );

    let bindings = "validatingadmissionpolicybindings";
    let audit = json!([{"op": "replace", "path": "/spec/validationActions", "value": ["Audit"]}]);
    stage.patch(bindings, "rolegate-webhook-guard", &audit);
    stage.reported(bindings, "it only records, while other bindings", || {
        install(cluster);
    });

    let guards = "validatingadmissionpolicies";
    stage.delete(guards, "rolegate-self-guard");
    stage.reported(guards, "rolegate-self-guard: it is not there", || {
        install(cluster);
    });

    // Once each, however often rolegate looks.
    let log = stage.rolegate.log_text();
    let said = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("e2e-injector"));
    assert_eq!(said.count(), 1, "{log}");

    // The last known state stays in use, and says how old it is.
    cluster.stop_api_server();
    let age = || {
        let start = "rolegate_view_age_seconds{resource=\"clusterroles\"}";
        metric(&stage.rolegate, start).and_then(|text| text.parse::<f64>().ok())
    };
    let before = age().expect("an age");
    wait_for(&stage.rolegate, "the view to get old", || {
        age().is_some_and(|now| now > before + 3.0)
    });
    wait_for(&stage.rolegate, "the failure in the log", || {
        stage
            .rolegate
            .log_text()
            .contains("what is known stays in use and gets old")
    });
    assert_eq!(stage.rolegate.health("/readyz").expect("an answer").0, 200);
}
