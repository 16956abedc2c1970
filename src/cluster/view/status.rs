//! How far each watched resource is known.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use rolegate_core::facts::{Age, WATCHED};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::runtime::Explain;

/// How far one resource is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Not listed yet.
    #[default]
    Starting,
    /// Listed, and watched since; how long ago that was last proved says its age.
    Known,
    /// rolegate may not list or watch it.
    NotGranted,
    /// The cluster has no such resource.
    NotServed,
}

impl State {
    const ALL: [Self; 4] = [
        Self::Starting,
        Self::Known,
        Self::NotGranted,
        Self::NotServed,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Known => "known",
            Self::NotGranted => "not_granted",
            Self::NotServed => "not_served",
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Status {
    state: State,
    /// When it was last known to be in sync: a list, an event, a bookmark, a new watch.
    proved: Option<Instant>,
    objects: usize,
}

/// All of them, in the order of [`WATCHED`].
#[derive(Debug, Default)]
pub(super) struct Statuses {
    all: Mutex<[Status; WATCHED.len()]>,
    changed: Notify,
}

/// How long rolegate waits for the first list of every resource before it goes on
/// without.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// The resources that decide who has which rights: the first five.
const RIGHTS: usize = 5;

impl Statuses {
    fn lock(&self) -> MutexGuard<'_, [Status; WATCHED.len()]> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In sync at this moment, with so many objects.
    pub(super) fn proved(&self, index: usize, objects: usize) {
        let mut all = self.lock();
        if let Some(status) = all.get_mut(index) {
            *status = Status {
                state: State::Known,
                proved: Some(Instant::now()),
                objects,
            };
        }
        drop(all);
        self.changed.notify_waiters();
    }

    /// Not known, and why. Whether that is news.
    pub(super) fn set(&self, index: usize, state: State) -> bool {
        let mut all = self.lock();
        let news = all.get_mut(index).is_some_and(|status| {
            let news = status.state != state;
            *status = Status {
                state,
                ..Status::default()
            };
            news
        });
        drop(all);
        self.changed.notify_waiters();
        news
    }

    pub(super) fn state(&self, index: usize) -> State {
        self.lock()
            .get(index)
            .map_or(State::Starting, |status| status.state)
    }

    /// The age of the oldest of what decides about rights; `None` if one is not known.
    pub(super) fn age_of_rights(&self) -> Option<Age> {
        let all = self.lock();
        let ages = all.iter().take(RIGHTS).map(Status::age);
        ages.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Returns once every resource was listed, or cannot be.
    pub(super) async fn all_settled(&self) {
        loop {
            let changed = self.changed.notified();
            if self.unsettled().is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// The names of those that were not listed yet.
    pub(super) fn unsettled(&self) -> String {
        let all = self.lock();
        let names = WATCHED.iter().zip(all.iter());
        let names = names.filter(|(_, status)| status.state == State::Starting);
        let names: Vec<_> = names.map(|(watched, _)| watched.asked.resource).collect();
        names.join(", ")
    }
}

impl Status {
    fn age(&self) -> Option<Duration> {
        let known = self.state == State::Known;
        self.proved.filter(|_| known).map(|proved| proved.elapsed())
    }
}

/// Older than this, a watch is not what it should be: bookmarks come once a minute.
const STALE: Duration = Duration::from_mins(3);

impl Explain for Statuses {
    fn explain(&self, text: &mut String) {
        for (watched, status) in WATCHED.iter().zip(*self.lock()) {
            let name = watched.asked.resource;
            let objects = status.objects;
            let age = status.age().unwrap_or_default();
            let seconds = age.as_secs();
            // Writing to a String cannot fail.
            let _ = match status.state {
                State::Known if age > STALE => writeln!(
                    text,
                    "[!]view/{name}: {objects} objects, but not in sync since {seconds} s"
                ),
                State::Known => writeln!(
                    text,
                    "[+]view/{name} ok: {objects} objects, in sync {seconds} s ago"
                ),
                State::Starting => writeln!(text, "[-]view/{name}: not listed yet"),
                State::NotGranted => writeln!(
                    text,
                    "[!]view/{name}: not granted, so not known (manifests/view grants it)"
                ),
                State::NotServed => {
                    writeln!(text, "[+]view/{name} ok: this cluster has no such resource")
                }
            };
        }
    }
}

impl Collector for Statuses {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let all = *self.lock();
        let rows = || {
            WATCHED
                .iter()
                .map(|watched| watched.asked.resource)
                .zip(all)
        };
        let mut objects = encoder.encode_descriptor(
            "rolegate_view_objects",
            "Objects of each resource that rolegate watches",
            None,
            MetricType::Gauge,
        )?;
        for (resource, status) in rows() {
            let labels = [("resource", resource)];
            let count = i64::try_from(status.objects).unwrap_or(i64::MAX);
            ConstGauge::new(count).encode(objects.encode_family(&labels)?)?;
        }
        let mut ages = encoder.encode_descriptor(
            "rolegate_view_age_seconds",
            "How long ago each watched resource was last known to be in sync; absent if it is not known",
            None,
            MetricType::Gauge,
        )?;
        for (resource, status) in rows() {
            if let Some(age) = status.age() {
                let labels = [("resource", resource)];
                ConstGauge::new(age.as_secs_f64()).encode(ages.encode_family(&labels)?)?;
            }
        }
        let mut states = encoder.encode_descriptor(
            "rolegate_view_state",
            "1 for the state of each resource that rolegate watches",
            None,
            MetricType::Gauge,
        )?;
        for (resource, status) in rows() {
            for state in State::ALL {
                let labels = [("resource", resource), ("state", state.as_str())];
                let is = i64::from(status.state == state);
                ConstGauge::new(is).encode(states.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
