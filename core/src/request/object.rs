//! One version of an object, read only as far as a rule asks.

use serde::Deserialize;

use crate::json::{Fill, Pairs, Raw};

use super::view::{self, ObjectMeta, TemplateShape};
use super::{ReviewError, Text};

/// Which version of an object it is. Names it in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What a write would store, or the options of a CONNECT.
    New,
    /// What was stored before the write.
    Old,
    /// What lies in a cluster or a file, without anybody writing it.
    Stored,
}

/// An object's text, and which version of it that is.
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

    /// What errors call it: `request.object`, `request.oldObject`, `the object`.
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
    /// [`ReviewError::Json`] when a field of the view has another type, an array
    /// stands for a struct, or a field stands twice: two answers to one question
    /// cannot be judged.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, ReviewError> {
        view::read(self.what(), self.raw)
    }

    /// The same, for the views that are parsed in place, as a pod's.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn fill<T: Fill<'a> + Default>(self) -> Result<T, ReviewError> {
        view::fill(self.what(), self.raw)
    }

    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn metadata(self) -> Result<ObjectMeta<'a>, ReviewError> {
        view::metadata(self.what(), self.raw)
    }

    /// The annotations, in document order.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn annotations(self) -> Result<Pairs<'a>, ReviewError> {
        view::annotations(self.what(), self.raw)
    }

    /// The pod template of a built-in kind; `None` where it has none.
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

    /// Every service account that this pod or template could run under, with the
    /// field that says so; `default` where it names none.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn service_accounts(self) -> Result<Vec<(&'static str, Text<'a>)>, ReviewError> {
        view::service_accounts(self.what(), self.raw)
    }

    /// The `path` of a proxy request's options; empty where there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn proxy_path(self) -> Result<Text<'a>, ReviewError> {
        view::proxy_path(self.what(), self.raw)
    }

    /// Whether a word of letters only occurs anywhere in it, however it is escaped.
    #[must_use]
    pub fn mentions(self, word: &str) -> bool {
        view::mentions(self.raw, word)
    }
}
