//! A check, and what it finds.

use crate::iam::Node;

/// How far a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody else can become the role, or nobody can.
    Error,
    /// It depends on what else is there.
    Warning,
    /// Worth knowing.
    Info,
}

impl Level {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Such as `no-sub`.
    pub id: &'static str,
    pub level: Level,
    /// What it finds.
    pub about: &'static str,
    /// The page or fact that it comes from.
    pub source: &'static str,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub check: &'static Check,
    /// Such as `Statement[2].Condition.StringLike`.
    pub path: String,
    /// What is wrong: one sentence without its full stop.
    pub what: String,
    /// Who could become the role by it.
    pub who: Vec<String>,
    /// What to do: one sentence.
    pub instead: String,
    /// The corrected statement.
    pub fix: Option<Node>,
}

impl Finding {
    pub(super) fn new(
        check: &'static Check,
        path: impl Into<String>,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self {
            check,
            path: path.into(),
            what: what.into(),
            who: Vec::new(),
            instead: instead.into(),
            fix: None,
        }
    }
}
