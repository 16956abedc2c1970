//! The paths of the HTTPS port.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::post;

use super::desk::Desk;
use super::metrics::ReviewMetrics;
use super::refusal::Refusal;
use super::{Door, Reviewer, body};

/// One route a door; a sentence for everything else.
pub(super) fn router<R: Reviewer>(desk: &Arc<Desk<R>>) -> Router {
    let metrics = desk.metrics.clone();
    let mut router = Router::new();
    for door in Door::ALL {
        let desk = Arc::clone(desk);
        let metrics = metrics.clone();
        let review = move |request: Request| async move { desk.answer(door, request).await };
        let other = move |request: Request| async move {
            refuse(&metrics, Some(door), &Refusal::Method, request)
        };
        router = router.route(door.path(), post(review).fallback(other));
    }
    router.fallback(move |request: Request| async move {
        refuse(&metrics, None, &Refusal::NotFound, request)
    })
}

fn refuse(
    metrics: &ReviewMetrics,
    door: Option<Door>,
    refusal: &Refusal,
    request: Request,
) -> Response<Body> {
    metrics.failed(door, refusal.reason());
    let (head, body) = request.into_parts();
    body::linger(&head.headers, body);
    refusal.response()
}
