//! What a request is about.

use crate::json::{Text, filled};

/// The object or part of one that a request is about.
#[derive(Clone, Debug, Default)]
pub struct Target<'a> {
    /// Group, version and plural name (after `matchPolicy: Equivalent`).
    pub resource: Resource<'a>,
    /// Group, version and kind of the object, which for a subresource may be another.
    pub kind: Kind<'a>,
    /// `exec`, `status`, …; empty for the object itself.
    pub subresource: Text<'a>,
    /// Empty for cluster-scoped resources.
    pub namespace: Text<'a>,
    /// As the API server gave it: empty for deletecollection and before a name
    /// is generated.
    pub name: Text<'a>,
}

impl Target<'_> {
    /// Whether it is of this resource, in whatever version and subresource.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.resource.is(group, resource)
    }

    /// Whether it is the object itself and no subresource.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.subresource.is_empty()
    }

    #[must_use]
    pub fn group(&self) -> &str {
        &self.resource.group
    }

    /// The plural resource name.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource.resource
    }

    #[must_use]
    pub fn subresource(&self) -> &str {
        &self.subresource
    }

    /// Empty for cluster-scoped resources.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// `group/version/resource`.
#[derive(Clone, Debug, Default)]
pub struct Resource<'a> {
    /// API group; empty for the core group.
    pub group: Text<'a>,
    /// API version.
    pub version: Text<'a>,
    /// Plural resource name.
    pub resource: Text<'a>,
}

filled!(Resource<'a> {
    group: "group",
    version: "version",
    resource: "resource",
});

impl Resource<'_> {
    /// Whether this is `resource` of `group`, in whatever version.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        *self.group == *group && *self.resource == *resource
    }
}

/// `group/version/kind`.
#[derive(Clone, Debug, Default)]
pub struct Kind<'a> {
    /// API group; empty for the core group.
    pub group: Text<'a>,
    /// API version.
    pub version: Text<'a>,
    /// Kind.
    pub kind: Text<'a>,
}

filled!(Kind<'a> or null {
    group: "group",
    version: "version",
    kind: "kind",
});
