//! A rule of a role, evaluated as `k8s.io/component-helpers/auth/rbac` and
//! kube-apiserver do (`evaluation_helpers.go`).

use serde::Deserialize;

use crate::json::List;

use super::{Asked, Attributes};

/// What one rule of a role allows. A rule has resources or URLs; in one with both,
/// each part counts on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    pub verbs: List<Box<str>>,
    pub api_groups: List<Box<str>>,
    /// `pods`, `pods/exec`, `*/scale`, `*`.
    pub resources: List<Box<str>>,
    /// Empty: objects of every name.
    pub resource_names: List<Box<str>>,
    #[serde(rename = "nonResourceURLs")]
    pub urls: List<Box<str>>,
}

/// In a verb, an API group, a resource or a URL: all of them.
const ALL: &str = "*";

impl Rule {
    /// Whether it allows this. Without a name, all objects are asked for.
    #[must_use]
    pub fn allows(&self, attributes: &Attributes<'_>) -> bool {
        self.covers(attributes)
            && match attributes.asked {
                Asked::Resource { name, .. } => {
                    self.resource_names.is_empty() || has(&self.resource_names, name)
                }
                Asked::Url { .. } => true,
            }
    }

    /// Whether it allows this for at least one object of those asked for. A request
    /// without a name in it, such as a `create`, is never for an object of a name.
    #[must_use]
    pub fn allows_some(&self, attributes: &Attributes<'_>) -> bool {
        self.allows(attributes)
            || match attributes.asked {
                Asked::Resource {
                    name, subresource, ..
                } => {
                    let nameless = attributes.verb == "deletecollection"
                        || attributes.verb == "create" && subresource.is_empty();
                    name.is_empty() && !nameless && self.covers(attributes)
                }
                Asked::Url { .. } => false,
            }
    }

    /// Without room to grow: a cluster has tens of thousands of rules.
    pub(super) fn compact(&mut self) {
        let lists = [
            &mut self.verbs,
            &mut self.api_groups,
            &mut self.resources,
            &mut self.resource_names,
            &mut self.urls,
        ];
        lists.into_iter().for_each(List::shrink_to_fit);
    }

    /// Whether it allows this for objects of some name.
    fn covers(&self, attributes: &Attributes<'_>) -> bool {
        has_or_all(&self.verbs, attributes.verb)
            && match attributes.asked {
                Asked::Resource {
                    group,
                    resource,
                    subresource,
                    ..
                } => {
                    has_or_all(&self.api_groups, group) && self.has_resource(resource, subresource)
                }
                Asked::Url { path } => self.urls.iter().any(|url| is_url(url, path)),
            }
    }

    /// `*` includes every subresource; `pods` does not include `pods/exec`;
    /// `*/exec` is `exec` of every resource. `pods/*` and `*/*` are no patterns: they
    /// name a subresource `*`, and none exists.
    fn has_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|of_rule| {
            if &**of_rule == ALL {
                return true;
            }
            if subresource.is_empty() {
                return &**of_rule == resource;
            }
            of_rule.split_once('/').is_some_and(|(main, sub)| {
                // A resource of a request has no `/`, so the first one separates.
                sub == subresource && (main == resource || main == ALL)
            })
        })
    }
}

fn has(list: &[Box<str>], value: &str) -> bool {
    list.iter().any(|item| &**item == value)
}

fn has_or_all(list: &[Box<str>], value: &str) -> bool {
    list.iter().any(|item| &**item == ALL || &**item == value)
}

/// `*`, the path itself, or a prefix that ends in `*`.
fn is_url(of_rule: &str, path: &str) -> bool {
    of_rule == ALL
        || of_rule == path
        || (of_rule.ends_with(ALL) && path.starts_with(of_rule.trim_end_matches(ALL)))
}
