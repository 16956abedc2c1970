//! Files with IAM documents in them: what `aws iam` prints, Terraform's plans,
//! `CloudFormation` templates, and documents alone.

use super::arn::EksCluster;
use super::document::Document;
use super::node::Node;
use crate::names::{RoleArn, RoleName, shown};

/// A document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Where it is in the file, such as `RoleDetailList[3].AssumeRolePolicyDocument`; empty
    /// for a file that is a document.
    pub place: String,
    pub kind: SubjectKind,
    /// The role that it belongs to, if the file or the caller says so.
    pub role: Option<RoleArn>,
    pub document: Document,
    /// As given, for its size.
    pub node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    Trust,
    Identity,
}

/// A document that was not evaluated, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub place: String,
    pub why: String,
    /// Whether IAM would refuse it; if not, its values are not known before it is applied.
    pub malformed: bool,
}

/// What a file has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub subjects: Vec<Subject>,
    pub skipped: Vec<Skipped>,
}

/// What the caller says about a file.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// For a document alone: what it is.
    pub kind: Option<SubjectKind>,
    /// For a document alone: whose it is.
    pub role: Option<RoleArn>,
    /// Gives `AWS::AccountId`, `AWS::Region` and `AWS::Partition` their values.
    pub cluster: Option<EksCluster>,
}

/// Reads a file.
///
/// # Errors
///
/// One sentence, if it is no JSON or YAML, or holds no IAM document.
pub fn read(text: &str, hints: &Hints) -> Result<Found, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = if text.trim_start().starts_with(['{', '[']) {
        Node::parse(text).map_err(|error| format!("it is not JSON: {error}"))?
    } else {
        super::yaml::parse(text)?
    };
    let mut reader = Reader {
        found: Found::default(),
        hints,
    };
    reader.file(&node);
    if reader.found == Found::default() {
        return Err("it holds no IAM document: expected is a policy document, what `aws iam` prints about roles, a \
                    Terraform plan as JSON, or a CloudFormation template with IAM roles or policies"
            .to_owned());
    }
    Ok(reader.found)
}

struct Reader<'h> {
    found: Found,
    hints: &'h Hints,
}

impl Reader<'_> {
    fn file(&mut self, node: &Node) {
        if node.get("Statement").is_some() {
            let kind = self.hints.kind.unwrap_or_else(|| kind_of(node));
            self.document("", kind, self.hints.role.clone(), node);
        }
        if let Some(role) = node.get("Role") {
            self.role("Role", role);
        }
        for list in ["Roles", "RoleDetailList"] {
            for (number, role) in items(node.get(list)) {
                self.role(&format!("{list}[{number}]"), role);
            }
        }
        if let Some(document) = node.get("PolicyDocument") {
            let role = node.get("RoleName").and_then(|_| self.hints.role.clone());
            self.document("PolicyDocument", SubjectKind::Identity, role, document);
        }
        if let Some(document) = node.at(&["PolicyVersion", "Document"]) {
            self.document(
                "PolicyVersion.Document",
                SubjectKind::Identity,
                None,
                document,
            );
        }
        for (list, inline) in [
            ("UserDetailList", "UserPolicyList"),
            ("GroupDetailList", "GroupPolicyList"),
        ] {
            for (number, identity) in items(node.get(list)) {
                self.inline(&format!("{list}[{number}]"), identity, inline, None);
            }
        }
        for (number, policy) in items(node.get("Policies")) {
            for (index, version) in items(policy.get("PolicyVersionList")) {
                if version.get("IsDefaultVersion") == Some(&Node::Bool(true))
                    && let Some(document) = version.get("Document")
                {
                    let place = format!("Policies[{number}].PolicyVersionList[{index}].Document");
                    self.document(&place, SubjectKind::Identity, None, document);
                }
            }
        }
        for root in [
            &["planned_values", "root_module"][..],
            &["values", "root_module"],
        ] {
            if let Some(module) = node.at(root) {
                self.module(module);
            }
        }
        if let Some(Node::Object(resources)) = node.get("Resources") {
            for (id, resource) in resources {
                self.resource(id, resource);
            }
        }
    }

    fn inline(&mut self, place: &str, identity: &Node, list: &str, role: Option<&RoleArn>) {
        for (number, policy) in items(identity.get(list)) {
            if let Some(document) = policy.get("PolicyDocument") {
                let place = format!("{place}.{list}[{number}].PolicyDocument");
                self.document(&place, SubjectKind::Identity, role.cloned(), document);
            }
        }
    }

    fn role(&mut self, place: &str, role: &Node) {
        let arn = role
            .get("Arn")
            .and_then(Node::as_text)
            .and_then(|arn| RoleArn::parse(arn).ok());
        if let Some(document) = role.get("AssumeRolePolicyDocument") {
            self.document(
                &format!("{place}.AssumeRolePolicyDocument"),
                SubjectKind::Trust,
                arn.clone(),
                document,
            );
        }
        self.inline(place, role, "RolePolicyList", arn.as_ref());
    }

    /// A module of a Terraform plan.
    fn module(&mut self, module: &Node) {
        for (_, resource) in items(module.get("resources")) {
            let kind = resource
                .get("type")
                .and_then(Node::as_text)
                .unwrap_or_default();
            let address = resource
                .get("address")
                .and_then(Node::as_text)
                .unwrap_or_default();
            let value = |key: &str| {
                resource
                    .at(&["values", key])
                    .filter(|value| **value != Node::Null)
            };
            let (key, subject) = match kind {
                "aws_iam_role" => ("assume_role_policy", SubjectKind::Trust),
                "aws_iam_policy"
                | "aws_iam_role_policy"
                | "aws_iam_user_policy"
                | "aws_iam_group_policy" => ("policy", SubjectKind::Identity),
                _ => continue,
            };
            let place = format!("{address}.{key}");
            match value(key) {
                Some(document) => {
                    let arn = value("arn")
                        .and_then(Node::as_text)
                        .and_then(|arn| RoleArn::parse(arn).ok());
                    let role = arn.or_else(|| {
                        self.named(value("name")?.as_text()?, value("path")?.as_text()?)
                    });
                    let role = role.filter(|_| subject == SubjectKind::Trust);
                    self.document(&place, subject, role, document);
                }
                None => self.skip(&place, "its value is known only after apply", false),
            }
        }
        for (_, child) in items(module.get("child_modules")) {
            self.module(child);
        }
    }

    /// The role of this name in the account of the cluster.
    fn named(&self, name: &str, path: &str) -> Option<RoleArn> {
        let cluster = self.hints.cluster.as_ref()?;
        RoleName::parse(name)?;
        let arn = format!(
            "arn:{}:iam::{}:role{path}{name}",
            cluster.partition,
            cluster.account.as_str()
        );
        RoleArn::parse(&arn).ok()
    }

    /// A resource of a `CloudFormation` template.
    fn resource(&mut self, id: &str, resource: &Node) {
        let kind = resource
            .get("Type")
            .and_then(Node::as_text)
            .unwrap_or_default();
        let Some(properties) = resource.get("Properties") else {
            return;
        };
        let name = properties.get("RoleName").and_then(Node::as_text);
        let path = properties
            .get("Path")
            .and_then(Node::as_text)
            .unwrap_or("/");
        let role = name.and_then(|name| self.named(name, path));
        let place = |key: &str| format!("Resources.{id}.Properties.{key}");
        if kind == "AWS::IAM::Role" {
            if let Some(document) = properties.get("AssumeRolePolicyDocument") {
                self.template(
                    &place("AssumeRolePolicyDocument"),
                    SubjectKind::Trust,
                    role.clone(),
                    document,
                );
            }
            for (number, policy) in items(properties.get("Policies")) {
                if let Some(document) = policy.get("PolicyDocument") {
                    let place = place(&format!("Policies[{number}].PolicyDocument"));
                    self.template(&place, SubjectKind::Identity, role.clone(), document);
                }
            }
        } else if matches!(
            kind,
            "AWS::IAM::ManagedPolicy"
                | "AWS::IAM::Policy"
                | "AWS::IAM::RolePolicy"
                | "AWS::IAM::UserPolicy"
                | "AWS::IAM::GroupPolicy"
        ) && let Some(document) = properties.get("PolicyDocument")
        {
            self.template(
                &place("PolicyDocument"),
                SubjectKind::Identity,
                role,
                document,
            );
        }
    }

    fn template(&mut self, place: &str, kind: SubjectKind, role: Option<RoleArn>, node: &Node) {
        match self.resolved(node) {
            Ok(node) => self.document(place, kind, role, &node),
            Err(function) => self.skip(
                place,
                &format!(
                    "it uses {}, whose value is not known here",
                    shown(&function, 100)
                ),
                false,
            ),
        }
    }

    /// A template's part with the values of its pseudo parameters; the function that has
    /// no known value otherwise.
    fn resolved(&self, node: &Node) -> Result<Node, String> {
        match node {
            Node::List(items) => Ok(Node::List(
                items
                    .iter()
                    .map(|item| self.resolved(item))
                    .collect::<Result<_, _>>()?,
            )),
            Node::Object(members) => {
                if let [(name, argument)] = &members[..] {
                    match (name.as_str(), argument) {
                        ("Ref", Node::Text(text)) => return self.pseudo(text).map(Node::Text),
                        ("Fn::Sub", Node::Text(text)) => {
                            return self.substituted(text).map(Node::Text);
                        }
                        ("Ref", _) => return Err("Ref".to_owned()),
                        (name, _) if name.starts_with("Fn::") => return Err(name.to_owned()),
                        _ => {}
                    }
                }
                let members = members
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.resolved(value)?)));
                Ok(Node::Object(members.collect::<Result<_, String>>()?))
            }
            other => Ok(other.clone()),
        }
    }

    fn pseudo(&self, name: &str) -> Result<String, String> {
        let cluster = self.hints.cluster.as_ref();
        match (name, cluster) {
            ("AWS::AccountId", Some(cluster)) => Ok(cluster.account.as_str().to_owned()),
            ("AWS::Region", Some(cluster)) => Ok(cluster.region.to_string()),
            ("AWS::Partition", Some(cluster)) => Ok(cluster.partition.to_string()),
            ("AWS::URLSuffix", Some(cluster)) => Ok(if &*cluster.partition == "aws-cn" {
                "amazonaws.com.cn"
            } else {
                "amazonaws.com"
            }
            .to_owned()),
            (
                name @ ("AWS::AccountId" | "AWS::Region" | "AWS::Partition" | "AWS::URLSuffix"),
                None,
            ) => Err(format!("{name} (--cluster-arn gives it)")),
            (name, _) => Err(format!("{name} (Ref)")),
        }
    }

    fn substituted(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("Fn::Sub")?;
            out.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => out.extend(["${", literal, "}"]),
                None => out.push_str(&self.pseudo(name)?),
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn skip(&mut self, place: &str, why: &str, malformed: bool) {
        let (place, why) = (place.to_owned(), why.to_owned());
        self.found.skipped.push(Skipped {
            place,
            why,
            malformed,
        });
    }

    /// A document, or its text; the API writes it URL-encoded.
    fn document(&mut self, place: &str, kind: SubjectKind, role: Option<RoleArn>, node: &Node) {
        let parsed = match node {
            Node::Text(text) => {
                let text = if text.trim_start().starts_with('{') {
                    text.clone()
                } else {
                    decoded(text)
                };
                match Node::parse(&text) {
                    Ok(node) => node,
                    Err(error) => {
                        return self.skip(place, &format!("it is not JSON: {error}"), true);
                    }
                }
            }
            other => other.clone(),
        };
        match Document::read(&parsed) {
            Ok(document) => {
                let place = place.to_owned();
                self.found.subjects.push(Subject {
                    place,
                    kind,
                    role,
                    document,
                    node: parsed,
                });
            }
            Err(error) => self.skip(place, &error.to_string(), true),
        }
    }
}

/// A document alone is a trust policy if it names a principal, or nothing but actions of
/// STS and no resource.
fn kind_of(node: &Node) -> SubjectKind {
    let statements = node.get("Statement").map_or(&[][..], Node::items);
    let has = |key: &str| {
        statements
            .iter()
            .any(|statement| statement.get(key).is_some())
    };
    let assumes = |statement: &Node| {
        let actions = statement.get("Action").map_or(&[][..], Node::items);
        actions.iter().any(|action| {
            action
                .as_text()
                .is_some_and(|text| text.starts_with("sts:AssumeRoleWith"))
        })
    };
    if has("Principal")
        || has("NotPrincipal")
        || statements.iter().any(assumes)
        || !(has("Resource") || has("NotResource"))
    {
        SubjectKind::Trust
    } else {
        SubjectKind::Identity
    }
}

fn items(node: Option<&Node>) -> impl Iterator<Item = (usize, &Node)> {
    let items = match node {
        Some(Node::List(items)) => &items[..],
        _ => &[],
    };
    items.iter().enumerate()
}

/// Percent-decoded, as the IAM API encodes documents.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = (*byte == b'%').then(|| after.get(..2)).flatten();
        let hex = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let Some(value) = hex {
            bytes.push(value);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
