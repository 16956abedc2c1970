//! One version of an object, parsed only as far as a rule reads it.

use serde::Deserialize;

use crate::json::{self, Name, Pairs, Raw};

use super::pod::{Pod, PodMeta};
use super::view::{self, ObjectMeta, TemplateShape};
use super::{ReviewError, Text};

/// The version of an object; it determines the object's name in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The object that a write stores, or the options of a CONNECT.
    New,
    /// The object stored before the write.
    Old,
    /// An object in a cluster or a file, outside any request.
    Stored,
}

/// The text of an object, with its version.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    raw: Raw<'a>,
    version: Version,
}

impl<'a> Object<'a> {
    #[must_use]
    pub const fn new(raw: Raw<'a>, version: Version) -> Self {
        Self { raw, version }
    }

    #[must_use]
    pub const fn raw(self) -> Raw<'a> {
        self.raw
    }

    #[must_use]
    pub const fn version(self) -> Version {
        self.version
    }

    /// Its name in errors: `request.object`, `request.oldObject`, `the object`.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self.version {
            Version::New => "request.object",
            Version::Old => "request.oldObject",
            Version::Stored => "the object",
        }
    }

    /// Reads the fields of `T`.
    ///
    /// # Errors
    ///
    /// [`ReviewError::Json`] if a field of the view has another type, an array is in
    /// place of an object, or a field appears twice, because duplicate fields are
    /// ambiguous.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, ReviewError> {
        view::read(self.what(), self.raw)
    }

    /// Parses it as a pod or a pod template.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn pod(self) -> Result<Pod<'a>, ReviewError> {
        view::fill(self.what(), self.raw)
    }

    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn metadata(self) -> Result<ObjectMeta<'a>, ReviewError> {
        view::metadata(self.what(), self.raw)
    }

    /// Labels, annotations and owners of the object itself. API servers write them
    /// before the rest, which is not looked at.
    ///
    /// # Errors
    ///
    /// [`ReviewError::Json`] if they, or a field before them, cannot be read.
    pub fn own_metadata(self) -> Result<PodMeta<'a>, ReviewError> {
        const METADATA: Name = Name::new("metadata");
        json::first(self.raw.get(), &METADATA)
            .map_err(|error| ReviewError::json(self.what(), error))
    }

    /// The annotations, in document order.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn annotations(self) -> Result<Pairs<'a>, ReviewError> {
        view::annotations(self.what(), self.raw)
    }

    /// The pod template of a built-in kind; `None` if it has none.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn template(self, shape: TemplateShape) -> Result<Option<Self>, ReviewError> {
        let template = view::template(self.what(), self.raw, shape)?;
        Ok(template.map(|raw| Self { raw, ..self }))
    }

    /// `spec.suspend` of a Job or `CronJob`.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn is_suspended(self) -> Result<bool, ReviewError> {
        view::is_suspended(self.what(), self.raw)
    }

    /// Every service account that this pod or template could run as, with the field
    /// that names it; `default` if none does.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn service_accounts(self) -> Result<Vec<(&'static str, Text<'a>)>, ReviewError> {
        view::service_accounts(self.what(), self.raw)
    }

    /// The `path` of a proxy request's options; empty if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn proxy_path(self) -> Result<Text<'a>, ReviewError> {
        view::proxy_path(self.what(), self.raw)
    }

    /// Whether `word`, which must consist of letters, occurs anywhere in it; see
    /// [`view::mentions`].
    #[must_use]
    pub fn mentions(self, word: &str) -> bool {
        view::mentions(self.raw, word)
    }
}
