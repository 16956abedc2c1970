//! Places for connections, in total and per client address. When all places are
//! taken, a new connection gets the place of another one (`victim`), if there is one
//! that may lose it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::phase::{Claim, Phase};
use super::victim::{Candidate, Newcomer};
use crate::server::limits::ConnectionLimits;
use crate::server::peer::Peer;

/// How many connections over a limit may be open at once, to be answered with
/// 429. Others are closed without an answer, so that rejecting stays cheap.
pub(super) const MAX_REJECTED: usize = 16;

/// Connections are many above this part of all places. Fewer keep their buffers, which
/// saves time.
const MANY: usize = 16;

/// All open connections of one port.
#[derive(Clone, Debug)]
pub(in crate::server) struct Connections {
    table: Arc<Mutex<Table>>,
    limits: ConnectionLimits,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    served: HashMap<u64, (Peer, Phase)>,
    /// Connections served per client address.
    peers: HashMap<Peer, usize>,
    rejected: usize,
}

/// How the requests of a connection are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Admit {
    Serve,
    /// Over a limit: the first request is answered with 429, then the
    /// connection is closed.
    Reject,
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(in crate::server) struct Place {
    connections: Connections,
    /// `None` for a connection that is rejected.
    id: Option<u64>,
    pub(in crate::server) peer: Peer,
    pub(in crate::server) phase: Phase,
    /// The claims of the connections that had to give their places, if some had to.
    pub(in crate::server) taken_from: Vec<Claim>,
}

impl Place {
    pub(in crate::server) fn admit(&self) -> Admit {
        if self.id.is_some() {
            Admit::Serve
        } else {
            Admit::Reject
        }
    }
}

impl Connections {
    pub(in crate::server) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            table: Arc::default(),
            limits: limits.clone(),
        }
    }

    /// Takes a place for a new connection. `None`: close it without an answer.
    pub(in crate::server) fn enter(&self, address: IpAddr) -> Option<Place> {
        let (peer, phase) = (Peer::new(address), Phase::new());
        let mut table = self.lock();
        let taken_from = table.make_room(peer, &self.limits);
        let id = if table.has_room(peer, &self.limits) {
            Some(table.add(peer, phase.clone()))
        } else if table.rejected < MAX_REJECTED {
            table.rejected += 1;
            None
        } else {
            return None;
        };
        Some(Place {
            connections: self.clone(),
            id,
            peer,
            phase,
            taken_from,
        })
    }

    pub(in crate::server) fn are_many(&self) -> bool {
        self.lock().served.len() > self.limits.total / MANY
    }

    /// Connections that have been idle for `time` give back their buffers.
    pub(in crate::server) fn drop_buffers(&self, time: Duration) {
        for (_, phase) in self.lock().served.values() {
            phase.drop_buffers(time);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        match self.id {
            // Nothing happens if its place has been taken away.
            Some(id) => drop(table.remove(id)),
            None => table.rejected -= 1,
        }
    }
}

impl Table {
    fn count(&self, peer: Peer) -> usize {
        self.peers.get(&peer).copied().unwrap_or_default()
    }

    fn has_room(&self, peer: Peer, limits: &ConnectionLimits) -> bool {
        self.served.len() < limits.total && self.count(peer) < limits.per_peer
    }

    fn add(&mut self, peer: Peer, phase: Phase) -> u64 {
        let id = self.next;
        self.next += 1;
        self.served.insert(id, (peer, phase));
        *self.peers.entry(peer).or_default() += 1;
        id
    }

    fn remove(&mut self, id: u64) -> Option<Phase> {
        let (peer, phase) = self.served.remove(&id)?;
        if let Some(open) = self.peers.get_mut(&peer) {
            *open -= 1;
            if *open == 0 {
                self.peers.remove(&peer);
            }
        }
        Some(phase)
    }

    /// Takes places from others, if none is free for a connection of `peer` and
    /// some may lose theirs. Returns their claim.
    fn make_room(&mut self, peer: Peer, limits: &ConnectionLimits) -> Vec<Claim> {
        if self.has_room(peer, limits) {
            return Vec::new();
        }
        let newcomer = Newcomer {
            peer,
            open: self.count(peer),
            at: Instant::now(),
        };
        let own_only = newcomer.open >= limits.per_peer;
        let candidates: Vec<Candidate> = self
            .served
            .iter()
            .filter(|(_, (owner, _))| !own_only || *owner == peer)
            .map(|(id, (owner, phase))| {
                let (claim, since) = phase.claim(newcomer.at, limits);
                Candidate {
                    id: *id,
                    peer: *owner,
                    open: self.count(*owner),
                    claim,
                    since,
                }
            })
            .collect();
        let victims = newcomer.victims(&candidates, limits.total);
        for victim in &victims {
            if let Some(phase) = self.remove(victim.id) {
                phase.evict(victim.claim);
            }
        }
        victims.iter().map(|victim| victim.claim).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::victim::NEW;
    use super::*;

    fn limits(total: usize, per_peer: usize) -> ConnectionLimits {
        ConnectionLimits {
            total,
            per_peer,
            ..ConnectionLimits::default()
        }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// A connection whose review is in flight.
    fn working(connections: &Connections, last: u8) -> Place {
        let place = connections.enter(address(last)).unwrap();
        place.phase.start_request();
        place.phase.start_review();
        place
    }

    /// A connection that has had an answer.
    fn idle(connections: &Connections, last: u8) -> Place {
        let place = working(connections, last);
        place.phase.answered(true);
        place
    }

    fn is_evicted(place: &Place) -> bool {
        let table = place.connections.lock();
        !table.served.contains_key(&place.id.unwrap())
    }

    #[tokio::test]
    async fn limits_hold_in_total_and_per_address() {
        let connections = Connections::new(&limits(3, 2));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let admit = |place: &Option<Place>| place.as_ref().map(Place::admit);
        let first = working(&connections, 1);
        let second = connections.enter(mapped).unwrap();
        second.phase.start_request();
        second.phase.start_review();
        assert_eq!(
            admit(&connections.enter(address(1))),
            Some(Admit::Reject),
            "two connections of one address reach its limit"
        );
        let third = working(&connections, 2);
        let rejected: Vec<_> = (0..MAX_REJECTED)
            .map(|_| connections.enter(address(3)))
            .collect();
        assert!(
            rejected
                .iter()
                .all(|place| admit(place) == Some(Admit::Reject))
        );
        assert_eq!(admit(&connections.enter(address(3))), None);
        drop((first, rejected));
        assert_eq!(admit(&connections.enter(address(3))), Some(Admit::Serve));
        drop((second, third));
        let table = connections.lock();
        assert!(table.peers.is_empty() && table.served.is_empty());
    }

    #[tokio::test]
    async fn the_address_with_most_idle_connections_loses_one() {
        let connections = Connections::new(&limits(6, 6));
        let attacker: Vec<_> = (0..4)
            .map(|_| connections.enter(address(1)).unwrap())
            .collect();
        let honest = (
            connections.enter(address(2)).unwrap(),
            idle(&connections, 2),
        );
        let new = connections.enter(address(2)).unwrap();
        assert_eq!(new.taken_from, [Claim::Nothing]);
        assert!(is_evicted(&attacker[0]), "the oldest");
        assert!(!is_evicted(&honest.0) && !is_evicted(&honest.1));
        attacker[0].phase.evicted().await;
        drop(attacker);
        assert_eq!(connections.lock().served.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn among_addresses_with_few_the_oldest_goes() {
        let connections = Connections::new(&limits(128, 128));
        let mut attackers: Vec<_> = (0..125)
            .map(|number| connections.enter(address(100 + number % 60)).unwrap())
            .collect();
        tokio::time::advance(Duration::from_millis(1)).await;
        // More than any attacker has, and none of them has shaken hands yet.
        let burst: Vec<_> = (0..4)
            .map(|_| connections.enter(address(1)).unwrap())
            .collect();
        for _ in 0..50 {
            attackers.push(connections.enter(address(7)).unwrap());
        }
        assert!(!burst.iter().any(is_evicted));
    }

    /// Attackers that have had one answer each, from as many addresses.
    #[tokio::test(start_paused = true)]
    async fn a_new_connection_does_not_go_for_one_that_has_been_idle() {
        let connections = Connections::new(&limits(128, 128));
        let attackers: Vec<_> = (0..128)
            .map(|number| idle(&connections, 100 + number % 60))
            .collect();
        tokio::time::advance(NEW).await;
        let shaking = connections.enter(address(1)).unwrap();
        let mut more = Vec::new();
        for number in 0..100 {
            tokio::time::advance(Duration::from_millis(1)).await;
            more.push(connections.enter(address(100 + number % 60)).unwrap());
            assert!(number >= 63 || !is_evicted(&shaking), "{number}");
        }
        // However many come, half of those that have done work stay.
        assert_eq!(attackers.iter().filter(|one| is_evicted(one)).count(), 64);
    }

    /// An API server at an address from which somebody opens many, too.
    #[tokio::test(start_paused = true)]
    async fn new_connections_do_not_go_for_one_that_is_used() {
        let connections = Connections::new(&limits(128, 128));
        let used = idle(&connections, 1);
        for number in 0..250 {
            tokio::time::advance(Duration::from_millis(1)).await;
            std::mem::forget(connections.enter(address(1 + number % 3)).unwrap());
            used.phase.start_request();
            used.phase.start_review();
            used.phase.answered(true);
        }
        assert!(!is_evicted(&used));
    }

    /// A flood, also from the address of an API server whose connections are idle.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_has_worked_does_not_go_for_one_that_has_not() {
        let connections = Connections::new(&limits(128, 128));
        let kept: Vec<_> = (0..64).map(|_| idle(&connections, 1)).collect();
        tokio::time::advance(Duration::from_mins(1)).await;
        let mut flood = Vec::new();
        for _ in 0..300 {
            for last in 1..4 {
                tokio::time::advance(Duration::from_micros(100)).await;
                flood.push(connections.enter(address(last)).unwrap());
            }
        }
        assert!(!kept.iter().any(is_evicted));
        // Nor for those that were there before, and have done nothing yet.
        let open = |place: &&Place| !is_evicted(place);
        assert_eq!(flood.iter().filter(open).count(), 64);
        tokio::time::advance(NEW).await;
        let new = connections.enter(address(1)).unwrap();
        assert_eq!(new.taken_from, [Claim::Nothing; 2], "two at once");
        assert!(!kept.iter().any(is_evicted));
    }

    /// The same from few addresses, the newcomer's among them.
    #[tokio::test(start_paused = true)]
    async fn a_new_connection_does_not_go_for_one_of_many_idle_ones() {
        let connections = Connections::new(&limits(128, 128));
        let attackers: Vec<_> = (0..128)
            .map(|number| idle(&connections, 1 + number % 3))
            .collect();
        let mut shaking = Vec::new();
        for number in 0..30 {
            tokio::time::advance(Duration::from_millis(1)).await;
            shaking.push(connections.enter(address(1 + number % 3)).unwrap());
        }
        assert!(!shaking.iter().any(is_evicted));
        assert_eq!(attackers.iter().filter(|one| is_evicted(one)).count(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_bodies_go_before_idle_connections() {
        let limits = limits(3, 3);
        let connections = Connections::new(&limits);
        let slow = connections.enter(address(1)).unwrap();
        slow.phase.start_request();
        tokio::time::advance(limits.stall).await;
        let (kept, busy) = (idle(&connections, 2), working(&connections, 3));
        let new = connections.enter(address(4)).unwrap();
        assert_eq!(new.taken_from, [Claim::Slow]);
        assert!(is_evicted(&slow) && !is_evicted(&kept) && !is_evicted(&busy));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_goes_but_not_for_an_address_with_more() {
        let limits = limits(3, 3);
        let connections = Connections::new(&limits);
        let first = idle(&connections, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = idle(&connections, 2);
        let third = working(&connections, 2);
        let greedy = connections.enter(address(2)).unwrap();
        assert_eq!(greedy.taken_from, [Claim::Idle]);
        assert!(
            is_evicted(&second),
            "its own, not the longer idle of another"
        );
        drop(second);
        greedy.phase.start_request();
        greedy.phase.start_review();
        let new = connections.enter(address(3)).unwrap();
        assert!(is_evicted(&first), "the only idle one");
        assert!(!is_evicted(&third) && !is_evicted(&new));
    }

    #[tokio::test]
    async fn arriving_bodies_go_only_from_an_address_that_has_more() {
        let connections = Connections::new(&limits(4, 4));
        let arriving = |last| {
            let place = connections.enter(address(last)).unwrap();
            place.phase.start_request();
            place
        };
        let greedy = [arriving(1), arriving(1), arriving(1)];
        let honest = arriving(2);
        let new = connections.enter(address(2)).unwrap();
        assert_eq!(new.taken_from, [Claim::Arriving]);
        new.phase.start_request();
        assert_eq!(greedy.iter().filter(|place| is_evicted(place)).count(), 1);
        assert!(!is_evicted(&honest));
        let balanced = connections.enter(address(2)).unwrap();
        assert_eq!(balanced.admit(), Admit::Reject);
    }
}
