//! Facts about the cluster, as far as a door could look them up.
//!
//! The engine does no I/O. A rule that lacks a fact says which ([`Need`]); the
//! door looks all of them up at once and runs the rules a second time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::View;
use crate::json::{Raw, Text};
use crate::request::{Object, Resource, Stored, Target, Version, view};

/// An object that a rule needs besides the request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// API group; empty for the core group.
    pub group: String,
    /// API version, as `v1`.
    pub version: Box<str>,
    /// Plural resource name.
    pub resource: String,
    /// Empty for cluster-scoped resources, and for a list of all namespaces.
    pub namespace: String,
    /// Empty for the list of all objects.
    pub name: String,
    /// The further object that it names. The door looks that one up too.
    pub then: Option<&'static Further>,
}

/// An object of the same group, version and namespace that another names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Further {
    /// The field that holds its name.
    pub field: &'static str,
    /// Its plural resource name.
    pub resource: &'static str,
}

impl Need {
    #[must_use]
    pub fn object(group: &str, version: &str, resource: &str, namespace: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.into(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            then: None,
        }
    }

    /// All objects of a resource: of a namespace, or of the cluster for an empty one.
    #[must_use]
    pub fn all(group: &str, resource: &str, namespace: &str) -> Self {
        Self::object(group, "v1", resource, namespace, "")
    }

    /// Whether it is for all objects instead of one.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        self.name.is_empty()
    }

    /// The same object, and the one that it names.
    #[must_use]
    pub fn followed_by(self, further: &'static Further) -> Self {
        let then = Some(further);
        Self { then, ..self }
    }

    /// The need for the further object, once the text of the first is known.
    #[must_use]
    pub fn next(&self, object: Raw<'_>) -> Option<Self> {
        let Further { field, resource } = *self.then?;
        let name = view::text_at(object, field)?;
        (!name.is_empty())
            .then(|| Self::object(&self.group, &self.version, resource, &self.namespace, &name))
    }

    /// The object, where its text was found.
    #[must_use]
    pub fn stored<'a>(&self, raw: Raw<'a>) -> Stored<'a> {
        let text = |text: &str| Text(Cow::Owned(text.to_owned()));
        Stored {
            target: Target {
                resource: Resource {
                    group: text(&self.group),
                    version: text(&self.version),
                    resource: text(&self.resource),
                },
                namespace: text(&self.namespace),
                name: text(&self.name),
                ..Target::default()
            },
            object: Object::new(raw, Version::Stored),
        }
    }
}

impl fmt::Display for Need {
    /// `deployments.apps spark-a/gateway`, `all rolebindings.rbac.authorization.k8s.io`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_list() {
            f.write_str("all ")?;
        }
        f.write_str(&self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match (self.is_list(), self.namespace.as_str()) {
            (true, "") => Ok(()),
            (true, namespace) => write!(f, " in {namespace}"),
            (false, "") => write!(f, " {}", self.name),
            (false, namespace) => write!(f, " {namespace}/{}", self.name),
        }
    }
}

/// How long ago a fact was known to be true.
pub type Age = Duration;

/// What is known about an object. Absent is not the same as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<T> {
    Is(T, Age),
    Absent(Age),
    Unknown,
}

impl<T> Known<T> {
    /// The same, without the thing itself.
    #[must_use]
    pub const fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Is(thing, age) => Known::Is(thing, *age),
            Self::Absent(age) => Known::Absent(*age),
            Self::Unknown => Known::Unknown,
        }
    }
}

/// What a door has found out about the cluster.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    objects: BTreeMap<Need, Known<&'a Stored<'a>>>,
    /// Whether the door has looked everything up: what is unknown stays unknown.
    looked: bool,
    /// What the door knows of the whole cluster, and how old that is.
    view: Option<(&'a View, Age)>,
}

impl<'a> Facts<'a> {
    /// Nothing is known yet, and the door can look things up.
    #[must_use]
    pub fn none_yet() -> Self {
        Self::default()
    }

    /// The result of looking up every need of the first round. A need that is not in
    /// `found` stays unknown.
    #[must_use]
    pub fn found(found: impl IntoIterator<Item = (Need, Known<&'a Stored<'a>>)>) -> Self {
        Self {
            objects: found.into_iter().collect(),
            looked: true,
            view: None,
        }
    }

    /// The same, with what the door knows of the whole cluster.
    #[must_use]
    pub const fn with_view(mut self, view: &'a View, age: Age) -> Self {
        self.view = Some((view, age));
        self
    }

    /// What the door knows of the whole cluster, if it is no older than this.
    #[must_use]
    pub fn view(&self, at_most: Age) -> Option<&'a View> {
        self.view
            .filter(|(_, age)| *age <= at_most)
            .map(|(view, _)| view)
    }

    /// Nothing is known and nothing can be looked up: there is no cluster.
    #[must_use]
    pub fn unknowable() -> Self {
        Self::found([])
    }

    /// Whether the door has looked everything up and will look up nothing more.
    #[must_use]
    pub const fn are_final(&self) -> bool {
        self.looked
    }

    /// Whether nothing is known and nothing can be looked up, so that no rule need find
    /// out what to ask for.
    #[must_use]
    pub fn know_nothing(&self) -> bool {
        self.looked && self.objects.is_empty() && self.view.is_none()
    }

    /// What is known about an object.
    ///
    /// # Errors
    ///
    /// The need itself, for the door to look up, unless [`Self::are_final`].
    pub fn object(&self, need: Need) -> Result<Known<&'a Stored<'a>>, Need> {
        match self.objects.get(&need) {
            Some(known) => Ok(*known),
            None if self.looked => Ok(Known::Unknown),
            None => Err(need),
        }
    }
}
