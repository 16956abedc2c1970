//! An authorization request: may this user do this? It carries no object.

use crate::json::{self, List, filled};

use super::{Extra, Resource, ReviewError, Target, Text, UserInfo};

/// A user, a verb and a target: from a `SubjectAccessReview`, from an audit event
/// without an object, or from the command line.
#[derive(Debug)]
pub struct Access<'a> {
    pub user: UserInfo<'a>,
    /// A verb of RBAC: `get`, `deletecollection`, `impersonate`, …
    pub verb: Text<'a>,
    /// Its kind is unknown; its name is empty if all objects are meant.
    pub target: Target<'a>,
    /// Restrict a `list`, `watch` or `deletecollection`.
    pub selectors: Selectors<'a>,
}

/// Selectors as text, like `metadata.name=driver`; empty if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors<'a> {
    pub field: Text<'a>,
    pub label: Text<'a>,
}

const API_VERSIONS: [&str; 2] = ["authorization.k8s.io/v1", "authorization.k8s.io/v1beta1"];

#[derive(Default)]
struct WireReview<'a> {
    api_version: Text<'a>,
    kind: Text<'a>,
    spec: Option<WireSpec<'a>>,
}

filled!(WireReview<'a> {
    kind: "kind",
    api_version: "apiVersion",
    spec: "spec",
});

#[derive(Default)]
struct WireSpec<'a> {
    user: Text<'a>,
    uid: Option<Text<'a>>,
    groups: List<Text<'a>>,
    /// The groups in v1beta1.
    group: List<Text<'a>>,
    extra: Extra<'a>,
    resource_attributes: Option<WireAttributes<'a>>,
    non_resource_attributes: Option<WireUrl<'a>>,
}

filled!(WireSpec<'a> {
    resource_attributes: "resourceAttributes",
    non_resource_attributes: "nonResourceAttributes",
    user: "user",
    groups: "groups",
    group: "group",
    extra: "extra",
    uid: "uid",
});

/// A URL that is no resource. Only that it is there counts.
#[derive(Default)]
struct WireUrl<'a> {
    path: Text<'a>,
}

filled!(WireUrl<'a> {
    path: "path",
});

#[derive(Default)]
struct WireAttributes<'a> {
    namespace: Text<'a>,
    verb: Text<'a>,
    group: Text<'a>,
    version: Text<'a>,
    resource: Text<'a>,
    subresource: Text<'a>,
    name: Text<'a>,
    field_selector: WireSelector<'a>,
    label_selector: WireSelector<'a>,
}

filled!(WireAttributes<'a> {
    namespace: "namespace",
    verb: "verb",
    group: "group",
    version: "version",
    resource: "resource",
    subresource: "subresource",
    name: "name",
    field_selector: "fieldSelector",
    label_selector: "labelSelector",
});

/// The API server sends requirements if it could parse the selector, and the raw
/// text otherwise. Only the text is kept, because no decision depends on it.
#[derive(Default)]
struct WireSelector<'a> {
    raw_selector: Text<'a>,
}

filled!(WireSelector<'a> or null {
    raw_selector: "rawSelector",
});

impl<'a> Access<'a> {
    /// Parses a `SubjectAccessReview`. `None` for a URL that is not a resource
    /// (`/healthz`): rolegate has no opinion on it.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if the text is not a `SubjectAccessReview` or lacks a
    /// required field.
    pub fn parse(text: &'a str) -> Result<Option<Self>, ReviewError> {
        const WHAT: &str = "the SubjectAccessReview";
        let review: WireReview<'a> =
            json::fill(text).map_err(|error| ReviewError::json(WHAT, error))?;
        let (version, kind) = (review.api_version.as_str(), review.kind.as_str());
        if kind != "SubjectAccessReview" || !API_VERSIONS.contains(&version) {
            return Err(ReviewError::NotAnAccessReview);
        }
        let spec = review.spec.ok_or(ReviewError::Missing("spec"))?;
        let user = UserInfo {
            username: spec.user,
            uid: spec.uid,
            groups: if spec.groups.is_empty() {
                spec.group
            } else {
                spec.groups
            },
            extra: spec.extra,
        };
        let attributes = match (spec.resource_attributes, spec.non_resource_attributes) {
            (Some(attributes), _) => attributes,
            (None, Some(url)) if !url.path.is_empty() => return Ok(None),
            (None, Some(_)) => {
                return Err(ReviewError::Missing("spec.nonResourceAttributes.path"));
            }
            (None, None) => return Err(ReviewError::Missing("spec.resourceAttributes")),
        };
        if attributes.verb.is_empty() {
            return Err(ReviewError::Missing("spec.resourceAttributes.verb"));
        }
        if attributes.resource.is_empty() {
            return Err(ReviewError::Missing("spec.resourceAttributes.resource"));
        }
        if user.username.is_empty() && user.groups.is_empty() {
            return Err(ReviewError::Missing("spec.user"));
        }
        Ok(Some(Self {
            user,
            verb: attributes.verb,
            target: Target {
                resource: Resource {
                    group: attributes.group,
                    version: attributes.version,
                    resource: attributes.resource,
                },
                subresource: attributes.subresource,
                namespace: attributes.namespace,
                name: attributes.name,
                ..Target::default()
            },
            selectors: Selectors {
                field: attributes.field_selector.raw_selector,
                label: attributes.label_selector.raw_selector,
            },
        }))
    }
}
