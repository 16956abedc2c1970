//! The paths of the HTTPS port.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::routing::post;

use super::Reviewer;
use super::body;
use super::metrics::ReviewMetrics;
use super::refusal::Refusal;
use super::review_handler::ReviewHandler;
use rolegate_core::decision::Door;

/// One route per door; an error for everything else.
pub(in crate::server) fn router<R: Reviewer>(handler: &Arc<ReviewHandler<R>>) -> Router {
    let metrics = handler.metrics.clone();
    let mut router = Router::new();
    for door in Door::ALL {
        let handler = Arc::clone(handler);
        let metrics = metrics.clone();
        let review = move |request: Request| async move { handler.answer(door, request).await };
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
    body::discard(&head.headers, body);
    refusal.response()
}
