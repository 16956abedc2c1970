//! What is reported of webhook configurations and admission policies while rolegate
//! serves: mutators that reach managed namespaces, and rolegate's own objects that are
//! not as shipped. Each is said once: by a log line and an Event; the metrics say what
//! there is now.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rolegate_core::facts::{Addressee, Facts, Need, WATCHED};
use rolegate_core::json::Raw;
use rolegate_core::names::shown;
use rolegate_core::policy::Severity;
use rolegate_core::request::Stored;
use rolegate_core::rules::{Compare, Finding, own_objects, rule};
use tokio::time::Instant;

use super::events::{About, Events};
use super::status::{PATIENCE, State, Statuses};
use super::store::{Kept, Store, resource};
use crate::manifests::shipped;

/// The rule that says what it means.
const RULE: &str = "mutating-webhook";
/// Objects that change together, as `kubectl apply` writes them, are looked at once.
const SETTLE: Duration = Duration::from_millis(500);
/// An object that is replaced is gone for a moment; an installation makes them in turn.
const ABSENT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    rule: &'static str,
    resource: &'static str,
    severity: &'static str,
}

/// What was found and said.
#[derive(Debug)]
pub(super) struct Drifts {
    events: Events,
    found: Family<Labels, Gauge>,
    said: Mutex<BTreeMap<Id, Said>>,
}

/// A finding, as far as it is the same one: said once for each version of its object,
/// whichever namespaces are managed by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Id {
    resource: &'static str,
    name: String,
    uid: String,
    key: String,
    severity: Severity,
    /// What the object says, but for its metadata.
    content: u64,
}

/// What is said of it.
#[derive(Clone, Debug)]
struct Report {
    text: String,
    helps: String,
    is_of_absence: bool,
}

type Reports = BTreeMap<Id, Report>;

#[derive(Clone, Copy, Debug)]
struct Said {
    since: Instant,
    /// Whether it was said; what is missing is said after a while.
    already: bool,
}

impl Drifts {
    pub(super) fn new(events: Events, registry: &mut Registry) -> Self {
        let found = Family::default();
        registry.register(
            "rolegate_drift_findings",
            "Mutators that reach managed namespaces, and fields of rolegate's own objects that are not as shipped, as found now",
            found.clone(),
        );
        Self {
            events,
            found,
            said: Mutex::default(),
        }
    }

    /// Looks again whenever something has changed.
    pub(super) async fn watch(&self, store: &Store, statuses: &Statuses) {
        // Until all is listed something seems to be missing, or more than it is.
        let _elapsed = tokio::time::timeout(PATIENCE, statuses.all_settled()).await;
        loop {
            let pending = self.look(store, statuses).await;
            let changed = store.changed.notified();
            if pending {
                let _elapsed = tokio::time::timeout(ABSENT, changed).await;
            } else {
                changed.await;
            }
            tokio::time::sleep(SETTLE).await;
        }
    }

    /// Whether something is found but not said yet.
    async fn look(&self, store: &Store, statuses: &Statuses) -> bool {
        let now = reports(store, statuses, self.events.home());
        self.count(&now);
        let (news, gone, pending) = self.compare(&now);
        for id in gone {
            let name = shown(&id.name, 253);
            let (resource, key) = (id.resource, shown(&id.key, 253));
            tracing::info!(
                rule = RULE,
                resource,
                name,
                key,
                "no longer found as it was"
            );
        }
        for id in news {
            let Some(report) = now.get(&id) else { continue };
            log(&id, report);
            if id.severity > Severity::Low {
                self.events.send(&about(&id, report)).await;
            }
        }
        pending
    }

    /// What was not said yet, what is gone, and whether more will be said soon.
    fn compare(&self, now: &Reports) -> (Vec<Id>, Vec<Id>, bool) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        said.retain(|id, was| {
            let stays = now.contains_key(id);
            if !stays && was.already {
                gone.push(id.clone());
            }
            stays
        });
        let mut news = Vec::new();
        let mut pending = false;
        for (id, report) in now {
            let was = said.entry(id.clone()).or_insert_with(|| Said {
                since: Instant::now(),
                already: false,
            });
            if was.already {
                continue;
            }
            if report.is_of_absence && was.since.elapsed() < ABSENT {
                pending = true;
                continue;
            }
            was.already = true;
            news.push(id.clone());
        }
        (news, gone, pending)
    }

    fn count(&self, now: &Reports) {
        let mut counts: BTreeMap<(&'static str, Severity), i64> = BTreeMap::new();
        for id in now.keys() {
            *counts.entry((id.resource, id.severity)).or_default() += 1;
        }
        for watched in &WATCHED {
            if watched.asked.group != "admissionregistration.k8s.io" {
                continue;
            }
            for severity in [
                Severity::Low,
                Severity::Medium,
                Severity::High,
                Severity::Critical,
            ] {
                let labels = Labels {
                    rule: RULE,
                    resource: watched.asked.resource,
                    severity: severity.as_str(),
                };
                let key = (watched.asked.resource, severity);
                let count = counts.get(&key).copied().unwrap_or_default();
                self.found.get_or_create(&labels).set(count);
            }
        }
    }
}

/// Everything that is to be said of what is known now.
fn reports(store: &Store, statuses: &Statuses, home: Option<&str>) -> Reports {
    let kept: BTreeMap<(usize, Box<str>), Kept> = store.admission().clone();
    let needs: Vec<(usize, Need, &Kept)> = kept
        .iter()
        .map(|((index, name), kept)| {
            let group = WATCHED
                .get(*index)
                .map_or("", |watched| watched.asked.group);
            let need = Need::object(group, "v1", resource(*index), "", name);
            (*index, need, kept)
        })
        .collect();
    let stored: Vec<(usize, Stored<'_>, &Kept)> = needs
        .iter()
        .filter_map(|(index, need, kept)| {
            let raw = Raw::parse(&kept.text).ok()?;
            Some((*index, need.stored(raw), *kept))
        })
        .collect();
    let known = |index: usize| statuses.state(index) == State::Known;
    let mut reports = Reports::new();
    let namespaces = WATCHED
        .iter()
        .position(|watched| watched.asked.resource == "namespaces");
    let view = store.view();
    let facts = || match namespaces {
        Some(index) if known(index) => Facts::unknowable().with_view(&view, Duration::ZERO),
        _ => Facts::unknowable(),
    };
    for (index, stored, kept) in &stored {
        let mut findings = Vec::new();
        let judged = rule(RULE).map(|rule| rule.state(stored, &facts(), &mut findings));
        if let Some(Err(problem)) = judged {
            let name = shown(stored.target.name.as_str(), 253);
            tracing::warn!(
                resource = resource(*index),
                name,
                ?problem,
                "the object cannot be judged"
            );
        }
        let name = stored.target.name.as_str();
        let report = |finding: Finding| report(resource(*index), name, Some(kept), &finding);
        reports.extend(findings.into_iter().map(report));
    }
    drop(view);
    let listed = (0..WATCHED.len())
        .filter(|index| known(*index))
        .map(resource);
    let compare = Compare {
        shipped: shipped(),
        home,
        listed: &listed.collect::<Vec<_>>(),
    };
    let objects: BTreeMap<(&str, &str), &Kept> = kept
        .iter()
        .map(|((index, name), kept)| ((resource(*index), &**name), kept))
        .collect();
    let stored: Vec<Stored<'_>> = stored.into_iter().map(|(_, stored, _)| stored).collect();
    match own_objects(&compare, &stored) {
        Ok(drifts) => reports.extend(drifts.iter().filter_map(|drift| {
            let mut all = WATCHED.iter().map(|watched| watched.asked.resource);
            let resource = all.find(|resource| *resource == drift.resource)?;
            let kept = objects.get(&(resource, drift.name.as_str())).copied();
            Some(report(resource, &drift.name, kept, &drift.finding))
        })),
        Err(error) => tracing::warn!(%error, "rolegate's own objects cannot be compared"),
    }
    reports
}

fn report(
    resource: &'static str,
    name: &str,
    kept: Option<&Kept>,
    finding: &Finding,
) -> (Id, Report) {
    let id = Id {
        resource,
        name: name.to_owned(),
        uid: kept.map(|kept| kept.uid.to_string()).unwrap_or_default(),
        key: finding.key.clone().into_owned(),
        severity: finding.severity,
        content: kept.map_or(0, |kept| hash([&*kept.text])),
    };
    let report = Report {
        text: finding.headline(),
        helps: finding.what_helps(Addressee::Person).to_owned(),
        is_of_absence: finding.is_of_absence,
    };
    (id, report)
}

fn log(id: &Id, report: &Report) {
    let (name, severity) = (shown(&id.name, 253), id.severity.as_str());
    let resource = id.resource;
    let Report {
        text: finding,
        helps: instead,
        ..
    } = report;
    if id.severity == Severity::Low {
        tracing::info!(
            rule = RULE,
            resource,
            name,
            severity,
            finding,
            "found in the cluster"
        );
    } else {
        tracing::warn!(
            rule = RULE,
            resource,
            name,
            severity,
            finding,
            instead,
            "found in the cluster"
        );
    }
}

fn about<'a>(id: &'a Id, report: &'a Report) -> About<'a> {
    let content = id.content.to_string();
    About {
        id: hash([id.resource, &id.name, &id.uid, &id.key, &content]),
        resource: id.resource,
        name: &id.name,
        uid: &id.uid,
        note: &report.text,
        helps: &report.helps,
    }
}

/// FNV-1a: the same in every replica.
fn hash<const N: usize>(parts: [&str; N]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
