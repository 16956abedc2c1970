//! The plain HTTP port: `/livez`, `/readyz`, `/metrics`.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::runtime::Readiness;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers the kubelet and Prometheus. No answer contains data of a request.
pub(in crate::server) fn router(readiness: Readiness, registry: Arc<Registry>) -> Router {
    let ready = async move || {
        let (ready, text) = readiness.report();
        (
            if ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            },
            text,
        )
    };
    let metrics = async move || {
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    Router::new()
        // Alive means only that the runtime still schedules tasks: with more
        // conditions the kubelet would restart a process that is waiting.
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "This port serves /livez, /readyz and /metrics.\n",
            )
        })
}
