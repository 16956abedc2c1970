//! The control plane, rolegate at both doors and EKS's webhook; the roles and their trust.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use super::job::{self, Job};
use crate::harness::authorizer::{Authorizer, DOORS};
use crate::harness::aws::{Aws, Trust};
use crate::harness::rolegate::Rolegate;
use crate::harness::sdk::{From, Sdk};
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, kubelet, pod_identity, wait};

/// The execution role, in the account of the cluster.
pub(super) const ROLE_1: &str = "arn:aws:iam::111122223333:role/job-execution-role-1";
/// The role that jobs are chained to, in another account.
pub(super) const ROLE_2: &str = "arn:aws:iam::444455556666:role/client-role-2";
/// A third one, with a path, that wants an external id.
pub(super) const ROLE_3: &str = "arn:aws:iam::777788889999:role/lake/role-3";
/// What role 3 wants to hear.
pub(super) const EXTERNAL_ID: &str = "example/3";
/// The container that a job's code runs in.
pub(super) const DRIVER: &str = "spark-kubernetes-driver";

const POLICY: &str = include_str!("policy.yaml");
/// The shipped file, from the repository's root.
const MUTATING: &str = "manifests/webhook/mutating.yaml";
const CHAIN_LABEL: &str = "rolegate.dev/chain";
/// Of the namespaces in which rolegate is called before EKS's webhook.
const FRONT_LABEL: &str = "e2e-order";
/// The namespaces whose service accounts have an association in place of the
/// annotation.
const POD_IDENTITY: [&str; 2] = ["mode-pod-identity", "own-token"];
/// The annotation with the profile.
pub(super) const CONFIG: &str = "rolegate.dev/aws-config";

struct Scene {
    cluster: &'static Cluster,
    _authorizer: Authorizer,
}

fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| {
        let (mut authorizer, cluster) = Authorizer::start();
        authorizer.let_it_look_up(cluster, &format!("{POLICY}\n{DOORS}\n"));
        let rolegate = &authorizer.rolegate;
        cluster.install(VALIDATING, rolegate);
        cluster.install(MUTATING, rolegate);
        install_in_front(cluster, rolegate);
        pod_identity::install(cluster);
        cluster.wait_until_enforced();
        wait_until_chained(cluster, "probe");
        wait_until_chained(cluster, "front-probe");
        Scene {
            cluster,
            _authorizer: authorizer,
        }
    });
    &SCENE
}

/// The shipped configuration once more, under a name that sorts before EKS's:
/// so some other installer may have called it.
fn install_in_front(cluster: &Cluster, rolegate: &Rolegate) {
    for mut object in cluster.read_manifest(MUTATING) {
        object["metadata"]["name"] = "aaa-rolegate".into();
        for webhook in object["webhooks"].as_array_mut().into_iter().flatten() {
            webhook["namespaceSelector"] = json!({"matchLabels": {FRONT_LABEL: "front"}});
        }
        cluster.install_object(object, rolegate);
    }
}

/// Dry-runs a driver until it comes back with a profile.
fn wait_until_chained(cluster: &'static Cluster, name: &str) {
    let job = Job::start(made(cluster, name));
    wait::until("rolegate's mutating webhook to be in effect", || {
        let pod = job.submit("pods?dryRun=All", &job.driver_pod()).json();
        let chained = pod["metadata"]["annotations"][CONFIG].is_string();
        chained.then_some(()).ok_or_else(|| pod.to_string())
    });
}

/// A job in a namespace of `policy.yaml`.
pub(super) fn job(namespace: &str) -> Job {
    static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let cluster = scene().cluster;
    let mut known = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if known.insert(namespace.to_owned()) {
        return Job::start(made(cluster, namespace));
    }
    Job::start(Namespace {
        cluster,
        name: namespace.to_owned(),
    })
}

/// Makes it, with the service accounts of role 1's jobs.
fn made(cluster: &'static Cluster, name: &str) -> Namespace<'static> {
    let mut labels = json!({"rolegate.dev/mode": "enforce"});
    match name {
        "no-label" => {}
        "no-mode" | "no-mode-default" => labels = json!({CHAIN_LABEL: "enabled"}),
        name if name.starts_with("front") => labels[FRONT_LABEL] = "front".into(),
        _ => labels[CHAIN_LABEL] = "enabled".into(),
    }
    let namespace = Namespace::named(cluster, name, &labels);
    for component in job::COMPONENTS {
        let account = job::account(component);
        let annotations = match name {
            // EKS's webhook finds nothing there, as when it is down.
            name if name.starts_with("no-eks") => json!({}),
            name if POD_IDENTITY.contains(&name) || name.starts_with("both") => {
                pod_identity::associate(name, &account);
                json!({})
            }
            _ => json!({pod_identity::ROLE_ARN: ROLE_1}),
        };
        namespace.annotated_service_account(&account, &annotations);
    }
    namespace
}

/// What the roles trust: role 1 the cluster's service account, role 2 role 1,
/// role 3 both of them if they say its external id.
pub(super) fn trust(pod: &Value) -> Trust {
    let subject = kubelet::subject(pod);
    Trust::default()
        .web_identity(ROLE_1, &subject)
        .pod_identity(ROLE_1, &subject)
        .role(ROLE_1, ROLE_2)
        .role_with_external_id(ROLE_1, ROLE_3, EXTERNAL_ID)
        .role_with_external_id(ROLE_2, ROLE_3, EXTERNAL_ID)
}

/// The ARN of a role's sessions, without a session's name.
pub(super) fn assumed(role: &str) -> String {
    let (account, name) = role.split_once(":role/").expect("a role's ARN");
    // A session's ARN has no path.
    let name = name.rsplit('/').next().unwrap_or(name);
    format!("{}:assumed-role/{name}", account.replace(":iam:", ":sts:"))
}

/// A program in a container of a stored pod, with these trust policies: who it
/// says it is, and the calls it made.
pub(super) fn run(
    (sdk, from): (Sdk, From<'_>),
    (pod, container): (&Value, &str),
    trust: Trust,
) -> (Result<String, String>, Aws) {
    let aws = Aws::start(trust);
    let container = kubelet::start(pod, container, &aws);
    (sdk.identity(from, &container, &aws), aws)
}

/// [`run`], which must say that it is a session of this role.
#[track_caller]
pub(super) fn assert_is(role: &str, program: (Sdk, From<'_>), container: (&Value, &str)) {
    let (identity, aws) = run(program, container, trust(container.0));
    let is = |arn: &String| arn.starts_with(&format!("{}/", assumed(role)));
    assert!(
        identity.as_ref().is_ok_and(is),
        "{program:?} is not {role} but {identity:?} after {:#?}",
        aws.shown()
    );
}
