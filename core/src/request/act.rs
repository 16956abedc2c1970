//! The operation of a request, with its objects.

use std::fmt;

use super::Object;

/// The operation of an admission request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// POST, or a PUT, PATCH or apply of an object that does not exist yet.
    Create,
    /// PUT, PATCH, apply.
    Update,
    /// DELETE; a deletecollection is one per object.
    Delete,
    /// exec, attach, portforward or proxy, with any HTTP method.
    Connect,
}

impl Operation {
    pub(super) const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Connect];

    /// As the API server writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The operation of a request with its objects. Each variant has exactly the
/// objects that the API server sends with it, so a rule need not check for them.
#[derive(Clone, Copy, Debug)]
pub enum Act<'a> {
    /// POST, or a PUT, PATCH or apply of an object that does not exist yet.
    Create(Object<'a>),
    /// PUT, PATCH, apply.
    Update { old: Object<'a>, new: Object<'a> },
    /// DELETE; a deletecollection is one per object.
    Delete(Object<'a>),
    /// exec, attach, portforward or proxy, with any HTTP method; with the options if
    /// there are any.
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

    /// The object that a CREATE or UPDATE stores, and the one that an UPDATE replaces.
    #[must_use]
    pub const fn written(&self) -> Option<(Object<'a>, Option<Object<'a>>)> {
        match *self {
            Self::Create(new) => Some((new, None)),
            Self::Update { old, new } => Some((new, Some(old))),
            Self::Delete(_) | Self::Connect(_) => None,
        }
    }

    /// The old and the new object of an UPDATE.
    #[must_use]
    pub const fn update(&self) -> Option<(Object<'a>, Object<'a>)> {
        match *self {
            Self::Update { old, new } => Some((old, new)),
            Self::Create(_) | Self::Delete(_) | Self::Connect(_) => None,
        }
    }

    /// The stored object that an UPDATE replaces or a DELETE removes.
    #[must_use]
    pub const fn stored(&self) -> Option<Object<'a>> {
        match *self {
            Self::Update { old, .. } | Self::Delete(old) => Some(old),
            Self::Create(_) | Self::Connect(_) => None,
        }
    }
}
