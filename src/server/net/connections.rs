//! Who may have how many connections.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::limits::ConnectionLimits;

/// Connections over a cap that still hear "429" at once; the rest are closed
/// unheard, so that saying no stays cheap.
const TOLD: usize = 16;

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
    told: usize,
    peers: HashMap<IpAddr, usize>,
}

/// What becomes of a new connection.
#[derive(Debug)]
pub(in crate::server) enum Entry {
    /// It is served.
    Serve(Place),
    /// Over a cap: its first request is answered with 429.
    Tell(Place),
    /// Over a cap, and enough others are being told.
    Close,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(in crate::server) struct Place {
    connections: Connections,
    /// `None` for one that is only told.
    peer: Option<IpAddr>,
}

impl Connections {
    pub(in crate::server) fn new(limits: &ConnectionLimits) -> Self {
        Self {
            counts: Arc::default(),
            total: limits.total,
            per_peer: limits.per_peer,
        }
    }

    pub(in crate::server) fn enter(&self, peer: IpAddr) -> Entry {
        // One client behind ::ffff:10.0.0.1 and 10.0.0.1 is one client.
        let peer = peer.to_canonical();
        let mut counts = self.lock();
        let open = counts.peers.get(&peer).copied().unwrap_or_default();
        if counts.served < self.total && open < self.per_peer {
            counts.served += 1;
            counts.peers.insert(peer, open + 1);
            return Entry::Serve(Place {
                connections: self.clone(),
                peer: Some(peer),
            });
        }
        if counts.told < TOLD {
            counts.told += 1;
            return Entry::Tell(Place {
                connections: self.clone(),
                peer: None,
            });
        }
        Entry::Close
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.lock();
        let Some(peer) = self.peer else {
            counts.told -= 1;
            return;
        };
        counts.served -= 1;
        if let MapEntry::Occupied(mut open) = counts.peers.entry(peer) {
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
    fn caps_hold_for_all_and_for_each() {
        let limits = ConnectionLimits {
            total: 3,
            per_peer: 2,
            ..ConnectionLimits::default()
        };
        let connections = Connections::new(&limits);
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([10, 0, 0, last]));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let first = connections.enter(one);
        let second = connections.enter(mapped);
        assert!(matches!(
            (&first, &second),
            (Entry::Serve(_), Entry::Serve(_))
        ));
        assert!(
            matches!(connections.enter(one), Entry::Tell(_)),
            "two of one address are enough"
        );
        let third = connections.enter(two);
        assert!(matches!(third, Entry::Serve(_)));
        let told: Vec<_> = (0..TOLD).map(|_| connections.enter(three)).collect();
        assert!(told.iter().all(|entry| matches!(entry, Entry::Tell(_))));
        assert!(matches!(connections.enter(three), Entry::Close));
        drop((first, told));
        assert!(matches!(connections.enter(three), Entry::Serve(_)));
        drop((second, third));
        assert!(connections.lock().peers.is_empty());
    }
}
