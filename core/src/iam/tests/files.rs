//! The files that documents come in.

use serde_json::json;

use crate::iam::{EksCluster, Found, Hints, SubjectKind, read};
use crate::names::RoleArn;

fn found(text: &str) -> Found {
    let cluster = EksCluster::parse("arn:aws-cn:eks:cn-north-1:000011112222:cluster/c").unwrap();
    read(
        text,
        &Hints {
            cluster: Some(cluster),
            ..Hints::default()
        },
    )
    .unwrap()
}

fn places(found: &Found) -> Vec<(&str, SubjectKind, Option<&str>)> {
    let all = found.subjects.iter();
    all.map(|one| {
        (
            one.place.as_str(),
            one.kind,
            one.role.as_ref().map(RoleArn::as_str),
        )
    })
    .collect()
}

const ENCODED: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22000011112222%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
const ROLE: &str = "arn:aws-cn:iam::000011112222:role/p/etl";

#[test]
fn what_the_cli_prints() {
    let trust = json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" } });
    let identity =
        json!({ "Statement": { "Effect": "Allow", "Resource": "*", "Action": "s3:Get*" } });
    let role = json!({ "Role": { "Arn": ROLE, "AssumeRolePolicyDocument": ENCODED } });
    assert_eq!(
        places(&found(&role.to_string())),
        [(
            "Role.AssumeRolePolicyDocument",
            SubjectKind::Trust,
            Some(ROLE)
        )]
    );
    let details = json!({
        "RoleDetailList": [{
            "Arn": ROLE, "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [{ "PolicyName": "x", "PolicyDocument": identity }],
        }],
        "UserDetailList": [{ "UserPolicyList": [{ "PolicyDocument": identity }] }],
        "Policies": [{ "PolicyVersionList": [
            { "IsDefaultVersion": false, "Document": identity }, { "IsDefaultVersion": true, "Document": identity },
        ] }],
    });
    assert_eq!(
        places(&found(&details.to_string())),
        [
            (
                "RoleDetailList[0].AssumeRolePolicyDocument",
                SubjectKind::Trust,
                Some(ROLE)
            ),
            (
                "RoleDetailList[0].RolePolicyList[0].PolicyDocument",
                SubjectKind::Identity,
                Some(ROLE)
            ),
            (
                "UserDetailList[0].UserPolicyList[0].PolicyDocument",
                SubjectKind::Identity,
                None
            ),
            (
                "Policies[0].PolicyVersionList[1].Document",
                SubjectKind::Identity,
                None
            ),
        ]
    );
    assert_eq!(places(&found(&trust.to_string()))[0].1, SubjectKind::Trust);
    assert_eq!(
        places(&found(&identity.to_string()))[0].1,
        SubjectKind::Identity
    );
}

#[test]
fn a_terraform_plan() {
    let document =
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    let plan = json!({ "planned_values": { "root_module": {
        "resources": [
            { "type": "aws_iam_role", "address": "aws_iam_role.a", "values": { "name": "etl", "path": "/p/", "assume_role_policy": document } },
            { "type": "aws_s3_bucket", "address": "aws_s3_bucket.a", "values": { "policy": "no JSON" } },
        ],
        "child_modules": [{ "resources": [{ "type": "aws_iam_policy", "address": "module.m.aws_iam_policy.b", "values": {} }] }],
    } } });
    let found = found(&plan.to_string());
    assert_eq!(
        places(&found),
        [(
            "aws_iam_role.a.assume_role_policy",
            SubjectKind::Trust,
            Some(ROLE)
        )]
    );
    assert_eq!(found.skipped[0].place, "module.m.aws_iam_policy.b.policy");
    assert!(!found.skipped[0].malformed && found.skipped[0].why.contains("after apply"));
}

#[test]
fn a_template_with_its_short_forms() {
    let template = "
AWSTemplateFormatVersion: 2010-09-09
Parameters: { Issuer: { Type: String } }
Resources:
  Known:
    Type: AWS::IAM::Role
    Properties:
      RoleName: etl
      Path: /p/
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
        - Effect: Allow
          Principal: { AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root' }
          Action: sts:AssumeRole
      Policies:
      - PolicyName: x
        PolicyDocument: { Statement: { Effect: Allow, Action: 's3:*', Resource: !GetAtt Bucket.Arn } }
  Unknown:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: { Statement: [{ Effect: Allow, Action: 's3:*', Resource: !Ref Issuer }] }
";
    let found = found(template);
    assert_eq!(
        places(&found),
        [(
            "Resources.Known.Properties.AssumeRolePolicyDocument",
            SubjectKind::Trust,
            Some(ROLE)
        )]
    );
    let principals: Vec<_> = found.subjects[0].document.statements[0]
        .principals()
        .map(ToString::to_string)
        .collect();
    assert_eq!(principals, ["arn:aws-cn:iam::000011112222:root"]);
    let why: Vec<_> = found.skipped.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "it uses Fn::GetAtt, whose value is not known here",
            "it uses Issuer (Ref), whose value is not known here"
        ]
    );
    assert!(found.skipped.iter().all(|one| !one.malformed));
}

#[test]
fn what_is_no_document_is_said() {
    let error = |text: &str| read(text, &Hints::default()).unwrap_err();
    assert!(error("{}").contains("it holds no IAM document"));
    assert!(error("{").contains("it is not JSON"));
    assert!(error("a: [").contains("neither JSON nor YAML"));
    assert!(error("a: &x 1\nb: *x\n").contains("no YAML aliases"));
    assert!(error("a: 1\na: 2\n").contains("given twice"));
    let bad = read(
        r#"{"Role":{"AssumeRolePolicyDocument":{"Statement":[]}}}"#,
        &Hints::default(),
    )
    .unwrap();
    assert!(bad.skipped[0].malformed, "{bad:?}");
}
