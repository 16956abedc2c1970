//! Where the objects of a scan come from, page by page.

use rolegate_core::request::spans::Spans;
use rolegate_core::scan::StoredObject;

use super::{Files, Live};

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

/// Files, or a cluster.
#[derive(Debug)]
pub enum Source {
    Files(Files),
    Cluster(Box<Live>),
}

impl Source {
    /// Begins a pass.
    ///
    /// # Errors
    ///
    /// A sentence, if the API server does not say what it serves.
    pub async fn begin(&mut self, pass: Pass) -> anyhow::Result<()> {
        match self {
            Self::Files(files) => {
                files.begin(pass);
                Ok(())
            }
            Self::Cluster(live) => live.begin(pass).await,
        }
    }

    /// The next page; `None` at the end of the pass.
    ///
    /// # Errors
    ///
    /// A sentence, if a file cannot be read, or a kind of the first pass.
    pub async fn page(&mut self) -> anyhow::Result<Option<Vec<Item>>> {
        match self {
            Self::Files(files) => files.page(),
            Self::Cluster(live) => live.page().await,
        }
    }

    /// What was left out so far, one sentence each; they are said once.
    pub fn take_left_out(&mut self) -> Vec<String> {
        match self {
            Self::Files(files) => std::mem::take(&mut files.left_out),
            Self::Cluster(live) => std::mem::take(&mut live.left_out),
        }
    }
}
