//! What rolegate keeps of the cluster, where it may watch it (`manifests/view`): roles,
//! bindings, the labels of managed namespaces, webhook configurations and admission
//! policies.
//!
//! - `watch`: the objects of one resource, listed and then watched
//! - `store`: what is kept of them
//! - `status`: how far each resource is known, for `/readyz`, `/metrics` and the log
//! - `drift`: what is reported of them; `events`: as Kubernetes Events
//!
//! A resource that the cluster does not serve, or that rolegate may not list, is said
//! once and tried again later; it never keeps rolegate from being ready.

mod drift;
mod events;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::sync::{Arc, RwLockReadGuard};

use kube::Client;
use prometheus_client::registry::Registry;
use rolegate_core::facts::{Age, View, WATCHED};
use tokio::task::JoinSet;

use self::drift::Drifts;
use self::events::Events;
use self::status::{PATIENCE, Statuses};
use self::store::Store;
use crate::runtime::{Condition, Explain, Readiness};

/// What is known of the cluster. Clones share it.
#[derive(Clone)]
pub struct ClusterView(Arc<Parts>);

struct Parts {
    client: Client,
    store: Store,
    statuses: Arc<Statuses>,
    drifts: Drifts,
}

impl fmt::Debug for ClusterView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parts) = self;
        f.debug_struct("ClusterView")
            .field("statuses", &parts.statuses)
            .finish_non_exhaustive()
    }
}

/// What [`ClusterView::rights`] gives: while it is held, nothing is written.
pub struct Known<'v> {
    view: RwLockReadGuard<'v, View>,
    pub age: Age,
}

impl Known<'_> {
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }
}

impl ClusterView {
    /// An empty view with its metrics. rolegate is not ready until [`Self::run`] has read
    /// what it may.
    #[must_use]
    pub fn new(client: Client, readiness: &Readiness, registry: &mut Registry) -> Self {
        let statuses = Arc::new(Statuses::default());
        registry.register_collector(Box::new(Arc::clone(&statuses)));
        readiness.block(Condition::View);
        let explains: Arc<dyn Explain> = Arc::<Statuses>::clone(&statuses);
        readiness.explain(explains);
        let events = Events::new(client.clone());
        let drifts = Drifts::new(events, registry);
        Self(Arc::new(Parts {
            client,
            store: Store::default(),
            statuses,
            drifts,
        }))
    }

    /// Roles, bindings and managed namespaces, with the age of what is oldest; `None`
    /// where one of them is not known.
    #[must_use]
    pub fn rights(&self) -> Option<Known<'_>> {
        let age = self.0.statuses.age_of_rights()?;
        let view = self.0.store.view();
        Some(Known { view, age })
    }

    /// Keeps it up to date until the process ends.
    pub async fn run(self, readiness: Readiness) {
        let mut tasks = JoinSet::new();
        for index in 0..WATCHED.len() {
            let Self(parts) = self.clone();
            tasks.spawn(async move {
                watch::keep(&parts.client, index, &parts.store, &parts.statuses).await;
            });
        }
        let Self(parts) = self.clone();
        tasks.spawn(async move { parts.drifts.watch(&parts.store, &parts.statuses).await });
        let first = async {
            if tokio::time::timeout(PATIENCE, self.0.statuses.all_settled())
                .await
                .is_err()
            {
                let missing = self.0.statuses.unsettled();
                tracing::warn!(
                    missing,
                    "parts of the cluster could not be read yet; going on without them"
                );
            }
            readiness.met(Condition::View);
        };
        first.await;
        // A task that panics ends this one, and with it the process.
        let _ended = tasks.join_next().await;
    }
}
