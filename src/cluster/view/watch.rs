//! The objects of one resource: listed page by page, then watched.
//!
//! It is not `kube-runtime`'s watcher, because that one does not pass bookmarks on: in a
//! quiet cluster they alone prove that a watch still works.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use kube::Client;
use kube::core::WatchEvent;
use rolegate_core::facts::{WATCHED, Watched};
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::super::page::Page;
use super::status::{State, Statuses};
use super::store::{self, Item, Key, Store};

/// Objects of one page of a list.
const PAGE: usize = 250;
/// How long the API server keeps a watch open. It is opened again from where it was.
const OPEN: Duration = Duration::from_secs(280);
/// Without an event or a bookmark for this long the connection counts as dead: bookmarks
/// come once a minute.
const SILENCE: Duration = Duration::from_secs(90);
/// Longest time for one page, or until a watch is open.
const ANSWER: Duration = Duration::from_secs(30);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Rights and resources may come later: soon while a cluster is set up, else rarely.
const ASK_AGAIN: Duration = Duration::from_secs(30);
const ASK_RARELY: Duration = Duration::from_mins(15);
/// An API server that has just started refuses everybody until it knows its roles. What is
/// known already is forgotten only after so many refusals.
const REFUSALS: u32 = 5;

/// Why reading stopped.
enum Stop {
    NotGranted(String),
    NotServed,
    /// The version that was watched is too old.
    Expired,
    Failed(String),
}

impl From<kube::Error> for Stop {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => match StatusCode::from_u16(status.code) {
                Ok(StatusCode::NOT_FOUND) => Self::NotServed,
                Ok(StatusCode::FORBIDDEN) => Self::NotGranted(status.message),
                Ok(StatusCode::GONE) => Self::Expired,
                _ => Self::Failed(status.message),
            },
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Keeps the objects of one resource until the process ends.
pub(super) async fn keep(client: &Client, index: usize, store: &Store, statuses: &Statuses) {
    let Some(watched) = WATCHED.get(index) else {
        return;
    };
    let mut reader = Reader {
        client,
        index,
        watched,
        store,
        statuses,
        objects: HashMap::new(),
        proven: false,
        failing: false,
        forgotten: false,
    };
    let resource = watched.asked.resource;
    let mut pause = FIRST_PAUSE;
    let mut refusals = 0;
    let mut from = None;
    loop {
        let stop = reader.follow(&mut from).await;
        if std::mem::take(&mut reader.proven) {
            pause = FIRST_PAUSE;
            refusals = 0;
        }
        let mut longest = LONGEST_PAUSE;
        match stop {
            Stop::Expired => from = None,
            Stop::NotGranted(message) => {
                refusals += 1;
                if refusals >= REFUSALS || statuses.state(index) != State::Known {
                    reader.forget(State::NotGranted, || {
                        tracing::info!(
                            resource,
                            message,
                            "rolegate may not watch this resource, so it is not known (manifests/view grants it)"
                        );
                    });
                    pause = pause.max(ASK_AGAIN);
                    longest = ASK_RARELY;
                }
            }
            Stop::NotServed => {
                reader.forget(State::NotServed, || {
                    tracing::info!(resource, "this cluster has no such resource");
                });
                from = None;
                pause = pause.max(ASK_AGAIN);
                longest = ASK_RARELY;
            }
            Stop::Failed(problem) => {
                if !std::mem::replace(&mut reader.failing, true) {
                    tracing::warn!(
                        resource,
                        problem,
                        "the watch failed; what is known stays in use and gets old"
                    );
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Where a watch goes on: the served version of the API, and the objects' version.
struct Position {
    api: &'static str,
    version: String,
}

struct Reader<'a> {
    client: &'a Client,
    index: usize,
    watched: &'static Watched,
    store: &'a Store,
    statuses: &'a Statuses,
    /// Every object, with the room that it takes in the store.
    objects: HashMap<Key, usize>,
    /// Whether anything was proved since this was last looked at.
    proven: bool,
    failing: bool,
    /// Nothing is kept: a watch alone would show a part. That it opens says that a list is
    /// worth its cost; where only lists are granted (`manifests/lookups`), it does not.
    forgotten: bool,
}

impl Reader<'_> {
    /// Lists unless it is known where to go on, then watches, again and again.
    async fn follow(&mut self, from: &mut Option<Position>) -> Stop {
        loop {
            let start = match from.take() {
                Some(from) => from,
                None => match self.list_served().await {
                    Ok(from) => from,
                    Err(stop) => return stop,
                },
            };
            let mut version = start.version;
            let ended = self.watch(start.api, &mut version).await;
            *from = Some(Position {
                api: start.api,
                version,
            });
            if let Err(stop) = ended {
                return stop;
            }
            tokio::time::sleep(FIRST_PAUSE).await;
        }
    }

    /// Of the versions that this knows, the first that the cluster serves.
    async fn list_served(&mut self) -> Result<Position, Stop> {
        for api in self.watched.versions {
            match self.list(api).await {
                Ok(version) => return Ok(Position { api, version }),
                Err(Stop::NotServed) => {}
                Err(stop) => return Err(stop),
            }
        }
        Err(Stop::NotServed)
    }

    /// Reads all objects, page by page, and forgets those that are gone.
    async fn list(&mut self, api: &str) -> Result<String, Stop> {
        let mut gone: HashSet<Key> = self.objects.keys().cloned().collect();
        let mut next = String::new();
        loop {
            let _turn = self.store.one_page.lock().await;
            let query = format!("limit={PAGE}{next}");
            let request = self.request(api, &query, "PartialObjectMetadataList")?;
            let answer = timeout(ANSWER, self.client.request_text(request)).await;
            let text = answer.map_err(|_elapsed| Stop::Failed("no answer".to_owned()))??;
            let page = Page::parse(&text).map_err(|error| Stop::Failed(error.to_string()))?;
            for item in &page.items {
                if let Some(item) = self.read(item.get()) {
                    gone.remove(&item.key());
                    self.put(item);
                }
            }
            let Some(more) = page.next() else {
                for key in gone {
                    self.remove(key);
                }
                self.forgotten = false;
                self.proved();
                self.store.changed.notify_one();
                return Ok(page.into_version());
            };
            next = more;
        }
    }

    /// Watches until the API server closes the watch, which is no error.
    async fn watch(&mut self, api: &str, version: &mut String) -> Result<(), Stop> {
        let seconds = OPEN.as_secs();
        let query = format!(
            "watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={version}"
        );
        let request = self.request(api, &query, "PartialObjectMetadata")?;
        let opening = self.client.request_events::<Box<RawValue>>(request);
        let events = timeout(ANSWER, opening)
            .await
            .map_err(|_elapsed| Stop::Failed("no answer".to_owned()))??;
        if self.forgotten {
            return Err(Stop::Expired);
        }
        self.proved();
        let mut events = pin!(events);
        loop {
            let Ok(event) = timeout(SILENCE, events.try_next()).await else {
                return Err(Stop::Failed("the connection is silent".to_owned()));
            };
            let (item, gone) = match event? {
                None => return Ok(()),
                Some(WatchEvent::Added(item) | WatchEvent::Modified(item)) => (item, false),
                Some(WatchEvent::Deleted(item)) => (item, true),
                Some(WatchEvent::Bookmark(bookmark)) => {
                    *version = bookmark.metadata.resource_version;
                    self.proved();
                    continue;
                }
                Some(WatchEvent::Error(status)) => return Err(kube::Error::Api(status).into()),
            };
            let Some(item) = self.read(item.get()) else {
                // Without its version nobody can go on from here.
                return Err(Stop::Expired);
            };
            item.version().clone_into(version);
            if gone {
                self.remove(item.key());
            } else {
                self.put(item);
            }
            self.proved();
        }
    }

    fn request(&self, api: &str, query: &str, metadata: &str) -> Result<Request<Vec<u8>>, Stop> {
        let asked = self.watched.asked;
        let root = match asked.group {
            "" => format!("/api/{api}"),
            group => format!("/apis/{group}/{api}"),
        };
        let accept = if self.watched.metadata_only {
            format!("application/json;as={metadata};g=meta.k8s.io;v=v1")
        } else {
            "application/json".to_owned()
        };
        Request::get(format!("{root}/{}?{query}", asked.resource))
            .header(ACCEPT, accept)
            .body(Vec::new())
            .map_err(|error| Stop::Failed(error.to_string()))
    }

    fn read<'t>(&self, text: &'t str) -> Option<Item<'t>> {
        match Item::read(text) {
            Ok(item) => Some(item),
            Err(error) => {
                self.skipped("", "", &error.to_string());
                None
            }
        }
    }

    /// Keeps the object. One that cannot be read, or for which there is no room, is left
    /// out, and what was known of it.
    fn put(&mut self, item: Item<'_>) {
        let key = item.key();
        let room = store::room(self.index, &item);
        let before = self.objects.get(&key).copied();
        let problem = if self.store.take(room, before.unwrap_or_default()) {
            self.objects.insert(key.clone(), room);
            let kept = self.store.put(self.index, item);
            kept.err().map(|error| error.to_string())
        } else {
            Some("there is no room to keep it".to_owned())
        };
        let Some(problem) = problem else { return };
        // One that was left out before has no room, and was named then.
        if before != Some(0) {
            self.skipped(&key.0, &key.1, &problem);
        }
        self.remove(key.clone());
        self.objects.insert(key, 0);
    }

    fn remove(&mut self, key: Key) {
        let room = self.objects.remove(&key).unwrap_or_default();
        self.store.give_back(room);
        self.store.remove(self.index, key);
    }

    fn skipped(&self, namespace: &str, name: &str, error: &str) {
        use rolegate_core::names::shown;
        tracing::warn!(
            resource = self.watched.asked.resource,
            namespace = shown(namespace, 63),
            name = shown(name, 253),
            error,
            "the object cannot be read and is left out"
        );
    }

    fn proved(&mut self) {
        self.proven = true;
        if std::mem::take(&mut self.failing) {
            let resource = self.watched.asked.resource;
            tracing::info!(resource, "in sync again");
        }
        self.statuses.proved(self.index, self.objects.len());
    }

    /// Nothing is known of the resource any more.
    fn forget(&mut self, state: State, say: impl FnOnce()) {
        self.forgotten = true;
        let all: Vec<Key> = self.objects.keys().cloned().collect();
        for key in all {
            self.remove(key);
        }
        if self.statuses.set(self.index, state) {
            say();
        }
        self.store.changed.notify_one();
    }
}
