//! What is wrong, or worth knowing, about a policy file.

use std::fmt;

/// A place in a policy file, both counted from one; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The character in that line.
    pub column: u64,
}

impl Position {
    /// The first character of a file: where it stands for the whole.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One thing that must be changed before the file can be a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub at: Position,
    /// What is wrong there and what to do, in one sentence.
    pub message: String,
}

/// A text that is no policy, with everything found wrong with it. Shown as one
/// line a problem: `file:line:column: sentence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file's name, as it was given.
    pub source: String,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl PolicyError {
    pub(crate) fn one(source: &str, at: Position, message: impl Into<String>) -> Self {
        Self {
            source: source.to_owned(),
            problems: vec![Problem {
                at,
                message: message.into(),
            }],
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}: {}", self.source, problem.at, problem.message)?;
        }
        Ok(())
    }
}

// By hand: `thiserror` takes a field named `source` for the cause.
impl std::error::Error for PolicyError {}

/// How much a warning weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Good to know; nothing to do.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Part of the file has no effect; log it as an error.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something about a policy that does not keep it from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWarning {
    /// How much it weighs.
    pub level: Level,
    /// The place it is about, if it is about one.
    pub at: Option<Position>,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for PolicyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(
                f,
                "{}: {} (line {}, column {})",
                self.level, self.message, at.line, at.column
            ),
            None => write!(f, "{}: {}", self.level, self.message),
        }
    }
}
