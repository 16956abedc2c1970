//! Reading a body: limited in size, counted as its bytes arrive, and not copied
//! if it arrives in one piece.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::large::NoRoom;
use super::pool::Load;
use super::refusal::Refusal;
use crate::server::limits::Limits;
use rolegate_core::decision::Door;

/// Limits on reading the rest of a body after an error. Closing at once would
/// reset the connection, and the client would never see the answer.
const DISCARD_TIME: Duration = Duration::from_secs(2);
const DISCARD_BYTES: usize = 64 * 1024 * 1024;
/// How long a body that is too slow may still show that it is not: where this
/// machine is busy, what has arrived waits in the kernel until hyper reads it.
const LAST_CHANCE: Duration = Duration::from_millis(100);

/// The `Content-Length`; hyper has checked that it is a number.
pub(in crate::server) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// By when a body must be complete, and how fast it must arrive.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Pace {
    pub(in crate::server) started: Instant,
    pub(in crate::server) deadline: Instant,
    pub(in crate::server) budget: Duration,
}

impl Pace {
    /// By when more must arrive after `length` bytes.
    fn due(&self, length: usize, limits: &Limits) -> Instant {
        let rate = u64::from(limits.connections.body_rate.max(1));
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let worth = Duration::from_millis(length.saturating_mul(1000) / rate);
        (self.started + limits.connections.body_grace + worth).min(self.deadline)
    }
}

/// Reads the whole body and holds its bytes in `load` as they arrive.
pub(in crate::server) async fn read(
    body: &mut Body,
    declared: Option<usize>,
    door: Door,
    load: &mut Load,
    mut pace: Pace,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    let mut due = pin!(sleep_until(pace.due(0, limits)));
    let mut last_chance = false;
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = load.displaced() => return Err(Refusal::Displaced(door)),
            () = due.as_mut() => {
                // Bytes that came since move the time; it is looked at here,
                // which costs less than moving it with each of them.
                let (now, later) = (Instant::now(), pace.due(first.len() + joined.len(), limits));
                if now >= pace.deadline {
                    return Err(Refusal::Deadline(pace.budget));
                }
                if now < later {
                    last_chance = false;
                    due.as_mut().reset(later);
                } else if last_chance {
                    return Err(Refusal::TooSlow);
                } else {
                    last_chance = true;
                    due.as_mut().reset((now + LAST_CHANCE).min(pace.deadline));
                }
                continue;
            }
        };
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| Refusal::BrokenBody)?.into_data() else {
            continue;
        };
        let length = first.len() + joined.len() + data.len();
        if length > limits.body {
            return Err(Refusal::TooLarge { cap: limits.body });
        }
        let held = timeout_at(pace.deadline, load.hold(length)).await;
        // What it waits for room is no time in which it could have arrived.
        pace.started += held
            .map_err(|_| Refusal::BusyBytes(door))?
            .map_err(|why| no_room(why, door))?;
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

fn no_room(why: NoRoom, door: Door) -> Refusal {
    match why {
        NoRoom::Full => Refusal::BusyBytes(door),
        NoRoom::Displaced => Refusal::Displaced(door),
    }
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
