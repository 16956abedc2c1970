//! Which connections lose their places to a new one, when all places are taken.
//!
//! The first step that finds one decides:
//!
//! 1. connections that have done no work for a second or more, and slow ones;
//! 2. connections that have done no work, where they have half of all places or
//!    more;
//! 3. idle connections, which have done work, of an address that has at least as many
//!    places as the newcomer's address;
//! 4. connections that have done no work;
//! 5. connections whose body is arriving, of an address that has more places than the
//!    newcomer's address.
//!
//! So connections that have done work keep up to half of all places from those that
//! have done none, however many of these come; and the other half is where a new
//! connection has the time for its first request, however many idle ones there are.
//!
//! Within a step, the address with the most of them loses. Addresses with few
//! count as equal, and among equal addresses the connection loses that has done
//! nothing for longest. A connection with a review in flight never loses its place.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::phase::Claim;
use crate::server::peer::Peer;

/// An address with less than this part of all places has few. An API server has no
/// more in their handshake at once, so it is not the address with the most where an
/// attacker has many addresses.
const FEW: usize = 16;
/// A connection is new for this long: it may still be in its handshake.
pub(super) const NEW: Duration = Duration::from_secs(1);
/// Of connections that have done no work, up to this part of all places is freed at
/// once: to look at all connections costs more than to accept one.
const AT_ONCE: usize = 64;

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

/// A connection that needs a place.
#[derive(Clone, Copy)]
pub(super) struct Newcomer {
    pub(super) peer: Peer,
    /// How many connections its address has without it.
    pub(super) open: usize,
    pub(super) at: Instant,
}

/// Whether a connection may lose its place in a step.
type MayGo<'a> = &'a dyn Fn(&Candidate) -> bool;

impl Newcomer {
    /// The connections that lose their places; `total` is the number of places.
    pub(super) fn victims(self, candidates: &[Candidate], total: usize) -> Vec<Candidate> {
        // With the newcomer, so that its own connections go before those of an
        // address that has no more.
        let own = self.open + 1;
        let is_new = |one: &Candidate| self.at.saturating_duration_since(one.since) < NEW;
        let is_unproved = |one: &Candidate| one.claim == Claim::Nothing;
        let unproved = candidates.iter().filter(|one| is_unproved(one)).count();
        let steps: [(usize, MayGo<'_>); 5] = [
            (total / AT_ONCE, &|one| {
                one.claim == Claim::Slow || is_unproved(one) && !is_new(one)
            }),
            (total / AT_ONCE, &|one| {
                is_unproved(one) && unproved >= total / 2
            }),
            (1, &|one| {
                one.claim == Claim::Idle && (one.open >= own || one.peer == self.peer)
            }),
            (1, &is_unproved),
            // Only to restore the balance between addresses.
            (1, &|one| one.claim == Claim::Arriving && one.open > own),
        ];
        steps
            .into_iter()
            .map(|(at_once, may_go)| worst(candidates, at_once.max(1), total / FEW, may_go))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }
}

/// Of the connections that `may_go` up to `count`: those of the address with most of
/// them, where addresses with `few` or less are equal, and of equal ones those that
/// have done nothing for longest.
fn worst(all: &[Candidate], count: usize, few: usize, may_go: MayGo<'_>) -> Vec<Candidate> {
    let mut may_go: Vec<Candidate> = all.iter().filter(|one| may_go(one)).copied().collect();
    let mut held: HashMap<Peer, usize> = HashMap::new();
    for candidate in &may_go {
        *held.entry(candidate.peer).or_default() += 1;
    }
    let rank = |one: &Candidate| {
        let held = held.get(&one.peer).map(|held| (*held).max(few));
        (Reverse(held), one.since, one.id)
    };
    if count < may_go.len() {
        may_go.select_nth_unstable_by_key(count, rank);
        may_go.truncate(count);
    }
    may_go
}
