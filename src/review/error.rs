//! What can be wrong with a review, in one sentence each.

use serde_json::error::Category;

/// A body that is no usable `AdmissionReview`. Answered with HTTP 400, which
/// the API server counts as a failed call: `failurePolicy` decides, nothing is
/// allowed here.
///
/// The texts name positions and fields, never values: a body may hold a Secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReviewError {
    /// The body is not UTF-8.
    #[error("the body is not UTF-8 (byte {at}); send an AdmissionReview as JSON")]
    NotUtf8 {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// The body is not JSON, or a part of it has the wrong type.
    #[error(
        "{what} {problem} at line {line}, column {column}; send it as the API server writes it"
    )]
    Json {
        /// Which part: `the AdmissionReview`, `request.object`, ...
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
        /// Line of the problem, from 1.
        line: usize,
        /// Column of the problem, from 1.
        column: usize,
    },
    /// Some other kind or version of object.
    #[error(
        "this endpoint takes apiVersion `admission.k8s.io/v1`, kind `AdmissionReview`, not {0}; \
         list `v1` in admissionReviewVersions"
    )]
    WrongKind(String),
    /// A field that every review has is missing or empty.
    #[error("`{0}` is missing from the AdmissionReview; send it as the API server writes it")]
    Missing(&'static str),
}

impl ReviewError {
    /// Wraps a JSON error without its text, which could quote the body.
    #[must_use]
    pub fn json(what: &'static str, error: &serde_json::Error) -> Self {
        let problem = match error.classify() {
            Category::Eof => "ends too early",
            Category::Data => "has a field twice or of the wrong type",
            Category::Syntax | Category::Io => "is not valid JSON",
        };
        Self::Json {
            what,
            problem,
            line: error.line(),
            column: error.column(),
        }
    }
}
