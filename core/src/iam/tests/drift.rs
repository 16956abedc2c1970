use crate::iam::{AwsAuth, Drift, EMR, NEEDED, Weight, aws_auth_drift, role_drift};
use crate::policy::Policy;
use crate::rbac::{Binding, Graph, Role};

use serde_json::json;

fn role(change: impl FnOnce(&mut Vec<serde_json::Value>)) -> Role {
    let rules = NEEDED.iter().map(|rule| {
        json!({ "apiGroups": [rule.group], "resources": rule.resources, "verbs": rule.verbs })
    });
    let mut rules = rules.collect();
    change(&mut rules);
    let object =
        json!({ "kind": "Role", "metadata": { "namespace": "a", "name": EMR }, "rules": rules });
    Role::parse(&object.to_string(), "").unwrap()
}

fn binding(subjects: &serde_json::Value) -> Binding {
    let object = json!({
        "kind": "RoleBinding", "metadata": { "namespace": "a", "name": EMR },
        "roleRef": { "kind": "Role", "name": EMR }, "subjects": subjects,
    });
    Binding::parse(&object.to_string(), "").unwrap()
}

fn found(role: Role, binding: Binding) -> Vec<String> {
    let graph = Graph::new([role], [binding]);
    let drift = role_drift(&graph, &Policy::builtin(), &["a"], false);
    drift.iter().map(Drift::to_string).collect()
}

#[test]
fn what_render_writes_has_no_drift() {
    let emr = json!([{ "kind": "User", "name": EMR }]);
    assert_eq!(found(role(|_| ()), binding(&emr)), [""; 0]);
    // AWS's own page lists words that are no verbs.
    let page = role(|rules| {
        for rule in rules {
            rule["verbs"].as_array_mut().unwrap().extend([
                json!("describe"),
                json!("edit"),
                json!("annotate"),
            ]);
        }
    });
    assert_eq!(found(page, binding(&emr)), [""; 0]);
}

#[test]
fn each_difference_is_found() {
    let emr = json!([{ "kind": "User", "name": EMR }]);
    let narrow = found(
        role(|rules| rules[2]["verbs"] = json!(["create"])),
        binding(&emr),
    );
    assert_eq!(narrow.len(), 1);
    assert!(
        narrow[0].contains("EMR may not patch, delete, watch secrets"),
        "{narrow:?}"
    );
    let wide = found(
        role(|rules| rules[2]["verbs"] = json!(["create", "patch", "delete", "watch", "get"])),
        binding(&emr),
    );
    assert!(
        wide.len() == 1 && wide[0].contains("lets EMR get secrets"),
        "{wide:?}"
    );
    let both = json!([{ "kind": "User", "name": EMR }, { "kind": "Group", "name": "team-a" }]);
    let shared = found(role(|_| ()), binding(&both));
    assert!(
        shared.len() == 1 && shared[0].contains("group team-a as well"),
        "{shared:?}"
    );
    let other = found(
        role(|_| ()),
        binding(&json!([{ "kind": "User", "name": "emr" }])),
    );
    assert!(
        other
            .iter()
            .any(|one| one.contains("does not name EMR's user")),
        "{other:?}"
    );
    let empty = Graph::new([], []);
    let policy = Policy::builtin();
    assert_eq!(
        role_drift(&empty, &policy, &["a"], false)[0].weight,
        Weight::Missing
    );
    assert_eq!(role_drift(&empty, &policy, &["a"], true), []);
}

#[test]
fn who_else_gets_emrs_username() {
    for (entry, expected) in [
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEMRContainers', username: emr-containers}",
            None,
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/nodes', username: 'system:node:{{EC2PrivateDNSName}}'}",
            None,
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/ops', username: 'ops:{{SessionName}}'}",
            None,
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/ops', username: emr-containers}",
            Some("gives EMR's username"),
        ),
        (
            "{userarn: 'arn:aws:iam::111122223333:user/eve', username: emr-containers}",
            Some("user/eve"),
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/ops', username: '{{SessionName}}'}",
            Some("by the name of its session"),
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/ops', username: 'emr-{{SessionNameRaw}}'}",
            Some("emr-containers by the name"),
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers', username: emr-containers}",
            Some("has a path"),
        ),
        (
            "{rolearn: 'arn:aws:iam::111122223333:user/AWSServiceRoleForAmazonEMRContainers', username: emr-containers}",
            Some("gives EMR's username"),
        ),
    ] {
        let auth = AwsAuth::parse(&format!("- {entry}"), "").unwrap();
        let found = aws_auth_drift(&auth, &Policy::builtin());
        match expected {
            None => assert_eq!(found, [], "{entry}"),
            Some(words) => {
                assert_eq!(found.len(), 1, "{entry}");
                assert!(found[0].to_string().contains(words), "{found:?}");
            }
        }
    }
    assert!(AwsAuth::parse("no list", "").is_err());
    assert_eq!(AwsAuth::parse("", ""), Ok(AwsAuth::default()));
}
