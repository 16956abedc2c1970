//! Limits on what a door has in flight. Each door has its own pool, so that
//! none can starve another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tracing::Span;

use super::large::{NoRoom, Room, Share};
use super::quota::Quota;
use super::turns::{Turn, Turns};
use crate::server::limits::Limits;
use crate::server::peer::Peer;
use rolegate_core::decision::Door;

/// One door's requests and bytes in flight.
#[derive(Debug)]
pub(in crate::server) struct Pool {
    /// All requests whose body is complete, for the metric.
    requests: AtomicUsize,
    /// Those of them whose review has begun. Big bodies that wait for their
    /// turn are limited by the room that they hold; they take no slot from
    /// small ones.
    begun: AtomicUsize,
    most_requests: usize,
    /// All bytes, for the metric.
    bytes: AtomicUsize,
    small_body: usize,
    large: Arc<Room>,
    /// For reviews of big bodies.
    turns: Arc<Turns>,
    /// For log lines about requests without a decision.
    pub(in crate::server) log: Quota,
    /// In which reviews run, so that a line about a panic names the door.
    pub(in crate::server) span: Span,
}

impl Pool {
    fn new(door: Door, limits: &Limits) -> Self {
        Self {
            requests: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            most_requests: limits.inflight_requests,
            bytes: AtomicUsize::new(0),
            small_body: limits.small_body,
            large: Arc::new(Room::new(limits.inflight_bytes, limits.stall)),
            turns: Arc::new(Turns::new(limits.heavy_reviews)),
            log: Quota::default(),
            span: tracing::info_span!("review", door = door.as_str()),
        }
    }

    /// Opens an account for the bytes of a body that begins to arrive.
    pub(in crate::server) fn load(self: &Arc<Self>, peer: Peer) -> Load {
        Load {
            pool: Arc::clone(self),
            peer,
            bytes: 0,
            share: None,
        }
    }

    /// A request whose body is complete.
    pub(in crate::server) fn enter(self: &Arc<Self>, load: Load) -> Slot {
        if let Some(share) = &load.share {
            share.complete();
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        Slot {
            load,
            begun: AtomicBool::new(false),
        }
    }

    pub(in crate::server) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    pub(in crate::server) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The bytes of one body, given back when dropped.
#[derive(Debug)]
pub(in crate::server) struct Load {
    pool: Arc<Pool>,
    peer: Peer,
    bytes: usize,
    /// What a large body holds of the door's room.
    share: Option<Share>,
}

impl Load {
    /// Counts the body's bytes, `total` of which have arrived. May wait for room,
    /// and returns for how long.
    pub(in crate::server) async fn hold(&mut self, total: usize) -> Result<Duration, NoRoom> {
        let mut waited = Duration::ZERO;
        if let Some(large) = total.checked_sub(self.pool.small_body).filter(|&n| n > 0) {
            let share = self
                .share
                .get_or_insert_with(|| self.pool.large.open(self.peer));
            waited = share.grow(large).await?;
        }
        let more = total.saturating_sub(self.bytes);
        self.pool.bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        Ok(waited)
    }

    /// Waits until the body has to give way to another; for ever if it is small.
    pub(in crate::server) async fn displaced(&self) {
        match &self.share {
            Some(share) => share.displaced().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.pool.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Why a review cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum NotNow {
    /// The door is at its limit.
    Busy,
    /// The large body had to give way to another.
    Displaced,
}

/// One request in flight, given back when dropped. It moves with the body, so
/// that a review still counts while it runs past its deadline.
#[derive(Debug)]
pub(in crate::server) struct Slot {
    load: Load,
    begun: AtomicBool,
}

impl Slot {
    /// The review begins: it takes a slot, and the body gives way to no other
    /// any more. Also called before the second round of a review.
    pub(in crate::server) fn begin(&self) -> Result<(), NotNow> {
        if self.begun.load(Ordering::Relaxed) {
            return Ok(());
        }
        let pool = &self.load.pool;
        pool.begun
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |begun| {
                (begun < pool.most_requests).then_some(begun + 1)
            })
            .map_err(|_| NotNow::Busy)?;
        self.begun.store(true, Ordering::Relaxed);
        if self.load.share.as_ref().is_none_or(Share::begin) {
            Ok(())
        } else {
            Err(NotNow::Displaced)
        }
    }

    /// Waits until the review of a big body may begin, and begins it.
    pub(in crate::server) async fn turn(&self) -> Result<Turn, NotNow> {
        let turn = tokio::select! {
            turn = self.load.pool.turns.wait(self.load.peer) => turn,
            () = self.load.displaced() => return Err(NotNow::Displaced),
        };
        self.begin().map(|()| turn)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.load.pool.requests.fetch_sub(1, Ordering::Relaxed);
        if *self.begun.get_mut() {
            self.load.pool.begun.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// The pools of all doors.
#[derive(Clone, Debug)]
pub(in crate::server) struct Pools(Arc<[Arc<Pool>; Door::ALL.len()]>);

impl Pools {
    pub(in crate::server) fn new(limits: &Limits) -> Self {
        Self(Arc::new(
            Door::ALL.map(|door| Arc::new(Pool::new(door, limits))),
        ))
    }

    pub(in crate::server) fn of(&self, door: Door) -> &Arc<Pool> {
        &self.0[door.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_is_given_back() {
        const AT_ONCE: Result<Duration, NoRoom> = Ok(Duration::ZERO);
        let limits = Limits {
            inflight_requests: 2,
            small_body: 50,
            inflight_bytes: 100,
            ..Limits::default()
        };
        let pools = Pools::new(&limits);
        let pool = pools.of(Door::Warn);
        let (mut first, mut second) = (pool.load(Peer::UNKNOWN), pool.load(Peer::UNKNOWN));
        assert_eq!(
            (first.hold(60).await, first.hold(130).await),
            (AT_ONCE, AT_ONCE)
        );
        assert_eq!(second.hold(50).await, AT_ONCE, "small bodies need no room");
        assert_eq!(second.hold(71).await, Err(NoRoom::Full));
        assert_eq!(second.hold(70).await, AT_ONCE);
        assert_eq!((pool.requests(), pool.bytes()), (0, 200));
        let slots = [pool.enter(first), pool.enter(second)];
        for slot in &slots {
            assert_eq!((slot.begin(), slot.begin()), (Ok(()), Ok(())));
        }
        let third = pool.enter(pool.load(Peer::UNKNOWN));
        assert_eq!(third.begin(), Err(NotNow::Busy));
        let other = pools.of(Door::Enforce);
        assert_eq!(other.enter(other.load(Peer::UNKNOWN)).begin(), Ok(()));
        assert_eq!((pool.requests(), pool.bytes()), (3, 200));
        drop(slots);
        assert_eq!((pool.requests(), pool.bytes()), (1, 0));
        assert_eq!(third.begin(), Ok(()));
    }
}
