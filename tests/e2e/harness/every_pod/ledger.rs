//! What a watcher has seen, and what any of them found wrong; a line a pod in
//! the run's folder, too, in `every-pod.log`.

use std::fs::File;
use std::io::Write;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, MutexGuard};

use rolegate_core::policy::ChainMode;
use serde_json::Value;

use crate::harness::{Namespace, dirs};

/// What became of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Patched, taken by the API server, and settled.
    Chained(ChainMode),
    /// A job's that submits, or of EMR's own containers only.
    Runner,
    /// No job's.
    Other,
    /// A job's, with something of its owner's in the way; rolegate's warnings.
    LeftAlone(String),
    /// A job's, which the API server refuses with the patch and without.
    RefusedAnyway(String),
    /// rolegate cannot read it.
    Unreadable(String),
}

/// What a watcher says of a pod with which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) fate: Fate,
    /// It came with a profile of a rolegate that the test itself has in front
    /// of this control plane, and a second call of that one changes nothing.
    pub(crate) was_settled: bool,
}

/// One pod that a watcher was asked about.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) namespace: String,
    /// Its name, or what its name is to begin with.
    pub(crate) name: String,
    pub(crate) judged: Judged,
}

/// What the watcher of one control plane has seen: another one may have a
/// namespace of the same name.
pub(super) struct Ledger {
    /// The control plane, as its folder is called.
    cluster: String,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    seen: Vec<Sighting>,
    /// Namespace and name of pods that the watcher's own test has broken.
    broken: Vec<(String, String)>,
}

/// What all control planes have in common.
struct Common {
    log: File,
    wrong: Vec<String>,
}

fn common() -> MutexGuard<'static, Common> {
    static COMMON: LazyLock<Mutex<Common>> = LazyLock::new(|| {
        Mutex::new(Common {
            log: File::create(dirs::run().join("every-pod.log")).expect("a new file"),
            wrong: Vec::new(),
        })
    });
    COMMON.lock().expect("nobody panics with it")
}

/// Namespace and name of a review's pod.
fn place(review: &Value) -> (String, String) {
    let request = &review["request"];
    let metadata = &request["object"]["metadata"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&metadata["name"]).or_else(|| text(&metadata["generateName"]));
    (
        text(&request["namespace"]).unwrap_or_default(),
        name.unwrap_or_default(),
    )
}

impl Ledger {
    /// `started` is the line that starts the control plane, for the log.
    pub(super) fn new(cluster: String, started: &Location<'_>) -> Self {
        // For people, as all of the log; nothing reads it.
        let _ = writeln!(common().log, "{cluster} is started by {started}");
        Self {
            cluster,
            pages: Mutex::default(),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().expect("nobody panics with it")
    }

    /// Writes down what became of a pod; gives back what is wrong, with its
    /// name.
    pub(super) fn note(
        &self,
        review: &Value,
        judged: Result<Judged, String>,
    ) -> Result<(), String> {
        let (namespace, name) = place(review);
        let cluster = &self.cluster;
        let wrong = match judged {
            Ok(judged) => {
                let settled = if judged.was_settled {
                    ", settled before"
                } else {
                    ""
                };
                let line = format!("{cluster} {namespace}/{name} {:?}{settled}", judged.fate);
                let _ = writeln!(common().log, "{line}");
                self.pages().seen.push(Sighting {
                    namespace,
                    name,
                    judged,
                });
                return Ok(());
            }
            Err(wrong) => wrong,
        };
        let user = &review["request"]["userInfo"]["username"];
        let wrong = format!("{namespace}/{name}, made by {user}: {wrong}");
        if !self.pages().broken.contains(&(namespace, name)) {
            // Not through `eprintln!`, which the test harness keeps to itself.
            let _ = writeln!(std::io::stderr(), "{} {cluster} {wrong}", super::DENIAL);
            common().wrong.push(format!("{cluster} {wrong}"));
        }
        Err(wrong)
    }

    pub(super) fn is_expected_to_fail(&self, review: &Value) -> bool {
        self.pages().broken.contains(&place(review))
    }

    /// The pods of one namespace, in the order they were seen.
    pub(super) fn sightings(&self, namespace: &str) -> Vec<Sighting> {
        let pages = self.pages();
        let seen = pages.seen.iter();
        seen.filter(|sighting| sighting.namespace == namespace)
            .cloned()
            .collect()
    }
}

/// The pods of one namespace, in the order they were seen.
pub(crate) fn sightings(namespace: &Namespace<'_>) -> Vec<Sighting> {
    let ledger = &namespace.cluster.watcher().ledger;
    ledger.sightings(&namespace.name)
}

/// Has the watcher lose the last change of this pod's patch, to see it noticed.
pub(crate) fn expect_denial_of(namespace: &Namespace<'_>, name: &str) {
    let place = (namespace.name.clone(), name.to_owned());
    let ledger = &namespace.cluster.watcher().ledger;
    ledger.pages().broken.push(place);
}

/// All that was found wrong so far, on any control plane.
pub(crate) fn violations() -> Vec<String> {
    common().wrong.clone()
}
