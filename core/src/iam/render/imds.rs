//! Network policies that keep pods from the instance metadata service, and so from the
//! node's role.

use crate::iam::Node;

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered};

const TRAPS: [&str; 4] = [
    "network policies add up: another one of the namespace that allows 0.0.0.0/0 without this exception opens the metadata \
     service again",
    "nothing happens in a cluster whose network plug-in does not enforce policies: the VPC CNI needs enableNetworkPolicy",
    "pods with hostNetwork are not covered, and in an IPv6 cluster the VPC CNI filters IPv6 only: set HttpTokens required and \
     HttpPutResponseHopLimit 1 on the nodes as well",
    "with Cilium, any egress policy also blocks the agent of EKS Pod Identity (169.254.170.23): allow it with a \
     CiliumNetworkPolicy to entity host, port 80",
];

/// The addresses of the metadata service. The whole of 169.254.0.0/16 is more than that:
/// the agent of EKS Pod Identity and the node's DNS cache are in it.
const EVERYWHERE: [(&str, &str); 2] = [
    ("0.0.0.0/0", "169.254.169.254/32"),
    ("::/0", "fd00:ec2::254/128"),
];

fn namespaces(input: &Input<'_>) -> Result<Vec<String>, Missing> {
    let mut names = input.namespaces.clone();
    if names.is_empty() {
        names = input
            .policy
            .clusters
            .iter()
            .flat_map(|entry| entry.namespaces.iter().cloned())
            .collect();
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(Missing(
            "this document needs a namespace: --namespace, or virtualClusters in the policy"
                .to_owned(),
        ));
    }
    Ok(names)
}

fn all(input: &Input<'_>, name: &str, egress: &[Node]) -> Result<Vec<Rendered>, Missing> {
    let mut all = Vec::new();
    for namespace in namespaces(input)? {
        let body = Node::object([
            ("apiVersion", Node::text("networking.k8s.io/v1")),
            ("kind", Node::text("NetworkPolicy")),
            (
                "metadata",
                Node::object([
                    ("name", Node::text(format!("rolegate-{name}"))),
                    ("namespace", Node::text(namespace)),
                ]),
            ),
            (
                "spec",
                Node::object([
                    ("podSelector", Node::Object(Vec::new())),
                    ("policyTypes", Node::List(vec![Node::text("Egress")])),
                    ("egress", Node::List(egress.to_vec())),
                ]),
            ),
        ]);
        all.push(Rendered::new(name, Kind::Manifest, body));
    }
    if let Some(last) = all.last_mut() {
        last.notes = TRAPS.map(str::to_owned).into();
    }
    Ok(all)
}

fn outside() -> Vec<Node> {
    let block = |(cidr, except): (&str, &str)| {
        let block = Node::object([
            ("cidr", Node::text(cidr)),
            ("except", Node::List(vec![Node::text(except)])),
        ]);
        Node::object([("ipBlock", block)])
    };
    EVERYWHERE.map(block).into()
}

pub(super) fn except(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    all(
        input,
        "no-imds",
        &[Node::object([("to", Node::List(outside()))])],
    )
}

/// DNS, the pods of the namespace, HTTPS, and the agent of EKS Pod Identity.
pub(super) fn deny(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let port = |protocol: &str, port: u32| {
        Node::object([
            ("protocol", Node::text(protocol)),
            ("port", Node::Number(port.into())),
        ])
    };
    let to = |to: Vec<Node>, ports: Vec<Node>| {
        let mut rule = vec![("to".to_owned(), Node::List(to))];
        if !ports.is_empty() {
            rule.push(("ports".to_owned(), Node::List(ports)));
        }
        Node::Object(rule)
    };
    let own = Node::object([("podSelector", Node::Object(Vec::new()))]);
    let every_namespace = Node::object([("namespaceSelector", Node::Object(Vec::new()))]);
    let agent = ["169.254.170.23/32", "fd00:ec2::23/128"]
        .map(|cidr| Node::object([("ipBlock", Node::object([("cidr", Node::text(cidr))]))]));
    let egress = [
        to(vec![own], Vec::new()),
        to(
            [vec![every_namespace], outside()].concat(),
            vec![port("UDP", 53), port("TCP", 53)],
        ),
        to(outside(), vec![port("TCP", 443)]),
        to(agent.into(), vec![port("TCP", 80)]),
    ];
    all(input, "default-deny", &egress)
}
