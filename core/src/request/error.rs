//! Errors in a review, one sentence each.

use crate::json::{self, Problem};

/// An unusable review. The server responds with HTTP 400, which the API server
/// counts as a failed call: `failurePolicy` decides, and rolegate allows nothing.
///
/// The messages name positions and fields, never values: a body may hold a Secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReviewError {
    #[error("the body is not UTF-8 (byte {at}); send an AdmissionReview as JSON")]
    NotUtf8 {
        /// The offset of the first invalid byte.
        at: usize,
    },
    /// The body is not JSON, or a part of it has a wrong type.
    #[error(
        "{what} {} at line {line}, column {column}; send it as the API server writes it",
        .problem.as_str()
    )]
    Json {
        /// The part: `the AdmissionReview`, `request.object`, …
        what: &'static str,
        problem: Problem,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// An object of another kind or version, in place of an AdmissionReview.
    #[error(
        "this endpoint accepts apiVersion `admission.k8s.io/v1`, kind `AdmissionReview`; the body \
         has {0}; list `v1` in admissionReviewVersions"
    )]
    WrongKind(String),
    /// Another kind of object in place of a `SubjectAccessReview`.
    #[error(
        "this is not a SubjectAccessReview of authorization.k8s.io/v1; send it as the API server \
         writes it"
    )]
    NotAnAccessReview,
    /// Another kind of object in place of an audit event.
    #[error(
        "this is not an audit event (kind `Event` of audit.k8s.io); pass the log as the API server \
         writes it, one JSON object per line"
    )]
    NotAnAuditEvent,
    /// A required field is missing or empty.
    #[error("`{0}` is missing; send it as the API server writes it")]
    Missing(&'static str),
}

impl ReviewError {
    /// Whether the only fault is a list with more elements than the engine reads.
    #[must_use]
    pub const fn is_too_long(&self) -> bool {
        matches!(
            self,
            Self::Json {
                problem: Problem::Long,
                ..
            }
        )
    }

    /// A parse error in the part `what`.
    #[must_use]
    pub fn json(what: &'static str, error: json::Error) -> Self {
        Self::Json {
            what,
            problem: error.problem,
            line: error.line,
            column: error.column,
        }
    }
}
