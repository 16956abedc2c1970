//! Which connection loses its place to a new one, when all places are taken.
//!
//! The first step that finds one decides:
//!
//! 1. connections that have done no work for a second or more, and slow ones;
//! 2. connections that are new, and idle ones of an address that has at least as many
//!    places as the newcomer's address;
//! 3. connections whose body is arriving, of an address that has more places than the
//!    newcomer's address.
//!
//! Within a step, the address with the most of them loses one. Addresses with few
//! count as equal, and among equal addresses the connection loses that has done
//! nothing for longest. A connection with a review in flight never loses its place.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::phase::Claim;
use crate::server::peer::Peer;

/// An address with less than this part of all places has few. An API server opens no
/// more at once, so it is not the address with the most where an attacker has many
/// addresses.
const FEW: usize = 16;
/// A connection is new for this long: it may still be in its handshake.
pub(super) const NEW: Duration = Duration::from_secs(1);
/// An idle connection, which has worked, counts as idle for this much less. With a
/// longer time, an attacker could keep out new connections by asking one request on
/// each of its own; with a shorter one, an API server would lose connections that it
/// uses.
pub(super) const BONUS: Duration = Duration::from_millis(200);

/// An open connection.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) id: u64,
    pub(super) peer: Peer,
    /// How many connections its address has.
    pub(super) open: usize,
    pub(super) claim: Claim,
    /// Since when it has this claim.
    pub(super) since: Instant,
}

impl Candidate {
    fn idle_since(&self) -> Instant {
        match self.claim {
            Claim::Idle => self.since + BONUS,
            _ => self.since,
        }
    }
}

/// A connection that needs a place.
#[derive(Clone, Copy)]
pub(super) struct Newcomer {
    pub(super) peer: Peer,
    /// How many connections its address has without it.
    pub(super) open: usize,
    pub(super) at: Instant,
}

impl Newcomer {
    /// The connection that loses its place; `total` is the number of places.
    pub(super) fn victim(self, candidates: &[Candidate], total: usize) -> Option<Candidate> {
        // With the newcomer, so that its own connections go before those of an
        // address that has no more.
        let own = self.open + 1;
        let is_new = |one: &Candidate| self.at.saturating_duration_since(one.since) < NEW;
        let steps: [&dyn Fn(&Candidate) -> bool; 3] = [
            &|one| one.claim == Claim::Slow || one.claim == Claim::Nothing && !is_new(one),
            &|one| match one.claim {
                Claim::Nothing => true,
                Claim::Idle => one.open >= own || one.peer == self.peer,
                _ => false,
            },
            // Only to restore the balance between addresses.
            &|one| one.claim == Claim::Arriving && one.open > own,
        ];
        steps
            .into_iter()
            .find_map(|may_go| worst(candidates, total / FEW, may_go))
    }
}

/// Of the connections that `may_go`: one of the address with most of them, where
/// addresses with `few` or less are equal, and of equal ones the one that has done
/// nothing for longest.
fn worst(all: &[Candidate], few: usize, may_go: &dyn Fn(&Candidate) -> bool) -> Option<Candidate> {
    let may_go: Vec<&Candidate> = all.iter().filter(|one| may_go(one)).collect();
    let mut held: HashMap<Peer, usize> = HashMap::new();
    for candidate in &may_go {
        *held.entry(candidate.peer).or_default() += 1;
    }
    may_go
        .into_iter()
        .max_by_key(|one| {
            let held = held.get(&one.peer).map(|held| (*held).max(few));
            (held, Reverse(one.idle_since()), Reverse(one.id))
        })
        .copied()
}
