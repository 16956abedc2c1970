//! Where the objects of a scan come from, page by page.

use super::{Files, Item, Live, Pass};

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
