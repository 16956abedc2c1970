//! The room that large bodies of one door share.
//!
//! A body takes room as it arrives, whatever length it declares. When the room
//! is full, another body gives way: first one that has stopped arriving, then
//! the largest one of the address that holds most, if it holds more than the
//! address that needs room. So a single client can use all of it, and several
//! get equal shares as soon as they want them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::server::peer::Peer;

/// Why a body gets no (more) room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum NoRoom {
    /// All room is taken, and nobody has to give way.
    Full,
    /// The body had room and had to give way.
    Displaced,
}

#[derive(Debug)]
pub(in crate::server) struct Room {
    cap: usize,
    stall: Duration,
    ledger: Mutex<Ledger>,
    /// Room has been given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Ledger {
    used: usize,
    next: u64,
    bodies: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    peer: Peer,
    bytes: usize,
    /// When the last bytes arrived.
    heard: Instant,
    /// It waits for room, so that no more of it can arrive.
    waiting: bool,
    stage: Stage,
    displaced: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Arriving,
    /// Complete, and not being reviewed yet.
    Waiting,
    /// Being reviewed, which cannot be interrupted.
    Reviewed,
}

impl Room {
    pub(in crate::server) fn new(cap: usize, stall: Duration) -> Self {
        Self {
            cap,
            stall,
            ledger: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// Opens an account for a body of `peer`, which holds nothing yet.
    pub(in crate::server) fn open(self: &Arc<Self>, peer: Peer) -> Share {
        let displaced = Arc::new(Notify::new());
        let mut ledger = self.lock();
        let id = ledger.next;
        ledger.next += 1;
        ledger.bodies.insert(
            id,
            Entry {
                peer,
                bytes: 0,
                heard: Instant::now(),
                waiting: false,
                stage: Stage::Arriving,
                displaced: Arc::clone(&displaced),
            },
        );
        Share {
            room: Arc::clone(self),
            id,
            displaced,
        }
    }

    fn displace(&self, ledger: &mut Ledger, id: u64) {
        if let Some(entry) = ledger.remove(id) {
            entry.displaced.notify_one();
            self.freed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body holds; given back when dropped.
#[derive(Debug)]
pub(in crate::server) struct Share {
    room: Arc<Room>,
    id: u64,
    displaced: Arc<Notify>,
}

impl Share {
    /// Raises what the body holds to `total` bytes. Waits where the room that is
    /// due to it is in a review that runs; returns for how long.
    pub(in crate::server) async fn grow(&self, total: usize) -> Result<Duration, NoRoom> {
        let mut began = None;
        loop {
            // Before the attempt: it is woken by whatever happens from now on.
            let freed = self.room.freed.notified();
            if let Some(result) = self.try_grow(total) {
                let waited = began.map(|began: Instant| began.elapsed());
                return result.map(|()| waited.unwrap_or_default());
            }
            began.get_or_insert_with(Instant::now);
            freed.await;
        }
    }

    /// `None` if it must wait.
    fn try_grow(&self, total: usize) -> Option<Result<(), NoRoom>> {
        let mut ledger = self.room.lock();
        let now = Instant::now();
        let Some(entry) = ledger.bodies.get_mut(&self.id) else {
            return Some(Err(NoRoom::Displaced));
        };
        entry.heard = now;
        entry.waiting = false;
        let (peer, more) = (entry.peer, total.saturating_sub(entry.bytes));
        while ledger.used.saturating_add(more) > self.room.cap {
            let victim = ledger
                .stalled(self.id, now, self.room.stall)
                .or_else(|| ledger.largest_of_the_largest(self.id, peer, more));
            match victim {
                Some((_, Stage::Reviewed)) => {
                    if let Some(entry) = ledger.bodies.get_mut(&self.id) {
                        entry.waiting = true;
                    }
                    return None;
                }
                Some((id, _)) => self.room.displace(&mut ledger, id),
                None => return Some(Err(NoRoom::Full)),
            }
        }
        ledger.used += more;
        if let Some(entry) = ledger.bodies.get_mut(&self.id) {
            entry.bytes += more;
        }
        Some(Ok(()))
    }

    /// The body is complete; it may still have to give way.
    pub(in crate::server) fn complete(&self) {
        self.advance(Stage::Waiting);
    }

    /// The review begins: from now on the body gives way to no other. `false`
    /// if it has had to before.
    #[must_use]
    pub(in crate::server) fn begin(&self) -> bool {
        self.advance(Stage::Reviewed)
    }

    fn advance(&self, stage: Stage) -> bool {
        let mut ledger = self.room.lock();
        let entry = ledger.bodies.get_mut(&self.id);
        entry.map(|entry| entry.stage = stage).is_some()
    }

    /// Waits until the body has to give way.
    pub(in crate::server) async fn displaced(&self) {
        self.displaced.notified().await;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let removed = self.room.lock().remove(self.id);
        if removed.is_some() {
            self.room.freed.notify_waiters();
        }
    }
}

impl Ledger {
    /// The body that has been silent for longest, and for `stall` at least.
    fn stalled(&self, newcomer: u64, now: Instant, stall: Duration) -> Option<(u64, Stage)> {
        self.bodies
            .iter()
            .filter(|(id, entry)| **id != newcomer && entry.bytes > 0)
            .filter(|(_, entry)| entry.stage == Stage::Arriving && !entry.waiting)
            .filter(|(_, entry)| now.saturating_duration_since(entry.heard) >= stall)
            .min_by_key(|(_, entry)| entry.heard)
            .map(|(id, entry)| (*id, entry.stage))
    }

    /// The largest body of the address that holds most, if that is more than
    /// `peer` would hold with `more` bytes. One that is being reviewed comes last.
    fn largest_of_the_largest(
        &self,
        newcomer: u64,
        peer: Peer,
        more: usize,
    ) -> Option<(u64, Stage)> {
        let mut held: HashMap<Peer, usize> = HashMap::new();
        for entry in self.bodies.values() {
            *held.entry(entry.peer).or_default() += entry.bytes;
        }
        let own = held.get(&peer).copied().unwrap_or_default() + more;
        let may_go = |entry: &Entry| entry.bytes > 0 && held[&entry.peer] > own;
        self.bodies
            .iter()
            .filter(|(id, entry)| **id != newcomer && may_go(entry))
            .max_by_key(|(_, entry)| {
                let can_go = entry.stage != Stage::Reviewed;
                (can_go, held[&entry.peer], entry.bytes)
            })
            .map(|(id, entry)| (*id, entry.stage))
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.bodies.remove(&id)?;
        self.used -= entry.bytes;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_millis(250);

    impl Share {
        /// [`Share::grow`] where it does not have to wait.
        fn now(&self, total: usize) -> Result<(), NoRoom> {
            self.try_grow(total).unwrap()
        }
    }

    fn peer(last: u8) -> Peer {
        Peer::new([10, 0, 0, last].into())
    }

    fn room() -> Arc<Room> {
        Arc::new(Room::new(100, STALL))
    }

    #[tokio::test(start_paused = true)]
    async fn one_client_may_have_all_of_it() {
        let room = room();
        let (first, second) = (room.open(peer(1)), room.open(peer(1)));
        assert_eq!(first.now(60), Ok(()));
        assert_eq!(first.now(60), Ok(()), "which it has already");
        assert_eq!(second.now(40), Ok(()));
        assert_eq!(second.now(41), Err(NoRoom::Full));
        drop(first);
        assert_eq!(second.now(100), Ok(()));
        drop(second);
        assert_eq!(room.lock().used, 0);
        assert!(room.lock().bodies.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn two_clients_share_it_when_both_want_it() {
        let room = room();
        let greedy: Vec<_> = (0..10).map(|_| room.open(peer(1))).collect();
        for body in &greedy {
            assert_eq!(body.now(10), Ok(()));
        }
        let other = room.open(peer(2));
        for total in [10, 20, 30, 40, 50] {
            assert_eq!(other.now(total), Ok(()), "{total}");
        }
        assert_eq!(other.now(51), Err(NoRoom::Full), "no more than its share");
        let displaced = greedy.iter().filter(|body| !body.begin()).count();
        assert_eq!(displaced, 5);
        let gone = greedy.iter().find(|body| !body.begin()).unwrap();
        gone.displaced().await;
        assert_eq!(gone.now(11), Err(NoRoom::Displaced));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_being_reviewed_gives_way_to_nobody() {
        let room = room();
        let (running, waiting) = (room.open(peer(1)), room.open(peer(1)));
        assert_eq!((running.now(60), waiting.now(40)), (Ok(()), Ok(())));
        running.complete();
        waiting.complete();
        assert!(running.begin());
        let other = room.open(peer(2));
        assert_eq!(other.now(40), Ok(()), "in the place of what waits");
        assert!(!waiting.begin());
        // Of the room that is being reviewed some is due to it: it waits.
        let early = tokio::time::timeout(STALL, other.grow(45)).await;
        assert!(early.is_err());
        let (grown, ()) = tokio::join!(other.grow(45), async {
            tokio::time::sleep(STALL).await;
            drop(running);
        });
        assert_eq!(grown, Ok(STALL));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_stopped_arriving_goes_first() {
        let room = room();
        let stalled = room.open(peer(1));
        assert_eq!(stalled.now(50), Ok(()));
        tokio::time::advance(STALL).await;
        let (moving, same) = (room.open(peer(2)), room.open(peer(1)));
        assert_eq!(moving.now(50), Ok(()));
        assert_eq!(same.now(50), Ok(()), "also for the same address");
        assert_eq!(stalled.now(51), Err(NoRoom::Displaced));
        assert_eq!(same.now(51), Err(NoRoom::Full));
    }
}
