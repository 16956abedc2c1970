//! What is kept of the watched objects: of each only what somebody reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rolegate_core::facts::{View, WATCHED};
use rolegate_core::json;
use rolegate_core::names::MODE_LABEL;
use rolegate_core::rbac::{Binding, BindingKey, Labels, Role, RoleKey};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use crate::manifests::is_shipped;

/// Namespace and name; an empty namespace for what has none.
pub(super) type Key = (Box<str>, Box<str>);

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Store {
    view: RwLock<View>,
    admission: Mutex<BTreeMap<(usize, Box<str>), Kept>>,
    /// Held while a page is read and put here, so that pages do not add up in memory.
    pub(super) one_page: tokio::sync::Mutex<()>,
    /// The room that roles, bindings and namespaces take.
    taken: AtomicUsize,
    /// Something changed that drift depends on.
    pub(super) changed: Notify,
}

/// A webhook configuration or an admission policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The object without metadata and status.
    pub(super) text: Box<str>,
    pub(super) uid: Box<str>,
}

#[derive(Deserialize)]
struct Head {
    metadata: Meta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: Box<str>,
    namespace: Option<Box<str>>,
    uid: Box<str>,
    resource_version: Box<str>,
    labels: Option<Labels>,
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    webhooks: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
}

/// An object as the API server sends it, read as far as every kind has it.
pub(super) struct Item<'a> {
    text: &'a str,
    meta: Meta,
}

impl<'a> Item<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, json::Error> {
        let Head { metadata } = json::from_str(text)?;
        Ok(Self {
            text,
            meta: metadata,
        })
    }

    pub(super) fn key(&self) -> Key {
        let namespace = self.meta.namespace.clone().unwrap_or_default();
        (namespace, self.meta.name.clone())
    }

    pub(super) fn version(&self) -> &str {
        &self.meta.resource_version
    }
}

impl Store {
    pub(super) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The webhook configurations and admission policies by the place of their resource in
    /// [`WATCHED`] and by name.
    pub(super) fn admission(&self) -> MutexGuard<'_, BTreeMap<(usize, Box<str>), Kept>> {
        self.admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an object, or what is new about it.
    pub(super) fn put(&self, index: usize, item: Item<'_>) -> Result<(), serde_json::Error> {
        let invalid = <serde_json::Error as serde::de::Error>::custom;
        match resource(index) {
            "roles" | "clusterroles" => {
                let role = Role::parse(item.text, "").map_err(invalid)?;
                self.write().graph.put_role(role);
            }
            "rolebindings" | "clusterrolebindings" => {
                let binding = Binding::parse(item.text, "").map_err(invalid)?;
                self.write().graph.put_binding(binding);
            }
            "namespaces" => {
                let labels = item.meta.labels.unwrap_or_default();
                let name = item.meta.name;
                let mut view = self.write();
                let managed = labels.contains_key(MODE_LABEL);
                let changed = if managed {
                    view.managed.insert(name, labels.clone()).as_ref() != Some(&labels)
                } else {
                    view.managed.remove(&name).is_some()
                };
                drop(view);
                if changed {
                    self.changed.notify_one();
                }
            }
            _ => {
                let Parts { webhooks, spec } = serde_json::from_str(item.text)?;
                let part = |name: &str, part: Option<&RawValue>| {
                    part.map(|part| format!(r#""{name}":{}"#, part.get()))
                };
                let parts = [part("webhooks", webhooks), part("spec", spec)];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                // Of others' validating webhooks and policies nothing is asked.
                let key = (index, item.meta.name);
                if resource(index).starts_with("validating") && !is_shipped(resource(index), &key.1)
                {
                    return Ok(());
                }
                let kept = Kept {
                    text: format!("{{{}}}", parts.join(",")).into(),
                    uid: item.meta.uid,
                };
                let mut admission = self.admission();
                if admission.get(&key) != Some(&kept) {
                    admission.insert(key, kept);
                    drop(admission);
                    self.changed.notify_one();
                }
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, index: usize, (namespace, name): Key) {
        match resource(index) {
            "roles" | "clusterroles" => {
                self.write().graph.remove_role(&RoleKey { namespace, name });
            }
            "rolebindings" | "clusterrolebindings" => {
                let key = BindingKey { namespace, name };
                self.write().graph.remove_binding(&key);
            }
            "namespaces" => {
                if self.write().managed.remove(&name).is_some() {
                    self.changed.notify_one();
                }
            }
            _ => {
                if self.admission().remove(&(index, name)).is_some() {
                    self.changed.notify_one();
                }
            }
        }
    }

    /// Takes room for a new version of an object; `before` is what its old one has.
    /// Whether there is enough.
    pub(super) fn take(&self, room: usize, before: usize) -> bool {
        let taken = self.taken.fetch_add(room, Ordering::Relaxed) + room;
        if taken.saturating_sub(before) > MOST {
            self.give_back(room);
            return false;
        }
        self.give_back(before);
        true
    }

    pub(super) fn give_back(&self, room: usize) {
        self.taken.fetch_sub(room, Ordering::Relaxed);
    }
}

/// The room that an object will take, at most: each of its strings is kept on its own.
/// Webhook configurations and admission policies, which only administrators write, are
/// always kept.
pub(super) fn room(index: usize, item: &Item<'_>) -> usize {
    if WATCHED
        .get(index)
        .is_none_or(|one| one.asked.group == ADMISSION)
    {
        return 0;
    }
    let quotes = memchr::memchr_iter(b'"', item.text.as_bytes()).count();
    item.text.len() / 2 + quotes / 2 * A_STRING
}

/// The group of webhook configurations and admission policies.
const ADMISSION: &str = "admissionregistration.k8s.io";
/// A string and what the allocator adds.
const A_STRING: usize = 40;
/// Tenants write roles and bindings, so they have a limit together. What is not kept is
/// looked up where it decides; some 60,000 roles and bindings of the usual size fit.
const MOST: usize = 192 << 20;

pub(super) fn resource(index: usize) -> &'static str {
    WATCHED
        .get(index)
        .map_or("", |watched| watched.asked.resource)
}
