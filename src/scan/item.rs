//! One object of a scan, and the pass in which it is read.

use rolegate_core::request::spans::Spans;
use rolegate_core::scan::StoredObject;

/// Which objects are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What the judgement of other objects depends on.
    World,
    /// The objects of namespaces.
    Objects,
}

/// A stored object, and where it is.
#[derive(Debug)]
pub struct Item {
    pub object: StoredObject,
    pub origin: Origin,
}

#[derive(Debug)]
pub enum Origin {
    File { path: String, spans: Spans },
    Cluster { resource_version: String },
}
