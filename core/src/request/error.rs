//! What can be wrong with a review, in one sentence each.

use crate::json::{self, Problem};

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
        "{what} {} at line {line}, column {column}; send it as the API server writes it",
        .problem.as_str()
    )]
    Json {
        /// Which part: `the AdmissionReview`, `request.object`, ...
        what: &'static str,
        /// What is wrong with it.
        problem: Problem,
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
    /// Some other kind of object where a SubjectAccessReview belongs.
    #[error(
        "this is no SubjectAccessReview of authorization.k8s.io/v1; send one as the API server \
         writes it"
    )]
    NotAnAccessReview,
    /// Some other kind of object where an audit event belongs.
    #[error(
        "this is no audit event (kind `Event` of audit.k8s.io); give the log as the API server \
         writes it, one JSON object per line"
    )]
    NotAnAuditEvent,
    /// A field that every review has is missing or empty.
    #[error("`{0}` is missing; send it as the API server writes it")]
    Missing(&'static str),
}

impl ReviewError {
    /// Says which part has a problem.
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
