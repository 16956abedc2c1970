//! What is kept of the watched objects: of each only what somebody reads.

use std::collections::{BTreeMap, HashSet};
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

    /// Removes what a new list no longer has.
    pub(super) fn retain(&self, index: usize, seen: &HashSet<Key>) {
        for key in self.keys(index) {
            if !seen.contains(&key) {
                self.remove(index, key);
            }
        }
    }

    /// The keys of the objects of a resource that are kept.
    fn keys(&self, index: usize) -> Vec<Key> {
        let of_role = |key: &RoleKey| (key.namespace.clone(), key.name.clone());
        let of_binding = |key: &BindingKey| (key.namespace.clone(), key.name.clone());
        let clustered = resource(index).starts_with("cluster");
        match resource(index) {
            "roles" | "clusterroles" => {
                let view = self.view();
                let keys = view.graph.roles().map(|role| of_role(&role.key));
                keys.filter(|(namespace, _)| namespace.is_empty() == clustered)
                    .collect()
            }
            "rolebindings" | "clusterrolebindings" => {
                let view = self.view();
                let keys = view
                    .graph
                    .bindings()
                    .map(|binding| of_binding(&binding.key));
                keys.filter(|(namespace, _)| namespace.is_empty() == clustered)
                    .collect()
            }
            "namespaces" => {
                let view = self.view();
                let names = view.managed.keys().cloned();
                names.map(|name| (Box::default(), name)).collect()
            }
            _ => {
                let admission = self.admission();
                let of_kind = admission.keys().filter(|(of, _)| *of == index);
                of_kind
                    .map(|(_, name)| (Box::default(), name.clone()))
                    .collect()
            }
        }
    }
}

pub(super) fn resource(index: usize) -> &'static str {
    WATCHED
        .get(index)
        .map_or("", |watched| watched.asked.resource)
}
