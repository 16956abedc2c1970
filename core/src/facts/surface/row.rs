//! A row of the table, and the macro for writing rows.

use std::fmt;

use crate::facts::class_table::Action;

use super::{By, Verb, Verbs};

/// Whether the objects of a resource belong to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
    /// The row covers resources of both scopes.
    Either,
}

/// Some verbs on one resource or subresource, and what judges them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The API group, empty for the core group; `*` in a row for everything that no
    /// other row names. Versions are ignored.
    pub group: &'static str,
    /// The resource, in the plural; `*` as for the group.
    pub resource: &'static str,
    /// The subresource; empty for the resource itself, `*` for any.
    pub subresource: &'static str,
    pub scope: Scope,
    pub verbs: Verbs,
    pub answer: Answer,
}

/// What judges the requests of a row, or why nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Rules or admission policies judge them.
    Judged {
        /// At least one; the first judges every request of the row.
        by: &'static [By],
        /// Their action in the class table.
        what: Judged,
        /// A note for the documentation; often empty.
        note: &'static str,
    },
    /// No request of this kind gives access to a job's identity, data or
    /// configuration.
    Harmless { why: &'static str },
    /// They can give that access, and this version does not deny them.
    Open {
        why: &'static str,
        /// What detects it instead.
        seen_by: &'static str,
    },
}

/// The action of judged requests in the class table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Every request is this action, whatever the object. The class table alone
    /// decides for a class that may never do it. (This includes a write that changes
    /// nothing, although admission allows it.)
    Every(Action),
    /// Only the dangerous form is this action, and the object determines the form. The
    /// class table alone cannot decide.
    Dangerous(Action),
    /// No action of the class table: an admission policy asks the API server's
    /// authorizer instead.
    Otherwise,
}

impl Row {
    /// The action in the class table, for all requests of the row or for their
    /// dangerous form.
    #[must_use]
    pub const fn action(&self) -> Option<Action> {
        match self.answer {
            Answer::Judged {
                what: Judged::Every(action) | Judged::Dangerous(action),
                ..
            } => Some(action),
            _ => None,
        }
    }

    /// Whether a role binding gives this verb in its namespace: of everything but
    /// cluster-scoped objects, and of `bind` on cluster roles too. kube-apiserver asks
    /// for that in the namespace of the new binding.
    #[must_use]
    pub fn is_in_namespaces(&self, verb: Verb) -> bool {
        self.scope != Scope::Cluster || verb == Verb::Bind
    }

    /// The action, if every request of the row is this action.
    #[must_use]
    pub const fn every_request_is(&self) -> Option<Action> {
        match self.answer {
            Answer::Judged {
                what: Judged::Every(action),
                ..
            } => Some(action),
            _ => None,
        }
    }

    /// The rules and admission policies that judge it; empty if none does.
    #[must_use]
    pub const fn judges(&self) -> &'static [By] {
        match self.answer {
            Answer::Judged { by, .. } => by,
            Answer::Harmless { .. } | Answer::Open { .. } => &[],
        }
    }
}

/// `pods`, `deployments.apps`, `deployments.apps/scale`.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if !self.subresource.is_empty() {
            write!(f, "/{}", self.subresource)?;
        }
        Ok(())
    }
}

impl Answer {
    /// Adds a note to a judged row.
    pub(super) const fn note(self, note: &'static str) -> Self {
        match self {
            Self::Judged { by, what, .. } => Self::Judged { by, what, note },
            other => other,
        }
    }
}

const fn judged(by: &'static [By], what: Judged) -> Answer {
    let note = "";
    Answer::Judged { by, what, note }
}

pub(super) const fn every(by: &'static [By], action: Action) -> Answer {
    judged(by, Judged::Every(action))
}

pub(super) const fn dangerous(by: &'static [By], action: Action) -> Answer {
    judged(by, Judged::Dangerous(action))
}

pub(super) const fn otherwise(by: &'static [By]) -> Answer {
    judged(by, Judged::Otherwise)
}

pub(super) const fn harmless(why: &'static str) -> Answer {
    Answer::Harmless { why }
}

pub(super) const fn open(why: &'static str, seen_by: &'static str) -> Answer {
    Answer::Open { why, seen_by }
}

/// Declares rows under their scope, with the words of the documentation:
/// `GROUP "resource" / "subresource", … : [verbs] => answer;`. Each resource becomes
/// a separate row.
macro_rules! rows {
    ($($scope:ident {$(
        $($group:ident $resource:literal $(/ $subresource:literal)?),+ : $verbs:tt => $answer:expr;
    )*})+) => {
        &[$($($($crate::facts::surface::Row {
            group: $crate::facts::surface::groups::$group,
            resource: $resource,
            subresource: $crate::facts::surface::row::rows!(@text $($subresource)?),
            scope: $crate::facts::surface::Scope::$scope,
            verbs: $crate::facts::surface::row::rows!(@verbs $verbs),
            answer: $answer,
        },)+)*)+]
    };
    (@text) => { "" };
    (@text $text:literal) => { $text };
    (@verbs [WRITES]) => { $crate::facts::surface::Verbs::WRITES };
    (@verbs [READS]) => { $crate::facts::surface::Verbs::READS };
    (@verbs [$($verb:ident)+]) => {
        $crate::facts::surface::Verbs::of(&[$($crate::facts::surface::Verb::$verb),+])
    };
}

pub(super) use rows;
