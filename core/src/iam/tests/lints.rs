//! Each check flags its fixture and passes the near miss beside it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::iam::lint::{Finding, checks, lint};
use crate::iam::{EksCluster, Hints, Node, SubjectKind, World, read};
use crate::names::RoleArn;
use crate::policy::{Policy, Strictness};

const ROLE: &str = "arn:aws:iam::000011112222:role/etl";
const PROVIDER: &str =
    "arn:aws:iam::000011112222:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A1";
const SUB: &str = "oidc.eks.us-west-2.amazonaws.com/id/A1:sub";
const AUD: &str = "oidc.eks.us-west-2.amazonaws.com/id/A1:aud";
/// `etl` in base 36.
const OWN: &str = "system:serviceaccount:spark-a:emr-containers-sa-*-*-000011112222-3yics";

pub(super) fn policy() -> Policy {
    let text = "apiVersion: rolegate.dev/v1alpha1
kind: Policy
virtualClusters:
- namespaces: [spark-a]
  executionRoles: ['arn:aws:iam::000011112222:role/etl', 'arn:aws:iam::000011112222:role/report']
- namespaces: [spark-b]
  executionRoles: ['arn:aws:iam::000011112222:role/other']
";
    Policy::parse(
        "policy.yaml",
        text,
        Timestamp::UNIX_EPOCH,
        Strictness::Start,
    )
    .unwrap()
    .0
}

pub(super) fn findings(document: &Value, kind: SubjectKind, audiences: &[String]) -> Vec<Finding> {
    let policy = policy();
    let cluster = EksCluster::parse("arn:aws:eks:us-west-2:000011112222:cluster/c").unwrap();
    let world = World {
        policy: &policy,
        cluster: Some(cluster.clone()),
        issuer: None,
        audiences: audiences.to_vec(),
    };
    let role = (kind == SubjectKind::Trust).then(|| RoleArn::parse(ROLE).unwrap());
    let hints = Hints {
        kind: Some(kind),
        role,
        cluster: Some(cluster),
    };
    let found = read(&document.to_string(), &hints).unwrap();
    assert_eq!(found.skipped, [], "{document}");
    found
        .subjects
        .iter()
        .flat_map(|subject| lint(subject, &world))
        .collect()
}

fn ids(document: &Value, kind: SubjectKind) -> BTreeSet<&'static str> {
    findings(document, kind, &[])
        .iter()
        .map(|finding| finding.check.id)
        .collect()
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A statement of IRSA with this condition.
fn irsa(condition: &Value) -> Value {
    document(&json!([{
        "Effect": "Allow", "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
    }]))
}

fn sub(value: &str) -> Value {
    irsa(&json!({ "StringEquals": { AUD: "sts.amazonaws.com" }, "StringLike": { SUB: value } }))
}

fn trust(principal: &Value, action: &Value, condition: &Value) -> Value {
    document(
        &json!([{ "Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition }]),
    )
}

/// Ours, with one change.
fn beside(extra: &Value) -> Value {
    let mut ours = sub(OWN);
    ours["Statement"]
        .as_array_mut()
        .unwrap()
        .push(extra.clone());
    ours
}

fn pods(action: &Value, condition: &Value) -> Value {
    trust(
        &json!({ "Service": "pods.eks.amazonaws.com" }),
        action,
        condition,
    )
}

fn allow(action: &Value, resource: &Value, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    document(&json!([statement]))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one row for each check")]
fn every_check_of_trust_policies_flags_its_fixture_and_passes_the_near_miss() {
    let both = json!(["sts:AssumeRole", "sts:TagSession"]);
    let source = json!({ "aws:SourceAccount": "000011112222" });
    let tags = json!({ "aws:RequestTag/kubernetes-namespace": "spark-a", "aws:RequestTag/kubernetes-service-account": "x" });
    let mut all = source.clone();
    all.as_object_mut()
        .unwrap()
        .extend(tags.as_object().unwrap().clone());
    let all = json!({ "StringEquals": all });
    let none = json!({});
    let root = json!({ "AWS": "arn:aws:iam::000011112222:root" });
    let ok = sub(OWN);
    let ends = |role: &str| {
        format!("system:serviceaccount:spark-a:emr-containers-sa-*-*-000011112222-{role}")
    };
    let rows = [
        (
            "no-sub",
            irsa(&json!({ "StringEquals": { AUD: "sts.amazonaws.com" } })),
            ok.clone(),
        ),
        (
            "open-name",
            sub("system:serviceaccount:spark-a:emr-containers-sa-*"),
            ok.clone(),
        ),
        (
            "open-name",
            sub("system:serviceaccount:spark-a:emr-containers-sa-*-*-000011112222-*"),
            ok.clone(),
        ),
        ("other-role", sub(&ends("18l2jalxf8")), sub(OWN)),
        (
            "other-account",
            sub(&OWN.replace("000011112222", "111122223333")),
            ok.clone(),
        ),
        (
            "namespace-wildcard",
            sub(&OWN.replace("spark-a", "spark-*")),
            ok.clone(),
        ),
        ("namespace-wildcard", sub("*"), ok.clone()),
        (
            "namespace-not-in-policy",
            sub(&OWN.replace("spark-a", "spark-b")),
            ok.clone(),
        ),
        (
            "namespace-without-statement",
            sub(&OWN.replace("spark-a", "spark-b")),
            ok.clone(),
        ),
        (
            "literal-wildcard",
            irsa(&json!({ "StringEquals": { SUB: OWN } })),
            ok.clone(),
        ),
        (
            "weak-operator",
            irsa(&json!({ "StringNotLike": { SUB: "system:serviceaccount:kube-system:*" } })),
            ok.clone(),
        ),
        (
            "weak-operator",
            irsa(&json!({ "StringLikeIfExists": { SUB: OWN } })),
            ok.clone(),
        ),
        (
            "weak-operator",
            irsa(&json!({ "ForAllValues:StringLike": { SUB: OWN } })),
            ok.clone(),
        ),
        (
            "not-a-subject",
            sub("system:serviceaccounts:spark-a"),
            ok.clone(),
        ),
        (
            "issuer-mismatch",
            irsa(&json!({ "StringLike": { "oidc.eks.us-west-2.amazonaws.com/id/B2:sub": OWN } })),
            ok.clone(),
        ),
        (
            "provider-account",
            trust(
                &json!({ "Federated": PROVIDER.replace("000011112222", "111122223333") }),
                &json!("sts:AssumeRoleWithWebIdentity"),
                &json!({ "StringLike": { SUB: OWN } }),
            ),
            ok.clone(),
        ),
        (
            "aud-missing",
            irsa(&json!({ "StringLike": { SUB: OWN } })),
            ok.clone(),
        ),
        (
            "aud-other",
            irsa(&json!({ "StringEquals": { AUD: "kubernetes" }, "StringLike": { SUB: OWN } })),
            ok.clone(),
        ),
        (
            "service-principal",
            beside(
                &json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }),
            ),
            trust(
                &json!({ "Service": "lambda.amazonaws.com" }),
                &json!("sts:TagSession"),
                &none,
            ),
        ),
        (
            "pod-identity-source",
            pods(&both, &json!({ "StringEquals": tags })),
            pods(&both, &all),
        ),
        (
            "pod-identity-tags",
            pods(&both, &json!({ "StringEquals": source })),
            pods(&both, &all),
        ),
        (
            "tag-session-missing",
            pods(&json!("sts:AssumeRole"), &all),
            pods(&both, &all),
        ),
        (
            "open-principal",
            trust(&json!({ "AWS": "*" }), &both, &none),
            trust(
                &json!({ "AWS": "*" }),
                &both,
                &json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }),
            ),
        ),
        (
            "account-principal",
            trust(&root, &both, &none),
            trust(
                &root,
                &both,
                &json!({ "ArnEquals": { "aws:PrincipalArn": ROLE } }),
            ),
        ),
        (
            "sts-wildcard",
            trust(&root, &json!("sts:*"), &none),
            trust(&root, &json!("sts:AssumeRole"), &none),
        ),
        (
            "not-principal",
            document(
                &json!({ "Effect": "Allow", "NotPrincipal": { "AWS": ROLE }, "Action": "sts:AssumeRole" }),
            ),
            document(
                &json!({ "Effect": "Deny", "NotPrincipal": { "AWS": ROLE }, "Action": "sts:AssumeRole" }),
            ),
        ),
        (
            "wrong-action",
            trust(
                &json!({ "Federated": PROVIDER }),
                &json!("sts:AssumeRole"),
                &none,
            ),
            ok.clone(),
        ),
        (
            // What the AWS CLI adds beside ours.
            "undone-statement",
            beside(
                &json!({ "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": { "StringLike": { SUB: OWN } } }),
            ),
            beside(
                &json!({ "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": { "StringLike": { SUB: OWN.replace("spark-a", "spark-b") } } }),
            ),
        ),
        (
            "duplicate-statement",
            beside(&ok["Statement"][0]),
            ok.clone(),
        ),
        (
            "source-identity-required",
            irsa(&json!({ "StringLike": { SUB: OWN, "sts:SourceIdentity": "*" } })),
            irsa(
                &json!({ "StringLike": { SUB: OWN }, "StringLikeIfExists": { "sts:SourceIdentity": "*" } }),
            ),
        ),
        (
            // AWS's page about the execution role.
            "resource-in-trust",
            document(
                &json!([{ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Resource": "*", "Condition": { "StringLike": { "aws:userid": "*:emr" } } }]),
            ),
            ok.clone(),
        ),
        (
            "no-principal",
            document(&json!([{ "Effect": "Allow", "Action": "sts:AssumeRole" }])),
            ok.clone(),
        ),
        (
            "size",
            sub(&format!(
                "system:serviceaccount:spark-a:{}",
                "x".repeat(2000)
            )),
            sub(&format!(
                "system:serviceaccount:spark-a:{}",
                "x".repeat(1000)
            )),
        ),
    ];
    let mut seen = BTreeSet::from(["aud-matters"]);
    for (id, flagged, passed) in &rows {
        assert!(
            ids(flagged, SubjectKind::Trust).contains(id),
            "{id} does not flag {flagged}"
        );
        assert!(
            !ids(passed, SubjectKind::Trust).contains(id),
            "{id} flags {passed}"
        );
        seen.insert(id);
    }
    // Ours has no finding.
    assert_eq!(ids(&ok, SubjectKind::Trust), BTreeSet::new());
    let two = ["sts.amazonaws.com".to_owned(), "other".to_owned()];
    let without = irsa(&json!({ "StringLike": { SUB: OWN } }));
    let several: Vec<_> = findings(&without, SubjectKind::Trust, &two)
        .iter()
        .map(|one| one.check.id)
        .collect();
    assert_eq!(several, ["aud-matters"]);
    let identity = every_row_of_identity_policies();
    let all: BTreeSet<_> = checks().into_iter().map(|check| check.id).collect();
    assert_eq!(
        seen.union(&identity).copied().collect::<BTreeSet<_>>(),
        all,
        "each check has a fixture"
    );
}

#[expect(clippy::too_many_lines, reason = "a table, one row for each check")]
fn every_row_of_identity_policies() -> BTreeSet<&'static str> {
    let jobs = "emr-containers:ExecutionRoleArn";
    let steps = "elasticmapreduce:ExecutionRoleArn";
    let cluster = json!("arn:aws:emr-containers:us-west-2:000011112222:/virtualclusters/abc");
    let every = json!("*");
    let ours = |operator: &str, value: &str| Some(json!({ operator: { jobs: value } }));
    let both = json!([
        "emr-containers:StartJobRun",
        "emr-containers:CreateManagedEndpoint"
    ]);
    let ok = allow(&both, &cluster, ours("ArnEquals", ROLE));
    let step = json!(["elasticmapreduce:AddJobFlowSteps"]);
    let rows = [
        (
            "execution-role-missing",
            allow(
                &json!("emr-containers:CreateManagedEndpoint"),
                &cluster,
                None,
            ),
            ok.clone(),
        ),
        (
            "runtime-role-missing",
            allow(
                &json!("elasticmapreduce:GetClusterSessionCredentials"),
                &every,
                None,
            ),
            allow(&step, &every, Some(json!({ "ArnLike": { steps: ROLE } }))),
        ),
        (
            "execution-role-not-carried",
            allow(
                &json!(["emr-containers:StartJobRun", "emr-containers:CancelJobRun"]),
                &cluster,
                ours("ArnEquals", ROLE),
            ),
            ok.clone(),
        ),
        (
            "execution-role-if-exists",
            allow(&both, &cluster, ours("ArnEqualsIfExists", ROLE)),
            ok.clone(),
        ),
        (
            "execution-role-literal-wildcard",
            allow(
                &both,
                &cluster,
                ours("StringEquals", "arn:aws:iam::000011112222:role/a*"),
            ),
            allow(
                &both,
                &cluster,
                ours("ArnEquals", "arn:aws:iam::000011112222:role/a*"),
            ),
        ),
        (
            "execution-role-prefix",
            allow(
                &both,
                &cluster,
                ours("StringLike", "arn:aws:iam::000011112222:role/a*"),
            ),
            allow(&both, &cluster, ours("StringLike", ROLE)),
        ),
        (
            "all-actions",
            allow(&json!("emr-containers:*"), &cluster, None),
            ok.clone(),
        ),
        (
            "any-virtual-cluster",
            allow(
                &json!("emr-containers:StartJobRun"),
                &every,
                ours("ArnEquals", ROLE),
            ),
            ok.clone(),
        ),
        (
            "endpoint-credentials",
            allow(
                &json!("emr-containers:GetManagedEndpointSessionCredentials"),
                &every,
                None,
            ),
            allow(
                &json!("emr-containers:GetManagedEndpointSessionCredentials"),
                &json!(
                    "arn:aws:emr-containers:us-west-2:000011112222:/virtualclusters/abc/endpoints/e"
                ),
                None,
            ),
        ),
        (
            "run-job-flow",
            allow(
                &json!([
                    "elasticmapreduce:AddJobFlowSteps",
                    "elasticmapreduce:RunJobFlow",
                    "iam:PassRole"
                ]),
                &every,
                None,
            ),
            allow(
                &json!([
                    "elasticmapreduce:AddJobFlowSteps",
                    "elasticmapreduce:RunJobFlow",
                    "iam:PassRole"
                ]),
                &json!([ROLE]),
                None,
            ),
        ),
        (
            "assume-any-role",
            allow(&json!("sts:AssumeRole"), &every, None),
            allow(&json!("sts:AssumeRole"), &json!(ROLE), None),
        ),
        (
            "iam-all",
            allow(&json!("iam:*"), &every, None),
            allow(&json!("iam:Get*"), &every, None),
        ),
        (
            // AWS's page about cluster access.
            "any-access-entry",
            allow(
                &json!(["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]),
                &every,
                None,
            ),
            allow(
                &json!("eks:CreateAccessEntry"),
                &every,
                Some(json!({ "ArnEquals": { "eks:principalArn": ROLE } })),
            ),
        ),
        (
            "namespaces-absent",
            allow(
                &json!("eks:AssociateAccessPolicy"),
                &every,
                Some(json!({ "ForAllValues:StringEquals": { "eks:namespaces": "a" } })),
            ),
            allow(
                &json!("eks:AssociateAccessPolicy"),
                &every,
                Some(
                    json!({ "ForAllValues:StringEquals": { "eks:namespaces": "a" }, "Null": { "eks:namespaces": "false" } }),
                ),
            ),
        ),
        (
            // Seed 001's condition for callers.
            "unsatisfiable",
            allow(
                &step,
                &every,
                Some(
                    json!({ "StringEquals": { steps: ROLE }, "StringLike": { steps: "arn:aws:iam::000011112222:role/CallerTeamRole*" } }),
                ),
            ),
            allow(
                &step,
                &every,
                Some(
                    json!({ "StringEquals": { steps: ROLE }, "StringLike": { steps: "arn:aws:iam::000011112222:role/e*" } }),
                ),
            ),
        ),
        (
            "principal-in-identity",
            document(
                &json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*" }),
            ),
            ok.clone(),
        ),
        (
            "no-resource",
            document(&json!({ "Effect": "Allow", "Action": "s3:GetObject" })),
            ok.clone(),
        ),
        (
            "unknown-action",
            allow(&json!("emr-container:StartJobRun"), &cluster, None),
            allow(&json!("emr-containers:Start*"), &cluster, None),
        ),
        (
            "unknown-action",
            allow(&json!("emr-containers:StartJob"), &cluster, None),
            ok.clone(),
        ),
        (
            "unknown-key",
            allow(
                &both,
                &cluster,
                Some(json!({ "ArnEquals": { "emr-containers:ExecutionRole": ROLE } })),
            ),
            ok.clone(),
        ),
    ];
    let mut seen = BTreeSet::new();
    for (id, flagged, passed) in &rows {
        assert!(
            ids(flagged, SubjectKind::Identity).contains(id),
            "{id} does not flag {flagged}"
        );
        assert!(
            !ids(passed, SubjectKind::Identity).contains(id),
            "{id} flags {passed}"
        );
        seen.insert(*id);
    }
    assert_eq!(ids(&ok, SubjectKind::Identity), BTreeSet::new());
    seen
}

#[test]
fn findings_say_who_and_correct_the_statement() {
    let wide = findings(
        &sub("system:serviceaccount:spark-a:*"),
        SubjectKind::Trust,
        &[],
    );
    let open = wide.iter().find(|one| one.check.id == "open-name").unwrap();
    for words in [
        "jobs of role 000011112222/report in namespace spark-a",
        "every other role",
        "also one that a tenant creates",
    ] {
        assert!(
            open.who.iter().any(|who| who.contains(words)),
            "{words}: {:?}",
            open.who
        );
    }
    let fix = open.fix.clone().unwrap();
    let fixed = Node::object([("Version", Node::text("2012-10-17")), ("Statement", fix)]);
    let again: Value = serde_json::from_str(&fixed.minified()).unwrap();
    assert_eq!(
        ids(&again, SubjectKind::Trust),
        BTreeSet::new(),
        "the correction has no finding"
    );
    let foreign = findings(
        &sub("system:serviceaccount:spark-a:emr-containers-sa-*-*-000011112222-18l2jalxf8"),
        SubjectKind::Trust,
        &[],
    );
    let other = foreign
        .iter()
        .find(|one| one.check.id == "other-role")
        .unwrap();
    assert!(
        other.what.contains("role 000011112222/report"),
        "{}",
        other.what
    );
}

/// An account has roles of other software.
#[test]
fn roles_of_other_software_are_left_alone() {
    let scaler = sub("system:serviceaccount:kube-system:cluster-autoscaler").to_string();
    let policy = policy();
    let world = World {
        policy: &policy,
        cluster: None,
        issuer: None,
        audiences: Vec::new(),
    };
    let hints = |name: &str| Hints {
        role: Some(RoleArn::parse(&format!("arn:aws:iam::000011112222:role/{name}")).unwrap()),
        ..Hints::default()
    };
    let of = |name: &str| {
        let found = read(&scaler, &hints(name)).unwrap();
        lint(&found.subjects[0], &world)
            .iter()
            .map(|one| one.check.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("cluster-autoscaler"), [""; 0]);
    assert!(of("etl").contains(&"open-name"));
}

/// What limits the circumstances limits nobody who can wait or choose his place; what is
/// denied stays denied.
#[test]
fn circumstances_do_not_count_and_denials_do() {
    let name = "system:serviceaccount:spark-a:*";
    let wide = irsa(
        &json!({ "StringLike": { SUB: name }, "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
    );
    let who = |document: &Value| {
        let found = findings(document, SubjectKind::Trust, &[]);
        found
            .into_iter()
            .find(|one| one.check.id == "open-name")
            .unwrap()
            .who
    };
    assert!(
        who(&wide)
            .iter()
            .any(|line| line.contains("also one that a tenant creates"))
    );
    let mut denied = wide;
    denied["Statement"].as_array_mut().unwrap().push(json!({
        "Effect": "Deny", "Principal": "*", "Action": "sts:*",
        "Condition": { "StringNotLike": { SUB: "system:serviceaccount:spark-a:emr-containers-sa-*" } },
    }));
    assert!(
        !who(&denied)
            .iter()
            .any(|line| line.contains("also one that a tenant creates"))
    );
}
