//! Limits on open connections, in total and per client address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::limits::ConnectionLimits;

/// How many connections over a limit may be open at once, to be answered with
/// 429. Others are closed without an answer, so that rejecting stays cheap.
const MAX_REJECTED: usize = 16;

/// All open connections of one port.
#[derive(Clone, Debug)]
pub(in crate::server) struct Connections {
    counts: Arc<Mutex<Counts>>,
    total: usize,
    per_peer: usize,
}

#[derive(Debug, Default)]
struct Counts {
    served: usize,
    rejected: usize,
    /// Connections served per client address.
    peers: HashMap<IpAddr, usize>,
}

/// How the requests of a connection are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Admit {
    Serve,
    /// Over a limit: the first request is answered with 429, then the
    /// connection is closed.
    Reject,
}

/// One connection's share of the limits; given back when dropped.
#[derive(Debug)]
pub(in crate::server) struct Place {
    connections: Connections,
    /// `None` for a connection that is rejected.
    peer: Option<IpAddr>,
}

impl Place {
    pub(in crate::server) fn admit(&self) -> Admit {
        if self.peer.is_some() {
            Admit::Serve
        } else {
            Admit::Reject
        }
    }
}

impl Connections {
    pub(in crate::server) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            counts: Arc::default(),
            total: limits.total,
            per_peer: limits.per_peer,
        }
    }

    /// Takes a place for a new connection. `None`: close it without an answer.
    pub(in crate::server) fn enter(&self, peer: IpAddr) -> Option<Place> {
        // ::ffff:10.0.0.1 and 10.0.0.1 are the same client.
        let peer = peer.to_canonical();
        let mut counts = self.lock();
        let open = counts.peers.get(&peer).copied().unwrap_or_default();
        if counts.served < self.total && open < self.per_peer {
            counts.served += 1;
            counts.peers.insert(peer, open + 1);
            return Some(Place {
                connections: self.clone(),
                peer: Some(peer),
            });
        }
        if counts.rejected < MAX_REJECTED {
            counts.rejected += 1;
            return Some(Place {
                connections: self.clone(),
                peer: None,
            });
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.lock();
        let Some(peer) = self.peer else {
            counts.rejected -= 1;
            return;
        };
        counts.served -= 1;
        if let Entry::Occupied(mut open) = counts.peers.entry(peer) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_in_total_and_per_address() {
        let limits = ConnectionLimits {
            total: 3,
            per_peer: 2,
            ..ConnectionLimits::default()
        };
        let connections = Connections::new(&limits);
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([10, 0, 0, last]));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let admit = |place: &Option<Place>| place.as_ref().map(Place::admit);
        let first = connections.enter(one);
        let second = connections.enter(mapped);
        assert_eq!(admit(&first), Some(Admit::Serve));
        assert_eq!(admit(&second), Some(Admit::Serve));
        assert_eq!(
            admit(&connections.enter(one)),
            Some(Admit::Reject),
            "two connections of one address reach its limit"
        );
        let third = connections.enter(two);
        assert_eq!(admit(&third), Some(Admit::Serve));
        let rejected: Vec<_> = (0..MAX_REJECTED)
            .map(|_| connections.enter(three))
            .collect();
        assert!(
            rejected
                .iter()
                .all(|place| admit(place) == Some(Admit::Reject))
        );
        assert_eq!(admit(&connections.enter(three)), None);
        drop((first, rejected));
        assert_eq!(admit(&connections.enter(three)), Some(Admit::Serve));
        drop((second, third));
        assert!(connections.lock().peers.is_empty());
    }
}
