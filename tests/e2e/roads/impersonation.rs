//! Those who only look like somebody whose work it is: `kubectl --as`, tokens
//! that are bound to no pod, jobs of other namespaces.

use std::sync::LazyLock;

use serde_json::json;

use super::config_maps::map;
use super::pair::{JOB, Pair, account, wait_for_rights};
use super::private::Private;
use super::refusal::{ACCOUNTS, CONFIG_MAPS, assert_kubectl_refused, assert_refused};
use super::road::Road;
use crate::harness::accounts::pod;
use crate::harness::{Cluster, Namespace, wait};

const IMPERSONATED: &str =
    "looks impersonated: a service account's own token carries a uid, this request has none";
const UNBOUND: &str = "is a job's service account, but its token is not bound to a pod";
const ELSEWHERE: &str = "is a job's service account of another namespace";
const NOT_EMR: &str =
    "has EMR's username, but userInfo.extra does not prove EMR's service-linked role";

/// bob may take anybody's name, cluster-wide, and nobody's uid or extra: what
/// `impersonate` on users and service accounts gives, and what the default role
/// `edit` gives for the service accounts of a namespace.
fn grant_impersonation(cluster: &Cluster) {
    static GRANTED: LazyLock<()> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        let rbac = "rbac.authorization.k8s.io";
        cluster.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "e2e-impersonate"},
            "rules": [{"apiGroups": [""], "resources": ["users", "serviceaccounts"], "verbs": ["impersonate"]}],
        }));
        cluster.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "e2e-impersonate"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "e2e-impersonate"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "bob"}],
        }));
    });
    LazyLock::force(&GRANTED);
    wait::until("the grant to reach the authorizer", || {
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let answer = cluster
            .request(cluster.bob(), "POST", path)
            .impersonate("emr-containers")
            .json(&review)
            .try_send()?;
        (answer.status == 201).then_some(()).ok_or(answer.body)
    });
}

/// Both namespaces with a job's service accounts and a `ConfigMap`.
fn pair() -> Pair {
    let pair = Pair::new(|namespace| {
        for component in ["client", "driver", "executor", "jeg"] {
            namespace.service_account(&account(component));
        }
        let path = namespace.core("configmaps");
        namespace.cluster.create(&path, &map("shape", "1"));
    });
    grant_impersonation(pair.cluster());
    pair
}

#[test]
fn a_controllers_name_is_not_a_controller() {
    let pair = pair();
    let bob = pair.cluster().bob();
    let certificate = map("kube-root-ca.crt", "mine");
    for (name, road, open, rule, seen) in [
        (
            "root-ca-cert-publisher",
            Road::new("PUT", "v1", "configmaps/kube-root-ca.crt").json(&certificate),
            200,
            CONFIG_MAPS,
            "change ConfigMap <ns>/kube-root-ca.crt.".to_owned(),
        ),
        (
            "job-controller",
            Road::create(
                "v1",
                "pods",
                &pod(&format!("{JOB}-abcde"), &account("client")),
            ),
            201,
            ACCOUNTS,
            format!("start pod <ns>/{JOB}-abcde under service account"),
        ),
        (
            "replicaset-controller",
            Road::create("v1", "pods", &pod("jeg-6d4cf56db6-x2b7k", &account("jeg"))),
            201,
            ACCOUNTS,
            "start pod <ns>/jeg-6d4cf56db6-x2b7k under service account".to_owned(),
        ),
        (
            "generic-garbage-collector",
            Road::new("DELETE", "v1", "configmaps/shape"),
            200,
            CONFIG_MAPS,
            "delete ConfigMap <ns>/shape.".to_owned(),
        ),
        (
            "namespace-controller",
            Road::new("DELETE", "v1", "configmaps"),
            200,
            CONFIG_MAPS,
            "delete ConfigMap <ns>/".to_owned(),
        ),
    ] {
        let user = format!("system:serviceaccount:kube-system:{name}");
        let send =
            |namespace: &Namespace<'static>| road.request(bob, namespace).impersonate(&user).send();
        let seen = format!("{user} ({IMPERSONATED}) may not {seen}");
        pair.closed_when(&format!("as {user}"), send, (open, rule, &seen));
    }
}

#[test]
fn kubectl_as_a_controller_or_a_job_says_why() {
    let pair = pair();
    let cluster = pair.cluster();
    let collector = "system:serviceaccount:kube-system:generic-garbage-collector";
    let driver = format!("system:serviceaccount:<ns>:{}", account("driver"));
    for (user, pretended, verb, command) in [
        (
            cluster.alice(),
            driver.as_str(),
            "create",
            &["create", "configmap", "spark-exec-0-conf-map"][..],
        ),
        (
            cluster.bob(),
            collector,
            "delete",
            &["delete", "configmap", "shape"],
        ),
    ] {
        let run = |namespace: &Namespace<'static>| {
            let to_be = format!("--as={}", pretended.replace("<ns>", &namespace.name));
            let command: Vec<&str> = command.iter().copied().chain([to_be.as_str()]).collect();
            cluster.kubectl(user).namespace(namespace).run(&command)
        };
        run(&pair.open).expect_ok();
        assert_kubectl_refused(
            &run(&pair.enforced).expect_refused(),
            &pair.enforced,
            CONFIG_MAPS,
            &format!("{pretended} ({IMPERSONATED}) may not {verb} ConfigMap <ns>/s"),
        );
    }
}

/// alice, whose role in the namespace holds `impersonate` as `edit` does.
#[test]
fn a_jobs_name_is_not_a_job() {
    let pair = pair();
    let alice = pair.cluster().alice();
    let driver = format!("spark-{JOB}-driver");
    for (component, road, rule, seen) in [
        (
            "client",
            Road::create("v1", "pods", &pod(&driver, &account("driver"))),
            ACCOUNTS,
            format!("start pod <ns>/{driver} under service account"),
        ),
        (
            "driver",
            Road::create("v1", "pods", &pod("pi-exec-1", &account("executor"))),
            ACCOUNTS,
            "start pod <ns>/pi-exec-1 under service account".to_owned(),
        ),
        (
            "driver",
            Road::create(
                "v1",
                "configmaps",
                &map("spark-exec-0123456789abcdef-conf-map", "1"),
            ),
            CONFIG_MAPS,
            "create ConfigMap <ns>/spark-exec-0123456789abcdef-conf-map.".to_owned(),
        ),
    ] {
        let send = |namespace: &Namespace<'static>| {
            let user = namespace.account_user(&account(component));
            road.request(alice, namespace).impersonate(&user).send()
        };
        let user = format!("system:serviceaccount:<ns>:{}", account(component));
        let seen = format!("{user} ({IMPERSONATED}) may not {seen}");
        pair.closed_when(&road.shown(), send, (201, rule, &seen));
    }
}

/// `kubectl create token` of a job's service account: real, but no pod's.
#[test]
fn a_jobs_token_without_a_pod_is_not_a_job() {
    let pair = pair();
    for (component, name, started) in [
        ("client", format!("spark-{JOB}-driver"), "driver"),
        ("driver", "pi-exec-1".to_owned(), "executor"),
    ] {
        let road = Road::create("v1", "pods", &pod(&name, &account(started)));
        let send = |namespace: &Namespace<'static>| {
            road.by(&namespace.unbound_token(&account(component)), namespace)
        };
        let seen = format!(
            "system:serviceaccount:<ns>:{} ({UNBOUND}) may not start pod <ns>/{name} under service account",
            account(component)
        );
        pair.closed_when("an unbound token", send, (201, ACCOUNTS, &seen));
    }
}

/// The same role, the same kind of token, a namespace further.
#[test]
fn a_job_of_another_namespace_is_not_a_job_here() {
    let pair = pair();
    let elsewhere = Namespace::unmanaged(pair.cluster());
    let (_, driver) = elsewhere.job(&account("driver"), &format!("spark-{JOB}-driver"));
    for namespace in [&pair.open, &pair.enforced] {
        namespace.grant_everything("User", &driver.name);
        wait_for_rights(namespace, &driver, "pods");
    }
    let roads = [
        (
            Road::create("v1", "pods", &pod("pi-exec-1", &account("executor"))),
            ACCOUNTS,
            "start pod <ns>/pi-exec-1 under service account",
        ),
        (
            Road::create(
                "v1",
                "configmaps",
                &map("spark-exec-0123456789abcdef-conf-map", "1"),
            ),
            CONFIG_MAPS,
            "create ConfigMap <ns>/spark-exec-0123456789abcdef-conf-map.",
        ),
    ];
    for (road, rule, seen) in roads {
        let seen = format!("{} ({ELSEWHERE}) may not {seen}", driver.name);
        pair.closed_to(&driver, &road, 201, rule, &seen);
    }
}

/// Without `roleArns` EMR's name is all there is to know it by: whoever may
/// take any user's name is EMR. Which is why the policy should list them.
#[test]
fn emrs_name_is_emr_only_until_the_policy_lists_its_role() {
    let pair = pair();
    let bob = pair.cluster().bob();
    let create = Road::create("v1", "configmaps", &map(&format!("podtemplate-{JOB}"), "1"));
    create
        .request(bob, &pair.enforced)
        .impersonate("emr-containers")
        .send()
        .expect_status(201);

    let (_private, namespace) = Private::start("enforce", |_| {
        "identities: {emrService: {users: [emr-containers], roleArns: [\"arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers\"]}}\n".to_owned()
    });
    let seen =
        format!("emr-containers ({NOT_EMR}) may not create ConfigMap <ns>/podtemplate-{JOB}.");
    let as_emr = create
        .request(bob, &namespace)
        .impersonate("emr-containers");
    assert_refused(&as_emr.send(), &namespace, CONFIG_MAPS, &seen);
    // A token of that name proves no more.
    let named = create.by(pair.cluster().emr(), &namespace);
    assert_refused(&named, &namespace, CONFIG_MAPS, &seen);

    // And the proof cannot be made up: that takes another right.
    let forged = create
        .request(bob, &namespace)
        .impersonate("emr-containers")
        .header(
            "Impersonate-Extra-arn",
            "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEMRContainers/x",
        )
        .send();
    assert_eq!(forged.status, 403, "{}", forged.body);
    assert!(
        forged.message().contains("userextras"),
        "RBAC refuses it: {}",
        forged.body
    );
}
