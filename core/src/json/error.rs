//! What is wrong with a text, and where; never the text itself.

use std::fmt;
use std::num::NonZero;

/// The kind of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text ends before the value does.
    Early,
    /// It is not JSON.
    Syntax,
    /// It is JSON of another shape: a repeated field, or one of the wrong type.
    Shape,
    /// It has more levels than the reader accepts.
    Deep,
    /// It has a list with more elements than the reader accepts.
    Long,
}

impl Problem {
    /// The predicate of a sentence whose subject is the text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Early => "ends too early",
            Self::Syntax => "is not valid JSON",
            Self::Shape => "has a field twice or of the wrong type",
            Self::Deep => "is nested too deeply",
            Self::Long => "has a list that is too long",
        }
    }
}

/// A problem and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at line {line}, column {column}", .problem.as_str())]
pub struct Error {
    /// What is wrong.
    pub problem: Problem,
    /// Line, from 1.
    pub line: usize,
    /// Column, in bytes, from 1.
    pub column: usize,
}

impl From<&serde_json::Error> for Error {
    fn from(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        Self {
            problem: match error.classify() {
                Category::Eof => Problem::Early,
                Category::Data => Problem::Shape,
                Category::Syntax | Category::Io => Problem::Syntax,
            },
            line: error.line(),
            column: error.column(),
        }
    }
}

/// An error inside the reader, before line and column are counted. It packs the
/// problem and the offset into one word, so that results stay in registers: a review
/// has thousands of results, and nearly always none is an error.
#[derive(Clone, Copy, Debug)]
pub struct ParseFault(NonZero<usize>);

impl ParseFault {
    /// The offset of a fault whose place only the reader knows.
    const ANYWHERE: usize = (usize::MAX >> 3) - 1;

    #[cold]
    pub(super) const fn new(problem: Problem, at: usize) -> Self {
        // The problem in the three lowest bits, above them the offset plus one, which
        // is never zero.
        let packed = ((at + 1) << 3) | problem as usize;
        Self(NonZero::<usize>::MIN.saturating_add(packed - 1))
    }

    const fn problem(self) -> Problem {
        match self.0.get() & 7 {
            0 => Problem::Early,
            1 => Problem::Syntax,
            2 => Problem::Shape,
            3 => Problem::Deep,
            _ => Problem::Long,
        }
    }

    /// Adds line and column; `reader` is the offset where reading stopped.
    #[cold]
    pub(super) fn in_text(self, text: &str, reader: usize) -> Error {
        let at = match (self.0.get() >> 3) - 1 {
            at if at <= text.len() => at,
            _ => reader.min(text.len()),
        };
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Error {
            problem: self.problem(),
            line: 1 + memchr::memchr_iter(b'\n', before).count(),
            column: at - line_start + 1,
        }
    }
}

impl fmt::Display for ParseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem().as_str())
    }
}

impl std::error::Error for ParseFault {}

impl serde::de::Error for ParseFault {
    /// Drops the message: it may quote the text.
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Problem::Shape, Self::ANYWHERE)
    }
}
