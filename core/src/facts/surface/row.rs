//! One row of the table, and how the rows are written.

use std::fmt;

use crate::facts::class_table::Action;

use super::{By, Verbs};

/// Whether the objects of a resource belong to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// They do.
    Namespaced,
    /// They do not.
    Cluster,
    /// Some do: the row answers for more than one resource.
    Either,
}

/// Some verbs on one resource or subresource, and what answers for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The API group, empty for the core group; `*` in a row that answers for
    /// all that no other row names. Versions do not count.
    pub group: &'static str,
    /// The resource, in the plural; `*` as for the group.
    pub resource: &'static str,
    /// The subresource; empty for the resource itself, `*` for any.
    pub subresource: &'static str,
    /// Whether its objects belong to a namespace.
    pub scope: Scope,
    /// The verbs.
    pub verbs: Verbs,
    /// What answers for them.
    pub answer: Answer,
}

/// What answers for the requests of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Rules or admission policies judge them.
    Judged {
        /// Who, the first being the one that always has a say.
        by: &'static [By],
        /// What they are in the class table.
        what: Judged,
        /// What else there is to say; often empty.
        note: &'static str,
    },
    /// Nothing of this kind leads to a job's identity, data or configuration.
    Harmless {
        /// The reason.
        why: &'static str,
    },
    /// They can lead there, and this version does not stop them.
    Open {
        /// How.
        why: &'static str,
        /// What sees it instead.
        seen_by: &'static str,
    },
}

/// What judged requests are in the class table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Every request is this action, whatever the object: the class table alone
    /// answers for a class that may never do it. (A write that changes nothing
    /// counts, although admission lets it pass.)
    Every(Action),
    /// Only the dangerous form is this action, and the object tells which form
    /// it is: the class table alone answers nothing.
    Dangerous(Action),
    /// No action of the class table: an admission policy asks the API server's
    /// own authorizer instead.
    Otherwise,
}

impl Row {
    /// The action of the class table, for all requests of the row or for their
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

    /// The action that every request of the row is.
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

    /// Who judges it; empty for rows that nobody judges.
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
    /// The same, with more to say about what is judged.
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

/// Rows, in the words of the documentation, under their scope:
/// `GROUP "resource" / "subresource", … : [verbs] => answer;`. Each resource
/// becomes a row of its own.
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
