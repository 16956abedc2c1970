//! A document with what belongs to it.

use crate::iam::Node;
use crate::names::RoleArn;

use super::size::{Quota, Size};

/// What a document is, and so where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The trust policy of this role.
    Trust(RoleArn),
    /// A policy of this role; `None` if the identity is not known.
    Identity(Option<RoleArn>),
    /// A security configuration of EMR on EC2.
    SecurityConfiguration,
    /// An object of Kubernetes.
    Manifest,
}

/// A rendered document.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// A name for resources, such as `execution-role-trust`.
    pub name: String,
    pub kind: Kind,
    pub body: Node,
    /// What to know before it is applied: sentences.
    pub notes: Vec<String>,
    /// Commands that belong to it.
    pub commands: Vec<String>,
}

impl Rendered {
    pub(super) fn new(name: &str, kind: Kind, body: Node) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            body,
            notes: Vec::new(),
            commands: Vec::new(),
        }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// Its size against IAM's quota; `None` where IAM has none.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        let quota = match self.kind {
            Kind::Trust(_) => Quota::TrustPolicy,
            Kind::Identity(_) => Quota::ManagedPolicy,
            Kind::SecurityConfiguration | Kind::Manifest => return None,
        };
        Some(Size::of(&self.body, quota))
    }
}

/// A document of these statements.
pub(super) fn policy(statements: Vec<Node>) -> Node {
    Node::object([
        ("Version", Node::text("2012-10-17")),
        ("Statement", Node::List(statements)),
    ])
}

/// A statement that allows, of the members given after the actions.
pub(super) fn allow<const N: usize>(
    sid: &str,
    actions: &[&str],
    members: [(&str, Node); N],
) -> Node {
    let actions = Node::texts(actions.iter().map(|action| (*action).to_owned()));
    let start = [("Sid", Node::text(sid)), ("Effect", Node::text("Allow"))];
    let mut all: Vec<(String, Node)> = start.map(|(key, value)| (key.to_owned(), value)).into();
    let mut rest = members
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .peekable();
    // IAM's own order: Sid, Effect, Principal, Action, Resource, Condition.
    if let Some(principal) = rest.next_if(|(key, _)| key == "Principal") {
        all.push(principal);
    }
    all.push(("Action".to_owned(), actions));
    all.extend(rest);
    Node::Object(all)
}
