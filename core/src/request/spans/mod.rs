//! Positions of an object's parts in its file, as line and column.
//!
//! Rules judge objects as JSON text, which for a YAML file is not the text that its
//! author sees. So positions are found in a second, separate walk over the file:
//! only when the first one is needed, since most files have no finding, and once for
//! all documents, since a file may hold thousands of objects. Decisions do not
//! depend on it.
//!
//! The position of a member of an object is that of its key; of a list element, its
//! start; of an object, its first member in YAML and its brace in JSON. With YAML
//! aliases, the position is that of the value's own text: an element `- *alias` is
//! at the alias and a key `env: *alias` at the key, but their contents, and members
//! merged by `<<`, are at the anchor, where they can be changed.
//!
//! - `outline`: every value of a file with its position, and the search by path
//! - `yaml`, `json`: the walks that build it

mod json;
mod outline;
mod yaml;

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::path::{Path, Segment};
use outline::Outline;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// `14:7`, as editors and compilers write it after a file name.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The positions of one object's parts in its file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Spans {
    file: Arc<File>,
    place: Place,
    in_review: bool,
}

/// The place of an object in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The index of its document, from 0.
    pub(super) document: usize,
    /// Its index in the document's `items`, if the document is a list of objects.
    pub(super) item: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Syntax {
    Json,
    Yaml,
}

/// The text of a file, and its outline once it is needed.
pub(super) struct File {
    text: Box<str>,
    syntax: Syntax,
    /// The number of documents that are judged.
    documents: usize,
    outline: OnceLock<Outline>,
}

impl fmt::Debug for File {
    /// The length only: the text may be a Secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.text.len())
    }
}

impl File {
    pub(super) fn new(text: &str, syntax: Syntax, documents: usize) -> Self {
        Self {
            text: text.into(),
            syntax,
            documents,
            outline: OnceLock::new(),
        }
    }

    fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| match self.syntax {
            Syntax::Json => json::outline(&self.text),
            Syntax::Yaml => yaml::outline(&self.text),
        })
    }
}

impl Spans {
    pub(super) const fn new(file: Arc<File>, place: Place) -> Self {
        Self {
            file,
            place,
            in_review: false,
        }
    }

    /// The position of the value at `path`, or of its nearest parent that exists; at
    /// least the object itself, which is at [`Path::root`].
    ///
    /// `None` if the file does not hold the object: an AdmissionReview without one.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<Position> {
        let outline = self.file.outline();
        let object = self.object(outline)?;
        Some(outline.position(outline.nearest(object, path.segments())))
    }

    /// For the spans of an AdmissionReview: the spans of the object in it, which is
    /// the new one, or the stored one of a DELETE.
    pub(super) fn in_review(self) -> Self {
        Self {
            in_review: true,
            ..self
        }
    }

    fn object(&self, outline: &Outline) -> Option<usize> {
        // The two readers disagree about the number of documents: no position is better
        // than a position in another object.
        if outline.documents() != self.file.documents {
            return None;
        }
        let document = outline.document(self.place)?;
        if !self.in_review {
            return Some(document);
        }
        let request = outline.step(document, &Segment::Key("request".into()))?;
        ["object", "oldObject"].into_iter().find_map(|member| {
            outline
                .step(request, &Segment::Key(member.into()))
                // The other of the two is null.
                .filter(|&object| !outline.is_empty(object))
        })
    }
}

#[cfg(test)]
mod tests;
