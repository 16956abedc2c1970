//! What ends a connection, or changes how it is served, from outside.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connections::{Admit, Place};
use crate::runtime::Shutdown;
use crate::server::limits::ConnectionLimits;

pub(in crate::server) struct Watch<'a> {
    limits: &'a ConnectionLimits,
    pub(in crate::server) place: &'a Place,
    /// Open for that long, the connection closes with its next answer.
    pub(in crate::server) age: Duration,
    stop: CancellationToken,
    /// When the connection heard that accepting has ended.
    stopped: Option<Instant>,
    /// When to look at the limits on time. One periodic look costs less than a timer
    /// for each request.
    next: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::server) enum Event {
    /// It is one of many that wait: it should do so without buffers.
    NoBuffers,
    /// Its place has been taken away.
    Evicted,
    /// It has exceeded a limit, whose metric label this is.
    Overdue(&'static str),
    /// Accepting has ended, and no request has come.
    Stopped,
}

impl<'a> Watch<'a> {
    pub(in crate::server) fn new(
        limits: &'a ConnectionLimits,
        shutdown: &Shutdown,
        place: &'a Place,
    ) -> Self {
        let mut watch = Self {
            limits,
            place,
            age: spread(limits.age),
            stop: shutdown.stop.child_token(),
            stopped: None,
            next: Instant::now(),
        };
        watch.next += watch.interval();
        watch
    }

    fn interval(&self) -> Duration {
        match self.place.admit() {
            Admit::Serve => self.limits.header.min(self.limits.idle) / 2,
            Admit::Reject => self.limits.handshake,
        }
    }

    /// Waits for the next event.
    pub(in crate::server) async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if self.stopped.is_none() => {
                    // A request may be on its way, so the connection does not close at
                    // once. The answer closes it, as it says.
                    let now = Instant::now();
                    self.stopped = Some(now);
                    self.next = now;
                }
                () = self.place.phase.evicted() => return Event::Evicted,
                () = self.place.phase.told_to_wait() => return Event::NoBuffers,
                () = sleep_until(self.next) => {
                    if let Some(event) = self.look() {
                        return event;
                    }
                }
            }
        }
    }

    fn look(&mut self) -> Option<Event> {
        let (now, phase) = (Instant::now(), &self.place.phase);
        self.next = now + self.interval();
        let overdue = match self.place.admit() {
            Admit::Serve => phase.overdue(self.limits),
            Admit::Reject => (phase.opened().elapsed() >= self.limits.handshake).then_some("told"),
        };
        if let Some(reason) = overdue {
            return Some(Event::Overdue(reason));
        }
        let end = match phase.lingers(self.stopped?, self.limits) {
            Some(end) if end <= now => return Some(Event::Stopped),
            Some(end) => end,
            // Once it has its answer it closes; this is for what comes instead.
            None => now + self.limits.linger,
        };
        self.next = self.next.min(end);
        None
    }
}

/// `time` plus or minus up to a tenth, at random, so that connections opened
/// together do not close together.
fn spread(time: Duration) -> Duration {
    let random = u32::from(RandomState::new().hash_one(0_u8).to_be_bytes()[0]);
    time * (9 * 256 + 2 * random) / (10 * 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_by_a_tenth() {
        for _ in 0..100 {
            let age = spread(Duration::from_secs(100));
            assert!(
                (Duration::from_secs(90)..Duration::from_secs(110)).contains(&age),
                "{age:?}"
            );
        }
    }
}
