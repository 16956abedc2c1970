//! Objects of a cluster, read page by page.

use std::collections::VecDeque;

use anyhow::Context as _;
use http::{Request, StatusCode};
use kube::Client;
use kube::discovery::{ApiResource, Discovery, Scope, verbs};

use rolegate_core::facts::WATCHED;
use rolegate_core::json::Raw;
use rolegate_core::request::view;
use rolegate_core::scan::StoredObject;

use super::{Item, Origin, Pass, kinds};
use crate::cluster::{PAGE, Page};

/// A cluster.
pub struct Live {
    pub(super) client: Client,
    /// All namespaces if empty.
    namespace: String,
    pass: Pass,
    left: VecDeque<Kind>,
    pub(super) left_out: Vec<String>,
    /// Resources of the first pass that were listed to their end.
    listed: Vec<&'static str>,
    /// Requests to the API server so far.
    pub calls: usize,
}

#[derive(Debug)]
struct Kind {
    resource: ApiResource,
    /// Empty for the first page.
    next: String,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("namespace", &self.namespace)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// `namespace` limits the second pass to one; empty: all.
    #[must_use]
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            pass: Pass::World,
            left: VecDeque::new(),
            left_out: Vec::new(),
            listed: Vec::new(),
            calls: 0,
        }
    }

    pub(super) async fn begin(&mut self, pass: Pass) -> anyhow::Result<()> {
        self.pass = pass;
        let discovery = Discovery::new(self.client.clone());
        let discovery = discovery
            .run()
            .await
            .context("the API server does not say which resources it serves")?;
        let mut found = Vec::new();
        for group in discovery.groups() {
            for (resource, can) in group.recommended_resources() {
                let order = kinds::order(pass, &resource.group, &resource.plural);
                let Some(order) = order.filter(|_| can.supports_operation(verbs::LIST)) else {
                    continue;
                };
                if pass == Pass::World || can.scope == Scope::Namespaced {
                    found.push((order, resource));
                }
            }
        }
        found.sort_by(|one, other| {
            let key = |(order, resource): &(usize, ApiResource)| {
                (*order, resource.group.clone(), resource.plural.clone())
            };
            key(one).cmp(&key(other))
        });
        let kinds = found.into_iter().map(|(_, resource)| Kind {
            resource,
            next: String::new(),
        });
        self.left = kinds.collect();
        Ok(())
    }

    pub(super) async fn page(&mut self) -> anyhow::Result<Option<Vec<Item>>> {
        let Some(kind) = self.left.pop_front() else {
            return Ok(None);
        };
        let ApiResource {
            group,
            api_version,
            kind: name,
            plural,
            ..
        } = &kind.resource;
        let root = if group.is_empty() { "api" } else { "apis" };
        let place = match (self.pass, self.namespace.as_str()) {
            (Pass::World, _) | (_, "") => String::new(),
            (Pass::Objects, namespace) => format!("/namespaces/{namespace}"),
        };
        let next = &kind.next;
        let path = format!("/{root}/{api_version}{place}/{plural}?limit={PAGE}{next}");
        let request = Request::get(path).body(Vec::new())?;
        self.calls += 1;
        let text = match self.client.request_text(request).await {
            Ok(text) => text,
            Err(error) => {
                let what = format!("cannot list {plural}.{group}");
                let what = what.trim_end_matches('.');
                // What everything else depends on.
                let needed =
                    self.pass == Pass::World && !group.starts_with("admissionregistration");
                if needed {
                    return Err(anyhow::Error::new(error).context(what.to_owned()));
                }
                // A page that is too old ends the list: the API server has forgotten it.
                let why = match &error {
                    kube::Error::Api(status) if status.code == StatusCode::GONE => {
                        "the list took too long; scan one namespace at a time".to_owned()
                    }
                    error => error.to_string(),
                };
                self.left_out.push(format!("{what}: {why}"));
                return Ok(Some(Vec::new()));
            }
        };
        let page = Page::parse(&text).with_context(|| format!("the list of {plural}"))?;
        let mut items = Vec::with_capacity(page.items.len());
        for item in &page.items {
            match StoredObject::of_list(item.get(), api_version, name, plural) {
                Ok(object) => {
                    let raw = Raw::parse(item.get()).ok();
                    let version =
                        raw.and_then(|raw| view::text_at(raw, "metadata.resourceVersion"));
                    let resource_version = version.map(|text| text.to_string());
                    items.push(Item {
                        object,
                        origin: Origin::Cluster {
                            resource_version: resource_version.unwrap_or_default(),
                        },
                    });
                }
                Err(error) => self.left_out.push(format!("one of the {plural}: {error}")),
            }
        }
        if let Some(next) = page.next() {
            let resource = kind.resource;
            self.left.push_front(Kind { resource, next });
        } else if self.pass == Pass::World
            && let Some(known) = WATCHED.iter().find(|one| one.asked.resource == plural)
        {
            self.listed.push(known.asked.resource);
        }
        Ok(Some(items))
    }

    /// The resources of the first pass that are known completely.
    pub(super) fn listed(&self) -> Vec<&'static str> {
        self.listed.clone()
    }

    /// The data of a `ConfigMap`; `None` if there is none or it may not be read.
    pub(super) async fn config_map(&mut self, namespace: &str, name: &str) -> Option<String> {
        self.calls += 1;
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
        let request = Request::get(path).body(Vec::new()).ok()?;
        match self.client.request_text(request).await {
            Ok(text) => Some(text),
            Err(kube::Error::Api(status)) if status.code == StatusCode::NOT_FOUND => None,
            Err(error) => {
                let what = format!("cannot read ConfigMap {namespace}/{name}: {error}");
                self.left_out.push(what);
                None
            }
        }
    }
}
