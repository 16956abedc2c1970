//! Reading a body: capped, accounted for, and without a copy where it came in
//! one piece.

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

/// How long and how much of a refused body is still read. Closing at once
/// would reset the connection, and the client would never see the answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// The length the head declares; hyper has checked that it is a number.
pub(in crate::server) fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads the whole body. `slot` holds what is declared or, without a length,
/// what has come so far.
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
            // Grown on demand from here, not to the declared length: what is
            // only announced should cost no memory.
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

/// Reads on and throws away for a moment, beside the answer.
pub(in crate::server) fn linger(headers: &HeaderMap, mut body: Body) {
    // Whoever waits for a "100 Continue" has sent nothing to read.
    if headers.contains_key(EXPECT) || declared(headers) == Some(0) {
        return;
    }
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > LINGER_BYTES {
                break;
            }
        }
    }));
}
