//! What a door knows of the whole cluster at once, where it watches it.

use std::collections::BTreeMap;

use crate::rbac::{Graph, Labels};

/// What is kept of a cluster. It may lag behind by moments, so it may only accuse: what
/// it does not show is looked up before anything is allowed.
#[derive(Debug, Default)]
pub struct View {
    /// All roles and bindings.
    pub graph: Graph,
    /// The namespaces with a mode label, with all of their labels.
    pub managed: BTreeMap<Box<str>, Labels>,
}
