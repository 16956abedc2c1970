use serde_json::{Value, json};

use crate::iam::{Answer, Caller, Context, Document, Node, Request};
use crate::names::RoleArn;

fn document(value: &Value) -> Document {
    Document::read(&Node::parse(&value.to_string()).unwrap()).unwrap()
}

fn refused(value: &Value) -> String {
    Document::read(&Node::parse(&value.to_string()).unwrap())
        .unwrap_err()
        .to_string()
}

/// Whether a condition holds for a request that carries `k` with these values.
fn holds(condition: &Value, k: &[&str]) -> bool {
    let document = document(&json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition },
    }));
    let context = Context::default()
        .with("k", k.iter().copied())
        .with("aws:username", ["ada*"]);
    let request = Request {
        caller: Caller::Owner,
        action: "s3:getobject",
        resource: Some("x"),
        context,
    };
    document.answer(&request).is_allowed()
}

#[test]
fn operators() {
    for (operator, value, carried, expected) in [
        ("StringEquals", "a*", "ab", false),
        ("StringEquals", "a*", "a*", true),
        ("StringEquals", "A", "a", false),
        ("StringEqualsIgnoreCase", "A", "a", true),
        ("StringNotEquals", "a", "b", true),
        ("StringNotEquals", "a", "a", false),
        ("StringLike", "a*c?", "a:/cx", true),
        ("StringNotLike", "a*", "ab", false),
        (
            "ArnEquals",
            "arn:aws:iam::*:role/x*",
            "arn:aws:iam::111122223333:role/xy",
            true,
        ),
        (
            "ArnLike",
            "arn:*:role/x",
            "arn:aws:iam::111122223333:role/x",
            false,
        ),
        (
            "StringLike",
            "arn:*:role/x",
            "arn:aws:iam::111122223333:role/x",
            true,
        ),
        (
            "ArnNotLike",
            "arn:aws:iam::*:role/x",
            "arn:aws:iam::1:role/x",
            false,
        ),
        ("NumericLessThanEquals", "3600", "900", true),
        ("NumericLessThan", "3600", "3600", false),
        ("NumericEquals", "x", "3", false),
        (
            "DateGreaterThan",
            "2024-01-01T00:00:00Z",
            "2025-01-01T00:00:00Z",
            true,
        ),
        ("DateLessThan", "1704067200", "2025-01-01T00:00:00Z", false),
        ("Bool", "true", "True", true),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", true),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", false),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", true),
        ("Null", "false", "x", true),
        ("Null", "true", "x", false),
        ("stringlike", "a*", "ab", true),
        // A variable brings in text, not wildcards.
        ("StringLike", "${aws:username}", "ada*", true),
        ("StringLike", "${aws:username}", "adam", false),
        ("StringLike", "${aws:username}*", "ada*m", true),
        ("StringEquals", "${aws:userid}", "", false),
        ("StringEquals", "${aws:userid, 'nobody'}", "nobody", true),
        ("StringLike", "a${*}", "a*", true),
        ("StringLike", "a${*}", "ab", false),
    ] {
        assert_eq!(
            holds(&json!({ operator: { "K": value } }), &[carried]),
            expected,
            "{operator} {value} {carried}"
        );
    }
}

#[test]
fn absent_keys_and_several_values() {
    let condition = |operator: &str| json!({ operator: { "k": ["a", "b"] } });
    for (operator, absent, a, ac, c) in [
        ("StringEquals", false, true, true, false),
        ("StringNotEquals", true, false, false, true),
        ("StringEqualsIfExists", true, true, true, false),
        ("StringNotEqualsIfExists", true, false, false, true),
        ("ForAllValues:StringEquals", true, true, false, false),
        ("ForAnyValue:StringEquals", false, true, true, false),
        ("ForAnyValue:StringNotEquals", false, false, true, true),
        ("ForAllValues:StringNotEquals", true, false, false, true),
        ("ForAnyValue:StringEqualsIfExists", true, true, true, false),
    ] {
        let got = [&[][..], &["a"], &["a", "c"], &["c"]]
            .map(|carried| holds(&condition(operator), carried));
        assert_eq!(got, [absent, a, ac, c], "{operator}");
    }
    assert!(holds(&json!({ "Null": { "k": "true" } }), &[]));
    // Keys and operators are ANDed: seed 001's caller condition is never true.
    let both =
        json!({ "StringEquals": { "k": ["Caller"] }, "StringLike": { "k": ["CallerTeamRole*"] } });
    assert!(!holds(&both, &["Caller"]) && !holds(&both, &["CallerTeamRoleA"]));
}

#[test]
fn deny_wins_and_the_old_version_has_no_variables() {
    let allow = json!({ "Effect": "Allow", "Action": ["s3:*"], "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "NotAction": "s3:Get*", "NotResource": ["b/*"] });
    let both = document(&json!({ "Version": "2012-10-17", "Statement": [allow, deny] }));
    let ask = |action, resource| {
        both.answer(&Request {
            caller: Caller::Owner,
            action,
            resource: Some(resource),
            context: Context::default(),
        })
    };
    assert_eq!(ask("s3:PutObject", "a/x"), Answer::Denied(1));
    assert_eq!(ask("s3:GetObject", "a/x"), Answer::Allowed(0));
    assert_eq!(ask("s3:PutObject", "b/x"), Answer::Allowed(0));
    assert_eq!(ask("ec2:RunInstances", "b/x"), Answer::Nothing);
    let old = document(
        &json!({ "Statement": { "Effect": "Allow", "Action": "a:b", "Resource": "${x}" } }),
    );
    let request = Request {
        caller: Caller::Owner,
        action: "a:b",
        resource: Some("${x}"),
        context: Context::default(),
    };
    assert!(old.answer(&request).is_allowed());
}

#[test]
fn principals() {
    let role = RoleArn::parse("arn:aws:iam::000011112222:role/p/r").unwrap();
    for (principal, caller, expected) in [
        (json!("*"), Caller::Role(&role, "s"), true),
        (json!({ "AWS": "*" }), Caller::Role(&role, "s"), true),
        (
            json!({ "AWS": "000011112222" }),
            Caller::Role(&role, "s"),
            true,
        ),
        (
            json!({ "AWS": "11112222" }),
            Caller::Role(&role, "s"),
            false,
        ),
        (
            json!({ "AWS": ["arn:aws:iam::000011112222:root"] }),
            Caller::Role(&role, "s"),
            true,
        ),
        (
            json!({ "AWS": "arn:aws:iam::000011112222:role/p/r" }),
            Caller::Role(&role, "s"),
            true,
        ),
        (
            json!({ "AWS": "arn:aws:iam::000011112222:role/r" }),
            Caller::Role(&role, "s"),
            false,
        ),
        (
            json!({ "AWS": "arn:aws:sts::000011112222:assumed-role/r/s" }),
            Caller::Role(&role, "s"),
            true,
        ),
        (
            json!({ "AWS": "arn:aws:sts::000011112222:assumed-role/r/t" }),
            Caller::Role(&role, "s"),
            false,
        ),
        (
            json!({ "AWS": "arn:aws-cn:iam::000011112222:root" }),
            Caller::Role(&role, "s"),
            false,
        ),
        (
            json!({ "Service": "pods.eks.amazonaws.com" }),
            Caller::Service("pods.eks.amazonaws.com"),
            true,
        ),
        (
            json!({ "Service": "eks.amazonaws.com" }),
            Caller::Service("pods.eks.amazonaws.com"),
            false,
        ),
        (json!({ "Federated": "p" }), Caller::Federated("p"), true),
        (json!({ "Federated": "q" }), Caller::Federated("p"), false),
    ] {
        let document = document(&json!({
            "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal },
        }));
        let request = Request {
            caller,
            action: "sts:AssumeRole",
            resource: None,
            context: Context::default(),
        };
        assert_eq!(
            document.answer(&request).is_allowed(),
            expected,
            "{principal}"
        );
    }
}

#[test]
fn what_iam_would_not_take_is_refused_in_one_sentence() {
    let statement = |change: Value| {
        let mut statement =
            json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*" } });
        statement
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    for (value, expected) in [
        (json!([]), "the document: it is a list, not an object"),
        (json!({}), "the document: it has no Statement"),
        (json!({ "Statement": [] }), "Statement: the list is empty"),
        (
            json!({ "Version": "2012", "Statement": [] }),
            "Version: it is neither",
        ),
        (json!({ "statement": [] }), "IAM knows no key `statement`"),
        (
            json!({ "Statement": { "Action": "a:b" } }),
            "Statement[0]: it has no Effect",
        ),
        (
            json!({ "Statement": { "Effect": "Allow" } }),
            "Statement[0]: it has neither Action nor NotAction",
        ),
        (
            statement(json!({ "Effect": "allow" })),
            "Statement[0].Effect: it is neither Allow nor Deny",
        ),
        (
            statement(json!({ "NotAction": "a:b" })),
            "it has both Action and NotAction",
        ),
        (
            statement(json!({ "NotPrincipal": "*" })),
            "it has both Principal and NotPrincipal",
        ),
        (
            statement(json!({ "Principal": "x" })),
            "IAM takes \"*\" or an object",
        ),
        (
            statement(json!({ "Principal": { "Role": "x" } })),
            "IAM knows no principal `Role`",
        ),
        (
            statement(json!({ "Condition": { "StringMatches": { "k": "v" } } })),
            "IAM knows no operator `StringMatches`",
        ),
        (
            statement(json!({ "Condition": { "StringEquals": { "K": "v", "k": "v" } } })),
            "given twice in different case",
        ),
        (
            statement(json!({ "Condition": { "StringEquals": { "k": [] } } })),
            "the condition is never true",
        ),
        (
            statement(json!({ "Condition": { "StringEquals": { "k": { } } } })),
            "an object where a string belongs",
        ),
        (
            statement(json!({ "Action": [] })),
            "Statement[0].Action: the list is empty",
        ),
        (
            statement(json!({ "Comment": "x" })),
            "IAM knows no key `Comment`",
        ),
    ] {
        let error = refused(&value);
        assert!(error.contains(expected), "{error}");
    }
    let twice = Node::parse(r#"{"Statement":[],"Statement":[]}"#)
        .unwrap_err()
        .to_string();
    assert!(
        twice.contains("the key `Statement` is given twice"),
        "{twice}"
    );
}
