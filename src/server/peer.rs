//! Who is at the other end of a connection.

use std::net::IpAddr;

/// The client's address, which limits and shares are counted by. A request
/// carries it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::server) struct Peer(IpAddr);

impl Peer {
    pub(in crate::server) fn new(address: IpAddr) -> Self {
        // ::ffff:10.0.0.1 and 10.0.0.1 are the same client.
        Self(address.to_canonical())
    }

    /// Of requests that came over no connection; there are none outside tests.
    pub(in crate::server) const UNKNOWN: Self = Self(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED));
}
