//! Turns for reviews of big bodies.
//!
//! Few run at once, because all doors share the blocking threads and one door
//! must not occupy all of them. Addresses take turns, so that a client with one
//! big body does not wait for all those of a client with many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::server::peer::Peer;

#[derive(Debug)]
pub(in crate::server) struct Turns {
    cap: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    running: usize,
    /// In the order in which they came.
    waiting: Vec<(Peer, oneshot::Sender<Turn>)>,
    /// When each address had its last turn, counted in turns.
    last: HashMap<Peer, u64>,
    given: u64,
}

/// A turn, over when dropped.
#[derive(Debug)]
pub(in crate::server) struct Turn(Arc<Turns>);

impl Turns {
    pub(in crate::server) fn new(cap: usize) -> Self {
        Self {
            cap,
            queue: Mutex::default(),
        }
    }

    /// Waits for a turn.
    pub(in crate::server) async fn wait(self: &Arc<Self>, peer: Peer) -> Turn {
        loop {
            let (wake, turn) = oneshot::channel();
            {
                let mut queue = self.lock();
                if queue.running < self.cap {
                    queue.give(peer);
                    return Turn(Arc::clone(self));
                }
                queue.waiting.push((peer, wake));
            }
            // The sender is only dropped with the queue.
            if let Ok(turn) = turn.await {
                return turn;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn give(&mut self, peer: Peer) {
        self.running += 1;
        self.given += 1;
        self.last.insert(peer, self.given);
    }

    /// The next to have a turn: of the address whose last one was longest ago.
    fn take_next(&mut self) -> Option<oneshot::Sender<Turn>> {
        // Those that have given up waiting.
        self.waiting.retain(|(_, wake)| !wake.is_closed());
        let last = |(peer, _): &(Peer, _)| self.last.get(peer).copied().unwrap_or_default();
        let (index, _) = (0..self.waiting.len())
            .map(|index| (index, last(&self.waiting[index])))
            .min_by_key(|(_, last)| *last)?;
        let (peer, wake) = self.waiting.remove(index);
        self.give(peer);
        Some(wake)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.lock();
            queue.running -= 1;
            let next = queue.take_next();
            if queue.running == 0 {
                queue.last.clear();
            }
            next
        };
        if let Some(wake) = next {
            // If it has just given up, the turn comes back and is over at once.
            drop(wake.send(Turn(Arc::clone(&self.0))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn addresses_take_turns() {
        let turns = Arc::new(Turns::new(1));
        let [greedy, other] = [1, 2].map(|last| Peer::new([10, 0, 0, last].into()));
        let first = turns.wait(greedy).await;
        let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (peer, number) in [(greedy, 1), (greedy, 2), (greedy, 3), (other, 4)] {
            let (turns, done) = (Arc::clone(&turns), done.clone());
            tokio::spawn(async move {
                let _turn = turns.wait(peer).await;
                let _open = done.send(number);
            });
            tokio::task::yield_now().await;
        }
        drop((first, done));
        let mut seen = Vec::new();
        while let Some(number) = order.recv().await {
            seen.push(number);
        }
        assert_eq!(seen, [4, 1, 2, 3]);
        let queue = turns.lock();
        assert!(queue.running == 0 && queue.last.is_empty() && queue.waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_is_passed_over() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.wait(Peer::UNKNOWN).await;
        let gone = timeout(Duration::from_secs(1), turns.wait(Peer::UNKNOWN)).await;
        assert!(gone.is_err());
        drop(first);
        turns.wait(Peer::UNKNOWN).await;
    }
}
