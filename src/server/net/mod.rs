//! Connections: accepting them, capping them, TLS, and how long one may idle.

pub(super) mod accept;
pub(super) mod connection;
pub(super) mod connections;
pub(super) mod idle;
pub(super) mod tls;
