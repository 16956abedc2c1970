//! Reading a body: limited in size, counted against the door's bytes, and not
//! copied if it arrives in one piece.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::pool::Slot;
use super::refusal::Refusal;
use crate::server::limits::Limits;
use rolegate_core::decision::Door;

/// Limits on reading the rest of a body after an error. Closing at once would
/// reset the connection, and the client would never see the answer.
const DISCARD_TIME: Duration = Duration::from_secs(2);
const DISCARD_BYTES: usize = 64 * 1024 * 1024;

/// The `Content-Length`; hyper has checked that it is a number.
pub(in crate::server) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads the whole body. `slot` holds the declared length or, without one, the
/// bytes received so far.
pub(in crate::server) async fn read(
    body: &mut Body,
    declared: Option<usize>,
    door: Door,
    slot: &mut Slot,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BrokenBody)?.into_data() else {
            continue;
        };
        let length = first.len() + joined.len() + data.len();
        if length > limits.body {
            return Err(Refusal::TooLarge { cap: limits.body });
        }
        if !slot.hold(length) {
            return Err(Refusal::BusyBytes(door));
        }
        if first.is_empty() && joined.is_empty() {
            first = data;
            continue;
        }
        if joined.is_empty() {
            // Allocates at most `heavy_body` bytes ahead, so that a client
            // cannot use up memory by declaring a length.
            joined.reserve(length.max(declared.unwrap_or_default().min(limits.heavy_body)));
            joined.extend_from_slice(&std::mem::take(&mut first));
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() {
        first
    } else {
        Bytes::from(joined)
    })
}

/// Reads and discards the rest of a body in the background.
pub(in crate::server) fn discard(headers: &HeaderMap, mut body: Body) {
    // A client that waits for "100 Continue" has not sent its body.
    if headers.contains_key(EXPECT) || declared_length(headers) == Some(0) {
        return;
    }
    tokio::spawn(tokio::time::timeout(DISCARD_TIME, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > DISCARD_BYTES {
                break;
            }
        }
    }));
}
