//! IAM policy documents, parsed strictly into types.

use std::fmt;

use super::condition::{Condition, Operator};
use super::node::Node;
use super::variables::Version;
use crate::names::shown;

/// A policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub version: Version,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub principal: Principals,
    pub actions: Names,
    /// `None` in a trust policy.
    pub resources: Option<Names>,
    pub conditions: Vec<Condition>,
    /// The statement as given.
    pub node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// Actions or resources: those listed, or all but those (`NotAction`, `NotResource`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    Only(Vec<String>),
    AllBut(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principals {
    /// None is given, as in an identity policy.
    None,
    Only(Vec<Principal>),
    /// `NotPrincipal`.
    AllBut(Vec<Principal>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub kind: PrincipalKind,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Accounts, roles, users and sessions; `Principal: "*"` is `AWS: "*"` with
    /// anonymous requests.
    Aws,
    Federated,
    Service,
    CanonicalUser,
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Malformed {
    /// Such as `Statement[0].Condition`.
    pub path: String,
    pub what: String,
}

type Result<T> = std::result::Result<T, Malformed>;

fn malformed<T>(path: impl Into<String>, what: impl Into<String>) -> Result<T> {
    let (path, what) = (path.into(), what.into());
    Err(Malformed { path, what })
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The first thing that IAM would not accept, or that has no meaning.
    pub fn read(node: &Node) -> Result<Self> {
        let Node::Object(members) = node else {
            return malformed(
                "the document",
                format!("it is {}, not an object", node.kind()),
            );
        };
        let mut version = Version::Old;
        let mut statements = None;
        for (key, value) in members {
            match key.as_str() {
                "Version" => {
                    version = match value.as_text() {
                        Some("2012-10-17") => Version::Current,
                        Some("2008-10-17") => Version::Old,
                        _ => {
                            return malformed("Version", "it is neither 2012-10-17 nor 2008-10-17");
                        }
                    }
                }
                "Id" => {}
                "Statement" => statements = Some(value),
                other => {
                    return malformed(
                        "the document",
                        format!(
                            "IAM knows no key `{}`; it knows Version, Id and Statement",
                            shown(other, 60)
                        ),
                    );
                }
            }
        }
        let Some(statements) = statements else {
            return malformed("the document", "it has no Statement");
        };
        let statements = statements.items().iter().enumerate();
        let statements = statements
            .map(|(number, node)| Statement::read(node, &format!("Statement[{number}]")))
            .collect::<Result<Vec<_>>>()?;
        if statements.is_empty() {
            return malformed("Statement", "the list is empty");
        }
        Ok(Self {
            version,
            statements,
        })
    }
}

impl Statement {
    fn read(node: &Node, path: &str) -> Result<Self> {
        let Node::Object(members) = node else {
            return malformed(path, format!("it is {}, not an object", node.kind()));
        };
        let mut sid = None;
        let mut effect = None;
        let mut principal = Principals::None;
        let mut actions = None;
        let mut resources = None;
        let mut conditions = Vec::new();
        for (key, value) in members {
            let at = format!("{path}.{key}");
            let twice = |is: bool, other: &str| {
                if is {
                    malformed(
                        path,
                        format!("it has both {other} and Not{other}; IAM takes one of them"),
                    )
                } else {
                    Ok(())
                }
            };
            match key.as_str() {
                "Sid" => sid = Some(text(value, &at)?),
                "Effect" => {
                    effect = Some(match value.as_text() {
                        Some("Allow") => Effect::Allow,
                        Some("Deny") => Effect::Deny,
                        _ => return malformed(at, "it is neither Allow nor Deny"),
                    });
                }
                "Action" | "NotAction" => {
                    twice(actions.is_some(), "Action")?;
                    actions = Some(Names::read(value, key == "NotAction", &at)?);
                }
                "Resource" | "NotResource" => {
                    twice(resources.is_some(), "Resource")?;
                    resources = Some(Names::read(value, key == "NotResource", &at)?);
                }
                "Principal" | "NotPrincipal" => {
                    twice(principal != Principals::None, "Principal")?;
                    let listed = principals(value, &at)?;
                    principal = if key == "Principal" {
                        Principals::Only(listed)
                    } else {
                        Principals::AllBut(listed)
                    };
                }
                "Condition" => conditions = conditions_of(value, &at)?,
                other => {
                    return malformed(path, format!("IAM knows no key `{}`", shown(other, 60)));
                }
            }
        }
        let Some(effect) = effect else {
            return malformed(path, "it has no Effect");
        };
        let Some(actions) = actions else {
            return malformed(path, "it has neither Action nor NotAction");
        };
        Ok(Self {
            sid,
            effect,
            principal,
            actions,
            resources,
            conditions,
            node: node.clone(),
        })
    }

    /// The principals that a statement of the usual form lists.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        let listed = match &self.principal {
            Principals::Only(listed) => &listed[..],
            Principals::None | Principals::AllBut(_) => &[],
        };
        listed.iter()
    }

    /// The conditions on a key. Keys ignore case.
    pub fn conditions_on<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Condition> {
        self.conditions
            .iter()
            .filter(move |condition| condition.key.eq_ignore_ascii_case(key))
    }
}

impl Names {
    fn read(node: &Node, but: bool, path: &str) -> Result<Self> {
        let names = texts(node, path)?;
        if names.is_empty() {
            return malformed(path, "the list is empty");
        }
        Ok(if but {
            Self::AllBut(names)
        } else {
            Self::Only(names)
        })
    }

    /// As given.
    #[must_use]
    pub fn listed(&self) -> &[String] {
        match self {
            Self::Only(names) | Self::AllBut(names) => names,
        }
    }
}

fn principals(node: &Node, path: &str) -> Result<Vec<Principal>> {
    let members = match node {
        Node::Text(text) if text == "*" => {
            let (kind, value) = (PrincipalKind::Aws, text.clone());
            return Ok(vec![Principal { kind, value }]);
        }
        Node::Object(members) if !members.is_empty() => members,
        Node::Object(_) => return malformed(path, "it names nobody"),
        other => {
            return malformed(
                path,
                format!(
                    "it is {}; IAM takes \"*\" or an object such as {{\"AWS\": …}}",
                    other.kind()
                ),
            );
        }
    };
    let mut listed = Vec::new();
    for (key, value) in members {
        let kind = match key.as_str() {
            "AWS" => PrincipalKind::Aws,
            "Federated" => PrincipalKind::Federated,
            "Service" => PrincipalKind::Service,
            "CanonicalUser" => PrincipalKind::CanonicalUser,
            other => {
                return malformed(
                    path,
                    format!(
                        "IAM knows no principal `{}`; it knows AWS, Federated, Service and CanonicalUser",
                        shown(other, 60)
                    ),
                );
            }
        };
        let values = texts(value, &format!("{path}.{key}"))?;
        listed.extend(values.into_iter().map(|value| Principal { kind, value }));
    }
    Ok(listed)
}

fn conditions_of(node: &Node, path: &str) -> Result<Vec<Condition>> {
    let Node::Object(operators) = node else {
        return malformed(path, format!("it is {}, not an object", node.kind()));
    };
    let mut conditions: Vec<Condition> = Vec::new();
    for (name, keys) in operators {
        let at = format!("{path}.{name}");
        let Some(operator) = Operator::parse(name) else {
            return malformed(path, format!("IAM knows no operator `{}`", shown(name, 60)));
        };
        let Node::Object(keys) = keys else {
            return malformed(at, format!("it is {}, not an object of keys", keys.kind()));
        };
        let mut seen = std::collections::HashSet::new();
        for (key, values) in keys {
            if !seen.insert(key.to_ascii_lowercase()) {
                return malformed(
                    at,
                    format!(
                        "the key `{}` is given twice in different case",
                        shown(key, 100)
                    ),
                );
            }
            let values = texts(values, &format!("{at}.{key}"))?;
            if values.is_empty() {
                return malformed(
                    format!("{at}.{key}"),
                    "the list is empty, so the condition is never true",
                );
            }
            conditions.push(Condition {
                operator,
                key: key.clone(),
                values,
                path: format!("{at}.{key}"),
            });
        }
    }
    Ok(conditions)
}

fn text(node: &Node, path: &str) -> Result<String> {
    match node.as_text() {
        Some(text) => Ok(text.to_owned()),
        None => malformed(path, format!("it is {}, not a string", node.kind())),
    }
}

/// One or a list of them. Bools and numbers become their text, as IAM reads them; of
/// numbers, only those that are written without a sign or a leading zero arrive here.
fn texts(node: &Node, path: &str) -> Result<Vec<String>> {
    let read = |node: &Node| match node {
        Node::Text(text) => Ok(text.clone()),
        Node::Bool(value) => Ok(value.to_string()),
        Node::Number(number) => Ok(number.to_string()),
        other => malformed(
            path,
            format!("it has {} where a string belongs", other.kind()),
        ),
    };
    node.items().iter().map(read).collect()
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}
