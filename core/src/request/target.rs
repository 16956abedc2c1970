//! The target of a request.

use crate::json::{Text, filled};

/// The object, or the part of one, that a request is for.
#[derive(Clone, Debug, Default)]
pub struct Target<'a> {
    /// After the conversion of `matchPolicy: Equivalent`.
    pub resource: Resource<'a>,
    /// The kind of the object; a subresource may have another kind.
    pub kind: Kind<'a>,
    /// `exec`, `status`, …; empty for the object itself.
    pub subresource: Text<'a>,
    /// Empty for cluster-scoped resources.
    pub namespace: Text<'a>,
    /// As the API server sent it: empty for deletecollection and before a name is
    /// generated.
    pub name: Text<'a>,
}

impl Target<'_> {
    /// Whether it is of this resource, in any version and subresource.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.resource.is(group, resource)
    }

    /// Whether it is the object itself, not a subresource.
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
    /// Empty for the core group.
    pub group: Text<'a>,
    pub version: Text<'a>,
    /// The plural name.
    pub resource: Text<'a>,
}

filled!(Resource<'a> {
    group: "group",
    version: "version",
    resource: "resource",
});

impl Resource<'_> {
    /// Whether this is `resource` of `group`, in any version.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        *self.group == *group && *self.resource == *resource
    }
}

/// `group/version/kind`.
#[derive(Clone, Debug, Default)]
pub struct Kind<'a> {
    /// Empty for the core group.
    pub group: Text<'a>,
    pub version: Text<'a>,
    pub kind: Text<'a>,
}

filled!(Kind<'a> or null {
    group: "group",
    version: "version",
    kind: "kind",
});
