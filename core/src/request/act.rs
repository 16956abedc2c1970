//! What is done to an object.

use std::fmt;

use super::Object;

/// What is done to an object, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// POST, or a PUT, PATCH or apply of what does not exist yet.
    Create,
    /// PUT, PATCH, apply.
    Update,
    /// DELETE, and deletecollection once for every object.
    Delete,
    /// exec, attach, portforward, proxy, by whatever HTTP method.
    Connect,
}

impl Operation {
    pub(super) const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Connect];

    /// The API server's word.
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
