//! What the watcher has seen, and what it found wrong; a line a pod in the
//! run's folder, too, in `every-pod.log`.

use std::fs::File;
use std::io::Write;
use std::sync::{LazyLock, Mutex, MutexGuard};

use rolegate::policy::ChainMode;
use serde_json::Value;

use crate::harness::dirs;

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

/// One pod that the watcher was asked about.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) namespace: String,
    /// Its name, or what its name is to begin with.
    pub(crate) name: String,
    pub(crate) fate: Fate,
}

struct Ledger {
    log: File,
    seen: Vec<Sighting>,
    wrong: Vec<String>,
    /// Namespace and name of pods that the watcher's own test has broken.
    broken: Vec<(String, String)>,
}

fn ledger() -> MutexGuard<'static, Ledger> {
    static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(|| {
        Mutex::new(Ledger {
            log: File::create(dirs::run().join("every-pod.log")).expect("a new file"),
            seen: Vec::new(),
            wrong: Vec::new(),
            broken: Vec::new(),
        })
    });
    LEDGER.lock().expect("nobody panics with it")
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

/// Writes down what became of a pod; gives back what is wrong, with its name.
pub(super) fn note(review: &Value, judged: Result<Fate, String>) -> Result<(), String> {
    let (namespace, name) = place(review);
    let mut ledger = ledger();
    let wrong = match judged {
        Ok(fate) => {
            // For people; nothing reads it.
            let _ = writeln!(ledger.log, "{namespace}/{name} {fate:?}");
            ledger.seen.push(Sighting {
                namespace,
                name,
                fate,
            });
            return Ok(());
        }
        Err(wrong) => wrong,
    };
    let user = &review["request"]["userInfo"]["username"];
    let wrong = format!("{namespace}/{name}, made by {user}: {wrong}");
    if !ledger.broken.contains(&(namespace, name)) {
        // Not through `eprintln!`, which the test harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "{} {wrong}", super::DENIAL);
        ledger.wrong.push(wrong.clone());
    }
    Err(wrong)
}

/// Has the watcher lose the last change of this pod's patch, to see it noticed.
pub(crate) fn expect_denial_of(namespace: &str, name: &str) {
    let place = (namespace.to_owned(), name.to_owned());
    ledger().broken.push(place);
}

pub(super) fn is_expected_to_fail(review: &Value) -> bool {
    ledger().broken.contains(&place(review))
}

/// The pods of one namespace, in the order they were seen.
pub(crate) fn sightings(namespace: &str) -> Vec<Sighting> {
    let ledger = ledger();
    let seen = ledger.seen.iter();
    seen.filter(|sighting| sighting.namespace == namespace)
        .cloned()
        .collect()
}

/// All that was found wrong so far.
pub(crate) fn violations() -> Vec<String> {
    ledger().wrong.clone()
}
