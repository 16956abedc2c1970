//! Who is taken for whom. DESIGN section 2, promises 1 and 8.

use crate::support::scene::{JOB, account, driver_name};
use crate::support::{Review, controller, impersonated, in_pod, policy, service_account, user};
use rolegate_core::facts::{Action, Class, Extent, Requester, extent};
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  emrService:
    users: [emr-containers]
    roleArns: ["arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers"]
  admins: { users: ["system:serviceaccount:ops:deployer"], groups: [system:masters, platform-admins] }
  platform: [{ users: ["system:serviceaccount:argocd:argocd-application-controller"], capabilities: [configmaps] }]
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: emr-containers-sa-spark, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
virtualClusters:
  - namespaces: [spark-a]
    crossRole: [{ namespace: lf-system, from: "arn:aws:iam::111122223333:role/query-engine", to: "arn:aws:iam::111122223333:role/team-a-etl" }]
"#;

/// The class and, for a tenant, what it could not prove.
#[track_caller]
fn assert_class(policy: &Policy, user: Value, class: Class, doubt: &str) {
    let review = Review::new(user.clone(), "CREATE", "/pods", "x").body();
    let review = AdmissionReview::parse(review.as_bytes()).expect("a review");
    let request = &review.request;
    let requester = Requester::of(&request.user, "spark-a", policy);
    assert_eq!(requester.class(), class, "{user}");
    let said = match &requester {
        Requester::Tenant(Some(doubt)) => doubt.as_str(),
        _ => "",
    };
    assert!(
        said.contains(doubt) && said.is_empty() == doubt.is_empty(),
        "{user}: {said:?}"
    );
}

fn with_extra(mut user: Value, extra: Value) -> Value {
    user["extra"] = extra;
    user
}

#[test]
fn everybody_by_the_built_in_policy() {
    let builtin = Policy::builtin();
    let session = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEMRContainers/emr";
    for (user, class, doubt) in [
        (user("system:apiserver", &[]), Class::System, ""),
        (user("system:kube-scheduler", &[]), Class::System, ""),
        (
            user("system:kube-controller-manager", &[]),
            Class::System,
            "",
        ),
        (user("eks:addon-manager", &[]), Class::System, ""),
        (user("system:node:n1", &["system:nodes"]), Class::System, ""),
        (
            user("system:node:n1", &[]),
            Class::Tenant,
            "outside the group",
        ),
        (controller("job-controller"), Class::System, ""),
        (controller("replicaset-controller"), Class::System, ""),
        (
            impersonated("kube-system", "job-controller"),
            Class::Tenant,
            "impersonated",
        ),
        (controller("job-controller2"), Class::Tenant, ""),
        (
            service_account("kube-system2", "job-controller"),
            Class::Tenant,
            "",
        ),
        (
            user("system:serviceaccount:kube-system", &[]),
            Class::Tenant,
            "",
        ),
        (user("emr-containers", &[]), Class::EmrService, ""),
        (user("Emr-Containers", &[]), Class::Tenant, ""),
        (user(session, &[]), Class::EmrService, ""),
        (user(&format!("{session}/x"), &[]), Class::Tenant, ""),
        (
            user(
                "arn:aws:sts::111122223333:assumed-role/Evil/AWSServiceRoleForAmazonEMRContainers",
                &[],
            ),
            Class::Tenant,
            "",
        ),
        (
            with_extra(user("emr-containers", &[]), json!({"arn": [session]})),
            Class::EmrService,
            "",
        ),
        (
            with_extra(
                user("emr-containers", &[]),
                json!({"arn": ["arn:aws:sts::111122223333:assumed-role/evil/emr"]}),
            ),
            Class::Tenant,
            "does not prove",
        ),
        (
            with_extra(
                user("emr-containers", &[]),
                json!({"arn": [session], "canonicalArn": ["arn:aws:iam::111122223333:role/evil"]}),
            ),
            Class::Tenant,
            "does not prove",
        ),
        (
            with_extra(user("emr-containers", &[]), json!({"sessionName": ["x"]})),
            Class::Tenant,
            "does not prove",
        ),
        (user("admin", &["system:masters"]), Class::Admin, ""),
        (user("system:masters", &[]), Class::Tenant, ""),
        (
            in_pod("spark-a", &account("spark-driver"), &driver_name(JOB), "u1"),
            Class::Job,
            "",
        ),
        (
            service_account("spark-a", &account("spark-driver")),
            Class::Tenant,
            "not bound to a pod",
        ),
        (
            impersonated("spark-a", &account("spark-driver")),
            Class::Tenant,
            "impersonated",
        ),
        (
            in_pod("spark-b", &account("spark-driver"), &driver_name(JOB), "u1"),
            Class::Tenant,
            "another namespace",
        ),
        (
            in_pod(
                "spark-a",
                "emr-containers-sa-spark",
                &driver_name(JOB),
                "u1",
            ),
            Class::Tenant,
            "reserved name",
        ),
        (
            in_pod("spark-a", "default", &driver_name(JOB), "u1"),
            Class::Tenant,
            "",
        ),
        (user("alice", &["team-a"]), Class::Tenant, ""),
        (user("", &[]), Class::Tenant, ""),
    ] {
        assert_class(&builtin, user, class, doubt);
    }
}

#[test]
fn what_the_policy_declares() {
    let policy = policy(POLICY);
    let role = "arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEMRContainers";
    let emr = |extra| with_extra(user("emr-containers", &[]), extra);
    for (user, class, doubt) in [
        // With roleArns a name alone is not enough, and every ARN must be right.
        (user("emr-containers", &[]), Class::Tenant, "does not prove"),
        (
            emr(json!({ "canonicalArn": [role] })),
            Class::EmrService,
            "",
        ),
        (
            emr(json!({ "canonicalArn": [role.replace("1111", "9999")] })),
            Class::Tenant,
            "does not prove",
        ),
        (
            emr(json!({ "arn": [role, "arn:aws:iam::111122223333:role/evil"] })),
            Class::Tenant,
            "does not prove",
        ),
        (
            emr(
                json!({ "arn": ["arn:aws:iam::111122223333:user/AWSServiceRoleForAmazonEMRContainers"] }),
            ),
            Class::Tenant,
            "does not prove",
        ),
        (service_account("ops", "deployer"), Class::Admin, ""),
        (
            impersonated("ops", "deployer"),
            Class::Tenant,
            "impersonated",
        ),
        (
            service_account("argocd", "argocd-application-controller"),
            Class::Platform,
            "",
        ),
        (
            impersonated("argocd", "argocd-application-controller"),
            Class::Tenant,
            "impersonated",
        ),
        (
            service_account("spark-operator", "spark-operator"),
            Class::Operator,
            "",
        ),
        (
            impersonated("spark-operator", "spark-operator"),
            Class::Tenant,
            "impersonated",
        ),
        (
            service_account("spark-a", "spark-operator"),
            Class::Tenant,
            "",
        ),
        (
            in_pod("spark-a", "emr-containers-sa-spark", "pi-driver", "u1"),
            Class::Job,
            "",
        ),
        (
            in_pod("spark-b", "emr-containers-sa-spark", "pi-driver", "u1"),
            Class::Tenant,
            "another namespace",
        ),
        // Lake Formation: the system namespace's role crosses over, no other does.
        (
            in_pod("lf-system", &service("query-engine"), "d", "u"),
            Class::Job,
            "",
        ),
        (
            in_pod("lf-other", &service("query-engine"), "d", "u"),
            Class::Tenant,
            "another namespace",
        ),
    ] {
        assert_class(&policy, user, class, doubt);
    }
}

/// The driver service account of a role of account 111122223333.
fn service(role: &str) -> String {
    let mut number = role.bytes().fold(Vec::new(), |digits: Vec<u32>, byte| {
        let mut carry = u32::from(byte);
        let mut next: Vec<u32> = digits
            .iter()
            .map(|digit| {
                let value = digit * 256 + carry;
                carry = value / 36;
                value % 36
            })
            .collect();
        while carry > 0 {
            next.push(carry % 36);
            carry /= 36;
        }
        next
    });
    number.reverse();
    let digits: String = number
        .into_iter()
        .map(|digit| char::from_digit(digit, 36).expect("a digit"))
        .collect();
    format!("emr-containers-sa-spark-driver-111122223333-{digits}")
}

#[test]
fn an_iam_identity_under_a_service_accounts_name_is_a_tenant() {
    // An aws-auth entry may map a role to any username.
    let mut mapped = in_pod("spark-a", &account("spark-driver"), &driver_name(JOB), "u1");
    mapped["uid"] = json!("aws-iam-authenticator:111122223333:AROAEXAMPLE");
    assert_class(&Policy::builtin(), mapped, Class::Tenant, "impersonated");
    let mut mapped = controller("job-controller");
    mapped["extra"]["arn"] = json!(["arn:aws:sts::111122223333:assumed-role/x/y"]);
    assert_class(&Policy::builtin(), mapped, Class::Tenant, "impersonated");
}

#[test]
fn a_second_pod_name_is_no_pod_name() {
    let mut two = in_pod("spark-a", &account("spark-driver"), &driver_name(JOB), "u1");
    two["extra"]["authentication.kubernetes.io/pod-name"] =
        json!([driver_name(JOB), "spark-0000000337okspsc914-driver"]);
    assert_class(&Policy::builtin(), two, Class::Tenant, "not bound");
}

#[test]
fn nobody_below_admin_gets_into_a_pod_but_emr() {
    for class in [
        Class::System,
        Class::Platform,
        Class::Operator,
        Class::Job,
        Class::Tenant,
    ] {
        for action in Action::ALL {
            assert_ne!(extent(class, action), Extent::All, "{class:?} {action:?}");
        }
        for action in [
            Action::Exec,
            Action::Attach,
            Action::PortForward,
            Action::Proxy,
            Action::Debug,
            Action::Connect,
        ] {
            assert_eq!(extent(class, action), Extent::Never, "{class:?} {action:?}");
        }
    }
    assert!(
        Action::ALL
            .iter()
            .all(|&action| extent(Class::Admin, action) == Extent::All)
    );
}
