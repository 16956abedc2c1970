//! Connections: accepting and limiting them, TLS, and idle timeouts.

pub(super) mod accept;
pub(super) mod connection;
pub(super) mod connections;
pub(super) mod idle;
pub(super) mod tls;
