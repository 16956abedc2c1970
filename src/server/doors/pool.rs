//! Limits on what a door has in flight. Each door has its own pool, so that
//! none can starve another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use crate::server::limits::Limits;
use rolegate_core::decision::Door;

/// One door's requests and bytes in flight.
#[derive(Debug)]
pub(in crate::server) struct Pool {
    requests: Meter,
    bytes: Meter,
    /// Limits reviews of big bodies: all doors share the blocking threads, and
    /// one door must not occupy all of them.
    pub(in crate::server) heavy: Arc<Semaphore>,
}

#[derive(Debug)]
struct Meter {
    used: AtomicUsize,
    cap: usize,
}

impl Meter {
    /// Takes the whole amount or nothing.
    fn take(&self, amount: usize) -> bool {
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |used| {
                used.checked_add(amount).filter(|&sum| sum <= self.cap)
            })
            .is_ok()
    }

    fn give_back(&self, amount: usize) {
        self.used.fetch_sub(amount, Ordering::AcqRel);
    }
}

impl Pool {
    fn new(limits: &Limits) -> Self {
        let meter = |cap| Meter {
            used: AtomicUsize::new(0),
            cap,
        };
        Self {
            requests: meter(limits.inflight_requests),
            bytes: meter(limits.inflight_bytes),
            heavy: Arc::new(Semaphore::new(limits.heavy_reviews)),
        }
    }

    /// Takes a slot for one request; `None` if the door is full.
    pub(in crate::server) fn enter(self: &Arc<Self>) -> Option<Slot> {
        self.requests.take(1).then(|| Slot {
            pool: Arc::clone(self),
            bytes: 0,
        })
    }

    pub(in crate::server) fn requests(&self) -> usize {
        self.requests.used.load(Ordering::Relaxed)
    }

    pub(in crate::server) fn bytes(&self) -> usize {
        self.bytes.used.load(Ordering::Relaxed)
    }
}

/// One request's share of the pool, given back when dropped. It moves with the
/// body, so that a review still counts while it runs past its deadline.
#[derive(Debug)]
pub(in crate::server) struct Slot {
    pool: Arc<Pool>,
    bytes: usize,
}

impl Slot {
    /// Raises the reservation to `total` bytes; `false` if they do not fit.
    pub(in crate::server) fn hold(&mut self, total: usize) -> bool {
        let more = total.saturating_sub(self.bytes);
        let fits = more == 0 || self.pool.bytes.take(more);
        if fits {
            self.bytes += more;
        }
        fits
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.bytes.give_back(self.bytes);
        self.pool.requests.give_back(1);
    }
}

/// The pools of all doors.
#[derive(Clone, Debug)]
pub(in crate::server) struct Pools(Arc<[Arc<Pool>; Door::ALL.len()]>);

impl Pools {
    pub(in crate::server) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Door::ALL.map(|_| Arc::new(Pool::new(limits)))))
    }

    pub(in crate::server) fn of(&self, door: Door) -> &Arc<Pool> {
        &self.0[door.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_give_back_what_they_took() {
        let limits = Limits {
            inflight_requests: 2,
            inflight_bytes: 100,
            ..Limits::default()
        };
        let pools = Pools::new(&limits);
        let pool = pools.of(Door::Warn);
        let mut first = pool.enter().unwrap();
        let mut second = pool.enter().unwrap();
        assert!(pool.enter().is_none());
        assert!(first.hold(60) && first.hold(60) && first.hold(10));
        assert!(!second.hold(41) && second.hold(40));
        assert_eq!((pool.requests(), pool.bytes()), (2, 100));
        assert!(pools.of(Door::Enforce).enter().is_some());
        drop((first, second));
        assert_eq!((pool.requests(), pool.bytes()), (0, 0));
    }
}
