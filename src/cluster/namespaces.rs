//! The mode labels of namespaces, for authorization requests, which carry none.
//!
//! A namespace is looked up when it is asked about, and once for all who ask meanwhile.
//! The answer counts for [`FRESH`]. If a look-up fails, the last answer counts, up to
//! [`STALE`]: a burst of questions that delays look-ups lifts no mode.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use rolegate_core::facts::{Known, Need};
use rolegate_core::json::{self, Raw};
use rolegate_core::names::MODE_LABEL;
use rolegate_core::request::view;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::{Found, look_up};

/// How long an answer counts: a changed label has its effect within this time.
const FRESH: Duration = Duration::from_secs(5);
/// How long no other look-up is tried after one that failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long the last answer counts while look-ups fail.
const STALE: Duration = Duration::from_mins(10);
/// As many namespaces are kept. Those without a label go first.
const MOST: usize = 2048;

/// What is known of a namespace: of the object only its mode label.
type Answer = Known<String>;

/// Namespaces and their mode labels, as far as somebody has asked.
#[derive(Debug, Default)]
pub struct Namespaces(Mutex<HashMap<String, Entry>>);

#[derive(Debug)]
struct Entry {
    asked: Instant,
    answer: Arc<OnceCell<Answer>>,
    /// The last answer that a look-up gave, and when it was asked.
    last: Option<(Answer, Instant)>,
}

impl Namespaces {
    /// The answer for a need, if a fresh one is there.
    #[must_use]
    pub fn fresh(&self, need: &Need) -> Option<Found> {
        let map = self.lock();
        let entry = map.get(&need.name)?;
        let answer = entry.answer.get()?;
        let known = entry.is_fresh().then(|| entry.counts(answer))?;
        drop(map);
        Some(Found(vec![(need.clone(), known)]))
    }

    /// Looks the namespace up, or waits for whoever does.
    pub async fn look_up(&self, client: &Client, need: Need) -> Found {
        if !is_a_name(&need.name) {
            return Found(vec![(need, Known::Absent(Duration::ZERO))]);
        }
        let answer = self.open(&need.name);
        let known = answer.get_or_init(|| ask(client, need.clone())).await;
        let map = self.lock();
        let known = map.get(&need.name).map_or_else(
            || known.clone(),
            |entry| match entry.answer.get() {
                Some(answer) => entry.counts(answer),
                None => entry.counts(known),
            },
        );
        drop(map);
        Found(vec![(need, known)])
    }

    /// The look-up of this namespace that runs or is fresh, else a new one.
    fn open(&self, name: &str) -> Arc<OnceCell<Answer>> {
        let mut map = self.lock();
        if let Some(entry) = map.get_mut(name) {
            if !entry.is_fresh() {
                entry.renew();
            }
            return Arc::clone(&entry.answer);
        }
        if map.len() >= MOST {
            make_room(&mut map);
        }
        let answer = Arc::<OnceCell<Answer>>::default();
        let entry = Entry {
            asked: Instant::now(),
            answer: Arc::clone(&answer),
            last: None,
        };
        map.insert(name.to_owned(), entry);
        answer
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_fresh(&self) -> bool {
        let time = match self.answer.get() {
            Some(Known::Unknown) => RETRY,
            _ => FRESH,
        };
        self.asked.elapsed() < time
    }

    fn renew(&mut self) {
        if let Some(answer @ (Known::Is(..) | Known::Absent(_))) = self.answer.get() {
            self.last = Some((answer.clone(), self.asked));
        }
        self.answer = Arc::default();
        self.asked = Instant::now();
    }

    /// The answer with its age, or the last one where it is unknown.
    fn counts(&self, answer: &Answer) -> Answer {
        let (answer, asked) = match (answer, &self.last) {
            (Known::Unknown, Some((last, asked))) if asked.elapsed() < STALE => (last, *asked),
            _ => (answer, self.asked),
        };
        match answer {
            Known::Is(text, _) => Known::Is(text.clone(), asked.elapsed()),
            Known::Absent(_) => Known::Absent(asked.elapsed()),
            Known::Unknown => Known::Unknown,
        }
    }

    /// Whether somebody labelled it, as far as is known.
    fn is_labelled(&self) -> bool {
        let answer = self.answer.get().filter(|one| **one != Known::Unknown);
        let last = || self.last.as_ref().map(|(last, _)| last);
        matches!(answer.or_else(last), Some(Known::Is(text, _)) if text != NO_LABEL)
    }
}

/// Drops the oldest quarter of those without a label, or of all.
fn make_room(map: &mut HashMap<String, Entry>) {
    for labelled_too in [false, true] {
        let candidates = map
            .iter()
            .filter(|(_, entry)| labelled_too || !entry.is_labelled());
        let mut oldest: Vec<(Instant, String)> = candidates
            .map(|(name, entry)| (entry.asked, name.clone()))
            .collect();
        oldest.sort_unstable();
        for (_, name) in oldest.into_iter().take(MOST / 4) {
            map.remove(&name);
        }
        if map.len() < MOST {
            return;
        }
    }
}

const NO_LABEL: &str = r#"{"metadata":{}}"#;

async fn ask(client: &Client, need: Need) -> Answer {
    let Found(mut all) = look_up(client, vec![need]).await;
    match all.pop() {
        Some((_, Known::Is(text, age))) => {
            trimmed(&text).map_or(Known::Unknown, |text| Known::Is(text, age))
        }
        Some((_, known)) => known,
        None => Known::Unknown,
    }
}

/// The object without anything but its mode label.
fn trimmed(namespace: &str) -> Option<String> {
    let labels = view::labels("the namespace", Raw::parse(namespace).ok()?).ok()?;
    let Some(mode) = labels.get(MODE_LABEL) else {
        return Some(NO_LABEL.to_owned());
    };
    let mut out = br#"{"metadata":{"labels":{"#.to_vec();
    json::write_member(&mut out, MODE_LABEL, mode);
    out.extend_from_slice(b"}}}");
    String::from_utf8(out).ok()
}

/// Whether a namespace can have this name; of others there is none to look up.
fn is_a_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
