//! Two namespaces with the same things in them: one that rolegate does not
//! manage, one where it enforces.

use serde_json::{Value, json};

use super::refusal::{Rule, assert_refused};
use super::road::Road;
use crate::harness::accounts::emr_service_account;
use crate::harness::http::Answer;
use crate::harness::users::User;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, wait};

/// Account and name of the role whose jobs the tests attack.
pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const ROLE: &str = "team-b-etl";
/// The job whose pods the tests attack.
pub(super) const JOB: &str = "0000000337okspsc913";

/// The service account of a component of that role's Spark jobs.
pub(super) fn account(component: &str) -> String {
    emr_service_account("spark", component, ACCOUNT, ROLE)
}

/// What a refusal says of such an account.
pub(super) fn becomes() -> String {
    format!("that service account becomes the IAM role {ACCOUNT}/{ROLE}")
}

/// The two namespaces.
pub(super) struct Pair {
    /// Where rolegate is not.
    pub(super) open: Namespace<'static>,
    /// Where it enforces.
    pub(super) enforced: Namespace<'static>,
}

impl Pair {
    /// Makes both, each with what `prepare` puts into it.
    pub(super) fn new(prepare: impl Fn(&Namespace<'static>)) -> Self {
        let cluster = guarded().cluster;
        let pair = Self {
            open: Namespace::unmanaged(cluster),
            enforced: Namespace::labelled(cluster, "enforce"),
        };
        prepare(&pair.open);
        prepare(&pair.enforced);
        pair
    }

    /// Each with a driver that runs on paper, and a Service in front of it.
    pub(super) fn with_driver() -> Self {
        Self::new(|namespace| {
            namespace.service_account(&account("driver"));
            running_pod(namespace, "driver", &account("driver"));
            ui_service(namespace);
        })
    }

    pub(super) fn cluster(&self) -> &'static Cluster {
        self.open.cluster
    }

    /// The request leads to `open` where rolegate is not, and to a refusal that
    /// begins with `seen` where it enforces; `what` is for messages.
    #[track_caller]
    pub(super) fn closed_when(
        &self,
        what: &str,
        send: impl Fn(&Namespace<'static>) -> Answer,
        (open, rule, seen): (u16, Rule, &str),
    ) {
        let answer = send(&self.open);
        assert_eq!(
            answer.status, open,
            "without rolegate, {what}: {}",
            answer.body
        );
        assert!(!answer.refused_by_webhook(), "{what}: {}", answer.body);
        assert_refused(&send(&self.enforced), &self.enforced, rule, seen);
    }

    /// [`Pair::closed_when`] `user` takes the road.
    #[track_caller]
    pub(super) fn closed_to(&self, user: &User, road: &Road, open: u16, rule: Rule, seen: &str) {
        let send = |namespace: &Namespace<'static>| road.by(user, namespace);
        self.closed_when(&road.shown(), send, (open, rule, seen));
    }

    /// [`Pair::closed_to`] alice, the tenant.
    #[track_caller]
    pub(super) fn closed(&self, road: &Road, open: u16, rule: Rule, seen: &str) {
        self.closed_to(self.cluster().alice(), road, open, rule, seen);
    }
}

/// Waits until RBAC lets `user` read `rest`: a new binding takes a moment to
/// reach the authorizer, and its refusal must not be taken for rolegate's.
pub(super) fn wait_for_rights(namespace: &Namespace<'_>, user: &User, rest: &str) {
    let road = Road::new("GET", "v1", rest);
    wait::until("RBAC to know the binding", || {
        let answer = road.request(user, namespace).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
}

/// A pod that says it runs, as kubectl wants to see it before it connects.
pub(super) fn running_pod(namespace: &Namespace<'_>, name: &str, account: &str) {
    let mut pod = crate::harness::accounts::pod(name, account);
    pod["metadata"]["labels"] = json!({"app": name});
    namespace.pod_from(&pod);
    let running = json!({"status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{
            "name": "main", "ready": true, "restartCount": 0, "image": "i", "imageID": "i",
            "state": {"running": {}},
        }],
    }});
    let cluster = namespace.cluster;
    Road::patch(
        "v1",
        format!("pods/{name}/status"),
        crate::harness::http::MERGE,
        &running,
    )
    .by(cluster.admin(), namespace)
    .expect_status(200);
}

/// The Service of a driver's UI.
fn ui_service(namespace: &Namespace<'_>) {
    let service: Value = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "ui"},
        "spec": {"selector": {"app": "driver"}, "ports": [{"name": "ui-port", "port": 4040}]},
    });
    namespace
        .cluster
        .create(&namespace.core("services"), &service);
}
