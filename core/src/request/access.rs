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

const WHAT: &str = "the SubjectAccessReview";
const KIND: &str = "SubjectAccessReview";
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

/// A `SubjectAccessReview`.
#[derive(Debug)]
pub struct AccessReview<'a> {
    /// Which the answer must have too.
    api_version: &'static str,
    /// `None` where there is nothing to judge: a URL that is no resource (`/healthz`),
    /// or a question without a verb, a resource or a user, which people may ask.
    pub access: Option<Access<'a>>,
}

impl<'a> AccessReview<'a> {
    /// Parses the body of a request.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if it is no `SubjectAccessReview`, or has neither a resource
    /// nor a URL.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        let text = simdutf8::basic::from_utf8(body).map_err(|_| ReviewError::NotAnAccessReview)?;
        let review: WireReview<'a> =
            json::fill(text).map_err(|error| ReviewError::json(WHAT, error))?;
        let version = review.api_version.as_str();
        let known = API_VERSIONS.into_iter().find(|known| *known == version);
        let api_version = known
            .filter(|_| review.kind.as_str() == KIND)
            .ok_or(ReviewError::NotAnAccessReview)?;
        let spec = review.spec.ok_or(ReviewError::Missing("spec"))?;
        Ok(Self {
            api_version,
            access: spec.into_access()?,
        })
    }

    /// The answer: denied for this reason, or no opinion. It never allows.
    #[must_use]
    pub fn answer(&self, denied: Option<&str>) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + denied.map_or(0, |reason| reason.len() * 9 / 8));
        out.push(b'{');
        json::write_member(&mut out, "apiVersion", self.api_version);
        json::write_member(&mut out, "kind", KIND);
        out.extend_from_slice(br#","status":{"allowed":false"#);
        if let Some(reason) = denied {
            out.extend_from_slice(br#","denied":true"#);
            json::write_member(&mut out, "reason", reason);
        }
        out.extend_from_slice(b"}}");
        out
    }
}

impl<'a> WireSpec<'a> {
    fn into_access(self) -> Result<Option<Access<'a>>, ReviewError> {
        let attributes = match (self.resource_attributes, self.non_resource_attributes) {
            (Some(attributes), _) => attributes,
            (None, Some(_)) => return Ok(None),
            (None, None) => return Err(ReviewError::Missing("spec.resourceAttributes")),
        };
        let user = UserInfo {
            username: self.user,
            uid: self.uid,
            groups: if self.groups.is_empty() {
                self.group
            } else {
                self.groups
            },
            extra: self.extra,
        };
        let asks_nothing = attributes.verb.is_empty()
            || attributes.resource.is_empty()
            || user.username.is_empty() && user.groups.is_empty();
        Ok((!asks_nothing).then_some(Access {
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
