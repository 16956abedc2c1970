//! Rendered documents admit exactly those whom they were rendered for; each seed's own
//! document means the same as ours, or ours is stricter.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::iam::lint::{Level, lint};
use crate::iam::render::{ALL, Format, Input, Kind, known, render};
use crate::iam::{
    Account, Caller, Context, Document, EksCluster, Issuer, Node, Request, Subject, SubjectKind,
    Trust, Via, Whose, World, who_can_assume,
};
use crate::names::{JobServiceAccount, Role, RoleArn, RoleName};
use crate::policy::{Policy, Strictness};

const ISSUER: &str = "oidc.eks.us-gov-west-1.amazonaws.com/id/A1";

fn policy(text: &str) -> Policy {
    let text = format!("apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n{text}");
    Policy::parse(
        "policy.yaml",
        &text,
        Timestamp::UNIX_EPOCH,
        Strictness::Start,
    )
    .unwrap()
    .0
}

fn input(policy: &Policy) -> Input<'_> {
    Input {
        cluster: Some(
            EksCluster::parse("arn:aws-us-gov:eks:us-gov-west-1:000011112222:cluster/c").unwrap(),
        ),
        issuer: Some(Issuer::parse(ISSUER).unwrap()),
        virtual_clusters: vec!["abc123".to_owned()],
        buckets: vec!["data/in".to_owned()],
        log_group: Some("/emr/jobs".to_owned()),
        ..Input::new(policy)
    }
}

fn role(text: &str) -> RoleArn {
    RoleArn::parse(text).unwrap()
}

fn document(node: &Node) -> Document {
    Document::read(node).unwrap()
}

/// Account ids with leading zeros, partitions, paths and odd names.
fn any_role() -> impl Strategy<Value = RoleArn> {
    let account = prop_oneof![
        Just("000011112222".to_owned()),
        Just("000000000001".to_owned()),
        "[0-9]{12}"
    ];
    let name = prop_oneof!["[a-c]{1,3}", "[A-Za-z0-9_+=,.@-]{1,64}"];
    ("(|p/)", account, name).prop_map(|(path, account, name)| {
        role(&format!("arn:aws-us-gov:iam::{account}:role/{path}{name}"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_trust_policy_admits_the_jobs_of_its_role_and_namespaces_only(
        roles in prop::collection::vec(any_role(), 1..4),
        namespaces in prop::collection::btree_set("[a-b][a-b-]{0,2}[a-b]", 1..4),
        others in prop::collection::vec("[a-b][a-b-]{0,3}[a-b]", 0..4),
        exact in any::<bool>(),
    ) {
        let own = &roles[0];
        let policy = Policy::builtin();
        let names: Vec<String> = namespaces.iter().cloned().collect();
        let input = Input { role: Some(own.clone()), namespaces: names, exact, flink: true, ..input(&policy) };
        let world = World { policy: &policy, cluster: input.cluster.clone(), issuer: input.issuer.clone(), audiences: Vec::new() };
        for name in ["execution-role-trust", "pod-identity-trust"] {
            let rendered = render(known(name).unwrap(), &input).unwrap();
            let trust = document(&rendered[0].body);
            for namespace in namespaces.iter().chain(&others) {
                let accounts = roles.iter().flat_map(|role| {
                    ["client", "driver", "executor"].map(|part| (role.role(), JobServiceAccount::sparks(part, role.role())))
                });
                for (of, account) in accounts {
                    let expected = namespaces.contains(namespace) && of == own.role();
                    prop_assert_eq!(world.becomes(&trust, namespace, &account), expected, "{} {}/{}", name, namespace, account);
                }
                for account in ["default", "emr-containers-sa-x", "x"] {
                    prop_assert!(!world.becomes(&trust, namespace, account));
                }
            }
            // What stands for names that a tenant could create: only the role's own.
            for admitted in world.admitted(&trust, own.role()) {
                prop_assert!(admitted.whose == Whose::Own && namespaces.contains(&admitted.namespace), "{:?}", admitted);
            }
            let subject = Subject { place: String::new(), kind: SubjectKind::Trust, role: Some(own.clone()), document: trust, node: rendered[0].body.clone() };
            let found: Vec<_> = lint(&subject, &world).into_iter().filter(|one| one.check.level == Level::Error).collect();
            prop_assert_eq!(found, vec![]);
        }
    }
}

/// Every document with everything that it could need, in every format.
#[test]
fn every_document_is_strict_stable_and_without_errors() {
    let policy = policy(
        "virtualClusters:
- namespaces: [spark-a]
  executionRoles: ['arn:aws-us-gov:iam::000011112222:role/etl']
  chains:
  - { from: 'arn:aws-us-gov:iam::000011112222:role/etl', to: ['arn:aws-us-gov:iam::444455556666:role/lake'], externalId: example }
",
    );
    let etl = role("arn:aws-us-gov:iam::000011112222:role/etl");
    let lake = role("arn:aws-us-gov:iam::444455556666:role/lake");
    let input = Input {
        role: Some(etl.clone()),
        source: Some(etl.clone()),
        source_identity: Some("ada".to_owned()),
        external_id: Some("example".to_owned()),
        certificates: Some("s3://b/c.zip".to_owned()),
        ..input(&policy)
    };
    let world = World {
        policy: &policy,
        cluster: input.cluster.clone(),
        issuer: input.issuer.clone(),
        audiences: Vec::new(),
    };
    for known in &ALL {
        let mut input = input.clone();
        if known.name == "chain-target" {
            input.role = Some(lake.clone());
        }
        let all = render(known, &input).unwrap();
        assert_eq!(all, render(known, &input).unwrap(), "{}", known.name);
        for one in &all {
            let text = one.body.minified();
            assert!(
                !text.contains("arn:aws:") && !text.contains(":11112222:"),
                "{text}"
            );
            let kind = match one.kind {
                Kind::Trust(_) => SubjectKind::Trust,
                Kind::Identity(_) => SubjectKind::Identity,
                Kind::SecurityConfiguration | Kind::Manifest => continue,
            };
            let role = match &one.kind {
                Kind::Trust(role) => Some(role.clone()),
                _ => None,
            };
            let subject = Subject {
                place: String::new(),
                kind,
                role,
                document: document(&one.body),
                node: one.body.clone(),
            };
            let found: Vec<_> = lint(&subject, &world)
                .into_iter()
                .filter(|one| one.check.level != Level::Info)
                .collect();
            assert_eq!(found, [], "{}", known.name);
            assert!(one.size().is_some_and(super::super::render::Size::fits));
        }
        for format in [Format::Json, Format::Terraform, Format::Cli] {
            assert!(
                format.write(&all, false).unwrap().len() > 100,
                "{}",
                known.name
            );
        }
        let manifests = all.iter().all(|one| one.kind == Kind::Manifest);
        assert_eq!(
            Format::CloudFormation.write(&all, true).is_err(),
            manifests,
            "{}",
            known.name
        );
    }
}

fn answer(document: &Document, caller: Caller<'_>, action: &str, context: Context) -> bool {
    document
        .answer(&Request {
            caller,
            action,
            resource: None,
            context,
        })
        .is_allowed()
}

/// Seed 000: the CLI's statement. Ours asks for the audience as well.
#[test]
fn the_execution_roles_trust_policy_is_aws_with_an_audience() {
    let policy = Policy::builtin();
    let etl = role("arn:aws-us-gov:iam::000011112222:role/etl");
    let input = Input {
        role: Some(etl.clone()),
        namespaces: vec!["a".to_owned()],
        ..input(&policy)
    };
    let rendered = render(known("execution-role-trust").unwrap(), &input)
        .unwrap()
        .remove(0);
    let ours: Value = serde_json::from_str(&rendered.body.minified()).unwrap();
    let sub = format!("{ISSUER}:sub");
    let digits = JobServiceAccount::sparks("x", etl.role())
        .rsplit('-')
        .next()
        .unwrap()
        .to_owned();
    let seed = json!({
        "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws-us-gov:iam::000011112222:oidc-provider/{ISSUER}") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringLike": { &sub: format!("system:serviceaccount:a:emr-containers-sa-*-*-000011112222-{digits}") } },
    });
    let mut without = ours["Statement"][0].clone();
    assert_eq!(
        without["Condition"]["StringEquals"],
        json!({ format!("{ISSUER}:aud"): "sts.amazonaws.com" })
    );
    without["Condition"]
        .as_object_mut()
        .unwrap()
        .remove("StringEquals");
    without.as_object_mut().unwrap().remove("Sid");
    assert_eq!(without, seed);
}

/// Seed 000: the submitter's condition, on both actions that carry the key.
#[test]
fn a_submitter_may_use_the_listed_roles_only() {
    let policy = Policy::builtin();
    let input = Input {
        roles: vec!["arn:aws-us-gov:iam::000011112222:role/MyRole*".to_owned()],
        ..input(&policy)
    };
    let rendered = render(known("submitter").unwrap(), &input)
        .unwrap()
        .remove(0);
    let ours = document(&rendered.body);
    let cluster =
        "arn:aws-us-gov:emr-containers:us-gov-west-1:000011112222:/virtualclusters/abc123";
    for action in [
        "emr-containers:StartJobRun",
        "emr-containers:CreateManagedEndpoint",
    ] {
        for (role, expected) in [
            (Some("arn:aws-us-gov:iam::000011112222:role/MyRoleA"), true),
            (Some("arn:aws-us-gov:iam::000011112222:role/Other"), false),
            (None, false),
        ] {
            let context = Context::default().with("emr-containers:ExecutionRoleArn", role);
            let request = Request {
                caller: Caller::Owner,
                action,
                resource: Some(cluster),
                context,
            };
            assert_eq!(
                ours.answer(&request).is_allowed(),
                expected,
                "{action} {role:?}"
            );
        }
    }
}

/// Seed 001: the caller's condition can never be true; ours holds for both kinds of roles,
/// on the three actions that carry the key.
#[test]
fn a_caller_of_runtime_roles_may_use_the_listed_ones() {
    let key = "elasticmapreduce:ExecutionRoleArn";
    let exact = "arn:aws-us-gov:iam::000011112222:role/Caller";
    let prefix = "arn:aws-us-gov:iam::000011112222:role/CallerTeamRole*";
    let seed = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["elasticmapreduce:AddJobFlowSteps"], "Resource": "*",
        "Condition": { "StringEquals": { key: [exact] }, "StringLike": { key: [prefix] } },
    }] });
    let seed = document(&Node::parse(&seed.to_string()).unwrap());
    let policy = Policy::builtin();
    let input = Input {
        roles: vec![exact.to_owned(), prefix.to_owned()],
        ..input(&policy)
    };
    let ours = document(&render(known("runtime-role/caller").unwrap(), &input).unwrap()[0].body);
    for role in [
        exact,
        "arn:aws-us-gov:iam::000011112222:role/CallerTeamRoleA",
    ] {
        let context = || Context::default().with(key, [role]);
        assert!(!answer(
            &seed,
            Caller::Owner,
            "elasticmapreduce:AddJobFlowSteps",
            context()
        ));
        for action in [
            "AddJobFlowSteps",
            "GetClusterSessionCredentials",
            "GetPersistentAppUIPresignedURL",
        ] {
            assert!(answer(
                &ours,
                Caller::Owner,
                &format!("elasticmapreduce:{action}"),
                context()
            ));
        }
    }
    let other = Context::default().with(key, ["arn:aws-us-gov:iam::000011112222:role/Callers"]);
    assert!(!answer(
        &ours,
        Caller::Owner,
        "elasticmapreduce:AddJobFlowSteps",
        other
    ));
}

/// Seed 001: the instance profile may become the runtime role, with the external id only.
#[test]
fn a_runtime_role_trusts_its_instance_profile() {
    let policy = Policy::builtin();
    let profile = role("arn:aws-us-gov:iam::000011112222:role/EMR_EC2_DefaultRole");
    let other = role("arn:aws-us-gov:iam::000011112222:role/other");
    let runtime = role("arn:aws-us-gov:iam::000011112222:role/runtime");
    let input = Input {
        role: Some(runtime),
        source: Some(profile.clone()),
        external_id: Some("FXH5".to_owned()),
        ..input(&policy)
    };
    let ours = document(&render(known("runtime-role/trust").unwrap(), &input).unwrap()[0].body);
    let with = |id: Option<&str>| Context::default().with("sts:ExternalId", id);
    assert!(answer(
        &ours,
        Caller::Role(&profile, "s"),
        "sts:AssumeRole",
        with(Some("FXH5"))
    ));
    assert!(answer(
        &ours,
        Caller::Role(&profile, "s"),
        "sts:TagSession",
        with(None)
    ));
    assert!(!answer(
        &ours,
        Caller::Role(&profile, "s"),
        "sts:AssumeRole",
        with(None)
    ));
    assert!(!answer(
        &ours,
        Caller::Role(&other, "s"),
        "sts:AssumeRole",
        with(Some("FXH5"))
    ));
}

/// From a service account through a role to another.
#[test]
fn chains_are_followed() {
    let policy = Policy::builtin();
    let etl = role("arn:aws-us-gov:iam::000011112222:role/etl");
    let lake = role("arn:aws-us-gov:iam::444455556666:role/lake");
    let shared = role("arn:aws-us-gov:iam::000011112222:role/shared");
    let from = Input {
        role: Some(etl.clone()),
        namespaces: vec!["a".to_owned()],
        ..input(&policy)
    };
    let to = Input {
        role: Some(lake.clone()),
        source: Some(etl.clone()),
        external_id: Some("x-1".to_owned()),
        ..input(&policy)
    };
    let trust = |role: &RoleArn, name: &str, input: &Input<'_>| Trust {
        role: role.clone(),
        document: document(&render(known(name).unwrap(), input).unwrap()[0].body),
    };
    let by_account = json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": "000011112222" }, "Action": "sts:AssumeRole" } });
    let trusts = [
        trust(&etl, "execution-role-trust", &from),
        trust(&lake, "chain-target", &to),
        Trust {
            role: shared.clone(),
            document: document(&Node::parse(&by_account.to_string()).unwrap()),
        },
    ];
    let account = |name: String| Account {
        namespace: "a".to_owned(),
        name,
    };
    let own = account(JobServiceAccount::sparks("driver", etl.role()));
    let stranger = account(JobServiceAccount::sparks(
        "driver",
        &Role {
            account: etl.role().account,
            name: RoleName::parse("x").unwrap(),
        },
    ));
    let world = World {
        policy: &policy,
        cluster: from.cluster.clone(),
        issuer: from.issuer.clone(),
        audiences: Vec::new(),
    };
    let ways = who_can_assume(&trusts, &[own.clone(), stranger], &world);
    let got: Vec<_> = ways
        .iter()
        .map(|way| (&way.role, &way.account, way.via.clone()))
        .collect();
    assert_eq!(
        got,
        [
            (&etl, &own, Via::Irsa),
            (&shared, &own, Via::Chain(vec![etl.clone()], true)),
            (&lake, &own, Via::Chain(vec![etl.clone()], false)),
        ]
    );
}
