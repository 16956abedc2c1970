//! Every reason for a request to get no decision, with its status and message.
//! None can be read as "allowed": the status is 400 or more, and the body holds
//! no `AdmissionReview`.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};

use rolegate_core::decision::Door;

/// A body that cannot be reviewed, with a sentence for the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadReview {
    /// HTTP status, normally 400. A status outside 400 to 599 is sent as 500,
    /// so that a mistake cannot become a success.
    pub status: u16,
    /// One sentence, escaped and shortened; it is sent and logged.
    pub message: String,
}

/// Why a request got no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Refusal {
    NotFound,
    /// The method is not POST.
    Method,
    /// The content type is not JSON.
    ContentType,
    /// The body is larger than `cap` bytes.
    TooLarge {
        cap: usize,
    },
    /// The door is at its limit of requests in flight.
    Busy(Door),
    /// The door has no room for more bytes of large bodies.
    BusyBytes(Door),
    /// The large body had room and had to give way to another.
    Displaced(Door),
    /// A limit on connections is reached, in total or for the client's address.
    TooManyConnections,
    BrokenBody,
    /// The body arrives more slowly than the limit allows.
    TooSlow,
    /// The reviewer could not read the body.
    BadReview(BadReview),
    /// The review took longer than this.
    Deadline(Duration),
    /// The reviewer panicked.
    Panicked,
}

impl Refusal {
    pub(in crate::server) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy(_) | Self::BusyBytes(_) | Self::Displaced(_) | Self::TooManyConnections => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::BrokenBody => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BadReview(bad) => StatusCode::from_u16(bad.status)
                .ok()
                .filter(|status| status.is_client_error() || status.is_server_error())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Deadline(_) | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The metric label.
    pub(in crate::server) fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::ContentType => "content_type",
            Self::TooLarge { .. } => "too_large",
            Self::Busy(_) => "shed_requests",
            Self::BusyBytes(_) => "shed_bytes",
            Self::Displaced(_) => "displaced",
            Self::TooManyConnections => "shed_connection",
            Self::BrokenBody => "broken_body",
            Self::TooSlow => "slow_body",
            Self::BadReview(_) => "bad_review",
            Self::Deadline(_) => "deadline",
            Self::Panicked => "panic",
        }
    }

    pub(in crate::server) fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::NotFound => {
                "There is nothing at this path; reviews go to /validate/{enforce,warn,audit,cluster} and /mutate, questions of authorization to /authorize.".into()
            }
            Self::Method => "This path accepts POST only.".into(),
            Self::ContentType => "The body must be sent as content type application/json.".into(),
            Self::TooLarge { cap } => {
                format!("The body is larger than the {} MiB a review may have.", cap / (1024 * 1024)).into()
            }
            Self::Busy(door) => format!("Too many reviews are in flight at the {door} door; try again in a second.").into(),
            Self::BusyBytes(door) => {
                format!("Too many bytes are in flight at the {door} door; try again in a second.").into()
            }
            Self::Displaced(door) => {
                format!("The {door} door needed the room of this large body for another; try again in a second.").into()
            }
            Self::TooManyConnections => "Too many connections are open from this address; try again in a second.".into(),
            Self::BrokenBody => "The body ended before it was complete.".into(),
            Self::TooSlow => "The body arrives too slowly.".into(),
            Self::BadReview(bad) => bad.message.as_str().into(),
            Self::Deadline(budget) => format!("The review was not finished within {} ms.", budget.as_millis()).into(),
            Self::Panicked => "The review failed with an internal error, which is a bug in rolegate.".into(),
        }
    }

    /// The HTTP answer, in plain text: the API server quotes it in its error.
    pub(in crate::server) fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{}\n", self.sentence())));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        match self.status() {
            // With this header the API server's client tries again within its own timeout.
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"))
            }
            _ => None,
        };
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewer_cannot_turn_a_refusal_into_a_success() {
        for status in [0, 42, 200, 204, 302, 999, 1000] {
            let bad = Refusal::BadReview(BadReview {
                status,
                message: "no".to_owned(),
            });
            assert_eq!(bad.status(), StatusCode::INTERNAL_SERVER_ERROR, "{status}");
        }
    }
}
