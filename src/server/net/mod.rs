//! Connections: accepting and limiting them, TLS, and idle timeouts.

pub(super) mod accept;
mod arriving;
pub(super) mod connection;
mod connections;
mod phase;
pub(super) mod tls;
mod tracked;
mod victim;
mod watch;
