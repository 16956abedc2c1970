//! EMR's access to a namespace, and who may give it.

use crate::facts::SERVICE_LINKED_ROLE;
use crate::iam::{EMR, NEEDED, Node};

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered, allow, policy};

pub(super) fn access(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let cluster = input.cluster()?;
    let mut namespaces = input.namespaces.clone();
    if namespaces.is_empty() {
        namespaces = input
            .policy
            .clusters
            .iter()
            .flat_map(|entry| entry.namespaces.iter().cloned())
            .collect();
    }
    namespaces.sort();
    namespaces.dedup();
    if namespaces.is_empty() {
        return Err(Missing(
            "this document needs a namespace: --namespace, or virtualClusters in the policy"
                .to_owned(),
        ));
    }
    let (partition, region, account, name) = (
        &cluster.partition,
        &cluster.region,
        cluster.account.as_str(),
        &cluster.name,
    );
    // aws-auth compares ARNs without their path.
    let linked = format!("arn:{partition}:iam::{account}:role/{SERVICE_LINKED_ROLE}");
    let mut all = Vec::new();
    for namespace in &namespaces {
        all.push(Rendered::new(
            "emr-role",
            Kind::Manifest,
            role(namespace, input.kubernetes_minor),
        ));
        let eksctl = format!(
            "eksctl create iamidentitymapping --region {region} --cluster {name} --namespace {namespace} --service-name {EMR}"
        );
        all.push(
            Rendered::new("emr-role-binding", Kind::Manifest, binding(namespace)).command(eksctl),
        );
    }
    if let Some(last) = all.last_mut() {
        last.commands.push(format!(
            "eksctl create iamidentitymapping --region {region} --cluster {name} --arn {linked} --username {EMR}"
        ));
        last.notes.push(format!(
            "where the cluster has no access entries, mapRoles of ConfigMap kube-system/aws-auth needs: - {{ rolearn: {linked}, username: {EMR} }}"
        ));
    }
    all.push(caller(cluster, &namespaces));
    Ok(all)
}

fn metadata(namespace: &str) -> Node {
    Node::object([
        ("name", Node::text(EMR)),
        ("namespace", Node::text(namespace)),
    ])
}

fn list(items: &[&str]) -> Node {
    Node::List(items.iter().map(|item| Node::text(*item)).collect())
}

fn role(namespace: &str, minor: Option<u32>) -> Node {
    let old = minor.is_some_and(|minor| minor < 22);
    let rules = NEEDED.iter().map(|rule| {
        let ingress = rule.group == "networking.k8s.io";
        let group = if ingress && old {
            "extensions"
        } else {
            rule.group
        };
        Node::object([
            ("apiGroups", list(&[group])),
            ("resources", list(rule.resources)),
            ("verbs", list(rule.verbs)),
        ])
    });
    Node::object([
        ("apiVersion", Node::text("rbac.authorization.k8s.io/v1")),
        ("kind", Node::text("Role")),
        ("metadata", metadata(namespace)),
        ("rules", Node::List(rules.collect())),
    ])
}

fn binding(namespace: &str) -> Node {
    let group = Node::text("rbac.authorization.k8s.io");
    let subject = Node::object([
        ("kind", Node::text("User")),
        ("name", Node::text(EMR)),
        ("apiGroup", group.clone()),
    ]);
    let role = Node::object([
        ("apiGroup", group),
        ("kind", Node::text("Role")),
        ("name", Node::text(EMR)),
    ]);
    Node::object([
        ("apiVersion", Node::text("rbac.authorization.k8s.io/v1")),
        ("kind", Node::text("RoleBinding")),
        ("metadata", metadata(namespace)),
        ("subjects", Node::List(vec![subject])),
        ("roleRef", role),
    ])
}

/// For those who call `CreateVirtualCluster` where the cluster has access entries. AWS's
/// page allows the six actions on `*`, which is every access policy for every identity.
fn caller(cluster: &crate::iam::EksCluster, namespaces: &[String]) -> Rendered {
    let (partition, region, account, name) = (
        &cluster.partition,
        &cluster.region,
        cluster.account.as_str(),
        &cluster.name,
    );
    let linked = format!(
        "arn:{partition}:iam::{account}:role/aws-service-role/emr-containers.amazonaws.com/{SERVICE_LINKED_ROLE}"
    );
    let entry = format!(
        "arn:{partition}:eks:{region}:{account}:access-entry/{name}/role/{account}/{SERVICE_LINKED_ROLE}/*"
    );
    let policy_arn = format!("arn:{partition}:eks::aws:cluster-access-policy/AmazonEMRJobPolicy");
    let create = allow(
        "CreateEmrsAccessEntry",
        &["eks:CreateAccessEntry"],
        [
            ("Resource", Node::text(cluster.to_string())),
            (
                "Condition",
                Node::object([(
                    "ArnEquals",
                    Node::object([("eks:principalArn", Node::text(linked))]),
                )]),
            ),
        ],
    );
    let entries = allow(
        "EmrsAccessEntry",
        &[
            "eks:DescribeAccessEntry",
            "eks:DeleteAccessEntry",
            "eks:ListAssociatedAccessPolicies",
        ],
        [("Resource", Node::text(&*entry))],
    );
    // ForAllValues is true of a request without the key, so the key must be there.
    let condition = Node::object([
        (
            "ArnEquals",
            Node::object([("eks:policyArn", Node::text(policy_arn))]),
        ),
        (
            "ForAllValues:StringEquals",
            Node::object([("eks:namespaces", Node::texts(namespaces.iter().cloned()))]),
        ),
        (
            "Null",
            Node::object([("eks:namespaces", Node::text("false"))]),
        ),
    ]);
    let associate = allow(
        "EmrsAccessPolicy",
        &["eks:AssociateAccessPolicy", "eks:DisassociateAccessPolicy"],
        [("Resource", Node::text(entry)), ("Condition", condition)],
    );
    Rendered::new("virtual-cluster-creator", Kind::Identity(None), policy(vec![create, entries, associate])).note(
        "for whoever creates virtual clusters in a cluster with access entries; narrower than AWS's page, which allows the \
         six actions on every identity; test it with one virtual cluster first",
    )
}
