//! Problems and warnings about a policy file, with their positions.

use std::fmt;

/// A position in a policy file: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

impl Position {
    /// The start of the file, for problems with the file as a whole.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One error in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: Position,
    /// One sentence: what is wrong and what to do.
    pub message: String,
}

/// The most problems that are printed.
const MOST_SHOWN: usize = 50;

/// An invalid policy file. Displayed as one line per problem:
/// `file:line:column: sentence`, and one per warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file's name, as the caller gave it.
    pub source: String,
    /// At least one, in the order of the file. All that could be found; 50 are printed.
    pub problems: Vec<Problem>,
    /// What else is probably a mistake, with its place in the file.
    pub warnings: Vec<PolicyWarning>,
}

impl PolicyError {
    pub(crate) fn one(source: &str, at: Position, message: impl Into<String>) -> Self {
        Self {
            source: source.to_owned(),
            problems: vec![Problem {
                at,
                message: message.into(),
            }],
            warnings: Vec::new(),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(MOST_SHOWN).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}: {}", self.source, problem.at, problem.message)?;
        }
        match self.problems.len().saturating_sub(MOST_SHOWN) {
            0 => {}
            more => write!(f, "\n{}: and {more} more problems", self.source)?,
        }
        for PolicyWarning { level, at, message } in self.warnings.iter().take(MOST_SHOWN) {
            if let Some(at) = at {
                write!(f, "\n{}:{at}: {level}: {message}", self.source)?;
            }
        }
        Ok(())
    }
}

// Not derived: `thiserror` treats a field named `source` as the cause.
impl std::error::Error for PolicyError {}

/// The severity of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For information; needs no action.
    Note,
    /// Probably a mistake.
    Warning,
    /// A part of the file has no effect; logged as an error.
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

/// A note or warning about a valid policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWarning {
    pub level: Level,
    /// `None` if it is not about one place in the file.
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
