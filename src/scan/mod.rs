//! A scan: everything that a cluster, or a folder of manifests, holds, judged once.
//!
//! There are two passes, page by page, so that memory does not grow with the objects: the
//! first reads what the findings about others depend on (namespaces, roles and bindings,
//! webhook configurations and admission policies); the second judges the objects of managed
//! namespaces.
//!
//! | module | holds |
//! |---|---|
//! | `item` | one object, and the pass in which it is read |
//! | `source` | where objects come from, page by page |
//! | `files`, `live` | files; a cluster |
//! | `kinds` | which kinds are read in which pass |
//! | `world` | what the first pass keeps |
//! | `run` | both passes |
//! | `rights` | who can do what that matters to jobs |
//! | `emr` | whether Amazon EMR's identity was seen by a running rolegate |

mod emr;
mod files;
mod item;
mod kinds;
mod live;
mod rights;
mod run;
mod source;
mod world;

pub use emr::{Emr, emr_seen};
pub use files::Files;
pub use item::{Item, Origin, Pass};
pub use live::Live;
pub use rights::{Right, rights};
pub use run::{Scan, Setting, Sums, Tell};
pub use source::Source;
pub use world::World;
