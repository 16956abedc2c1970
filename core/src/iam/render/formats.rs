//! A rendered document for Terraform, `CloudFormation` and the AWS CLI.

use std::fmt::Write as _;

use crate::iam::Node;
use crate::names::RoleArn;

use super::rendered::{Kind, Rendered};

/// How documents are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// Resources whose policies are `jsonencode` of the document.
    Terraform,
    /// One template, in JSON.
    CloudFormation,
    /// Commands.
    Cli,
}

/// A document has no form of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormatError(&'static str);

impl Format {
    /// Writes all documents of one `render`.
    ///
    /// # Errors
    ///
    /// `CloudFormation` has no resource for a Kubernetes object.
    pub fn write(self, all: &[Rendered], minified: bool) -> Result<String, FormatError> {
        match self {
            Self::Json => Ok(json(all, minified)),
            Self::Terraform => Ok(all.iter().map(terraform).collect::<Vec<_>>().join("\n")),
            Self::CloudFormation => cloudformation(all, minified),
            Self::Cli => Ok(all.iter().map(cli).collect()),
        }
    }
}

fn text(node: &Node, minified: bool) -> String {
    if minified {
        node.minified()
    } else {
        node.pretty()
    }
}

/// One document after the other, so that `kubectl apply -f -` and `jq` can read them.
fn json(all: &[Rendered], minified: bool) -> String {
    all.iter().fold(String::new(), |mut out, one| {
        out.push_str(&text(&one.body, minified));
        out.push('\n');
        out
    })
}

/// Terraform's expressions include JSON's objects and lists, but read `${` and `%{` in
/// strings.
fn expression(node: &Node) -> String {
    let escaped = node.pretty().replace("${", "$${").replace("%{", "%%{");
    escaped.replace('\n', "\n  ")
}

/// A name for a resource: letters, digits and `_`.
fn identifier(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// `/`, or the path of a role between `role/` and its name.
fn path_of(role: &RoleArn) -> &str {
    let resource = role
        .as_str()
        .split_once(":role")
        .map_or("/", |(_, rest)| rest);
    resource
        .rfind('/')
        .and_then(|slash| resource.get(..=slash))
        .unwrap_or("/")
}

fn terraform(one: &Rendered) -> String {
    let (id, body) = (identifier(&one.name), expression(&one.body));
    let quoted = |text: &str| {
        Node::text(text)
            .minified()
            .replace("${", "$${")
            .replace("%{", "%%{")
    };
    match &one.kind {
        Kind::Trust(role) => {
            let (name, path) = (quoted(role.role().name.as_str()), quoted(path_of(role)));
            format!(
                "resource \"aws_iam_role\" \"{id}\" {{\n  name = {name}\n  path = {path}\n  assume_role_policy = jsonencode({body})\n}}\n"
            )
        }
        Kind::Identity(Some(role)) => {
            let name = quoted(role.role().name.as_str());
            format!(
                "resource \"aws_iam_role_policy\" \"{id}\" {{\n  name = \"{}\"\n  role = {name}\n  policy = jsonencode({body})\n}}\n",
                one.name
            )
        }
        Kind::Identity(None) => format!(
            "resource \"aws_iam_policy\" \"{id}\" {{\n  name = \"{}\"\n  policy = jsonencode({body})\n}}\n",
            one.name
        ),
        Kind::SecurityConfiguration => format!(
            "resource \"aws_emr_security_configuration\" \"{id}\" {{\n  name = \"{}\"\n  configuration = jsonencode({body})\n}}\n",
            one.name
        ),
        Kind::Manifest => {
            let namespace = one
                .body
                .at(&["metadata", "namespace"])
                .and_then(Node::as_text)
                .unwrap_or_default();
            format!(
                "resource \"kubernetes_manifest\" \"{id}_{}\" {{\n  manifest = {body}\n}}\n",
                identifier(namespace)
            )
        }
    }
}

fn cloudformation(all: &[Rendered], minified: bool) -> Result<String, FormatError> {
    let mut resources = Vec::new();
    for one in all {
        let (kind, properties) = match &one.kind {
            Kind::Trust(role) => (
                "AWS::IAM::Role",
                Node::object([
                    ("RoleName", Node::text(role.role().name.as_str())),
                    ("Path", Node::text(path_of(role))),
                    ("AssumeRolePolicyDocument", one.body.clone()),
                ]),
            ),
            Kind::Identity(Some(role)) => (
                "AWS::IAM::RolePolicy",
                Node::object([
                    ("RoleName", Node::text(role.role().name.as_str())),
                    ("PolicyName", Node::text(&*one.name)),
                    ("PolicyDocument", one.body.clone()),
                ]),
            ),
            Kind::Identity(None) => (
                "AWS::IAM::ManagedPolicy",
                Node::object([
                    ("ManagedPolicyName", Node::text(&*one.name)),
                    ("PolicyDocument", one.body.clone()),
                ]),
            ),
            Kind::SecurityConfiguration => (
                "AWS::EMR::SecurityConfiguration",
                Node::object([
                    ("Name", Node::text(&*one.name)),
                    ("SecurityConfiguration", one.body.clone()),
                ]),
            ),
            Kind::Manifest => continue,
        };
        let id: String = one.name.split('-').map(capitalized).collect();
        resources.push((
            id,
            Node::object([("Type", Node::text(kind)), ("Properties", properties)]),
        ));
    }
    if resources.is_empty() {
        return Err(FormatError(
            "CloudFormation has no resource for an object of Kubernetes; use --as json with kubectl, or --as terraform",
        ));
    }
    let template = Node::object([
        ("AWSTemplateFormatVersion", Node::text("2010-09-09")),
        ("Resources", Node::Object(resources)),
    ]);
    Ok(text(&template, minified) + "\n")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn cli(one: &Rendered) -> String {
    let mut out = String::new();
    // The document has no quote of its own: names that could hold one are checked.
    let body = one.body.minified().replace('\'', "'\\''");
    let command = match &one.kind {
        Kind::Trust(role) => {
            let name = role.role().name.as_str();
            format!(
                "aws iam update-assume-role-policy --role-name {name} --policy-document '{body}'"
            )
        }
        Kind::Identity(Some(role)) => {
            let name = role.role().name.as_str();
            format!(
                "aws iam put-role-policy --role-name {name} --policy-name {} --policy-document '{body}'",
                one.name
            )
        }
        Kind::Identity(None) => format!(
            "aws iam create-policy --policy-name {} --policy-document '{body}'",
            one.name
        ),
        Kind::SecurityConfiguration => {
            format!(
                "aws emr create-security-configuration --name {} --security-configuration '{body}'",
                one.name
            )
        }
        Kind::Manifest => format!("kubectl apply -f - <<'EOF'\n{}\nEOF", one.body.pretty()),
    };
    let _ = writeln!(out, "{command}");
    for command in &one.commands {
        let _ = writeln!(out, "{command}");
    }
    out
}
