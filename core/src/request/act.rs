//! What is done, and to what.

use super::object::Object;
use super::{Kind, Operation, Resource, Text};

/// What is done to an object. Each variant has exactly the objects that the API
/// server sends with it, so a rule need not ask whether they are there.
#[derive(Clone, Copy, Debug)]
pub enum Act<'a> {
    /// POST, or a PUT, PATCH or apply of what does not exist yet.
    Create(Object<'a>),
    /// PUT, PATCH, apply.
    Update { old: Object<'a>, new: Object<'a> },
    /// DELETE, and deletecollection once for every object.
    Delete(Object<'a>),
    /// exec, attach, portforward, proxy, by whatever HTTP method; with the
    /// options, where there are some.
    Connect(Option<Object<'a>>),
}

impl<'a> Act<'a> {
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Create(_) => Operation::Create,
            Self::Update { .. } => Operation::Update,
            Self::Delete(_) => Operation::Delete,
            Self::Connect(_) => Operation::Connect,
        }
    }

    /// What a CREATE or UPDATE would store, and what an UPDATE would replace.
    #[must_use]
    pub const fn written(&self) -> Option<(Object<'a>, Option<Object<'a>>)> {
        match *self {
            Self::Create(new) => Some((new, None)),
            Self::Update { old, new } => Some((new, Some(old))),
            Self::Delete(_) | Self::Connect(_) => None,
        }
    }

    /// What an UPDATE would replace and by what.
    #[must_use]
    pub const fn update(&self) -> Option<(Object<'a>, Object<'a>)> {
        match *self {
            Self::Update { old, new } => Some((old, new)),
            Self::Create(_) | Self::Delete(_) | Self::Connect(_) => None,
        }
    }

    /// What is stored now: what an UPDATE would replace, a DELETE remove.
    #[must_use]
    pub const fn stored(&self) -> Option<Object<'a>> {
        match *self {
            Self::Update { old, .. } | Self::Delete(old) => Some(old),
            Self::Create(_) | Self::Connect(_) => None,
        }
    }
}

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
