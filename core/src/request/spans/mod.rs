//! Where in a file the parts of its objects stand.
//!
//! Rules judge objects as JSON text, which for a YAML file is another text than
//! the one its author sees. So positions are found by a second, separate walk
//! over the file: when the first is asked for, since most files give no finding,
//! and once for all documents, since a file may hold thousands of objects. What
//! is judged does not depend on it.
//!
//! A member of an object stands where its key does, an element of a list where
//! it begins, and an object where its first member does in YAML and its brace in
//! JSON. Of YAML's repetitions, everything stands where its own text does: an
//! element written `- *alias` at the alias, a key `env: *alias` at the key, but
//! what is *in* either, and members that come by `<<`, at the anchor, which is
//! where one has to change them.
//!
//! - `outline`: every value of a file with its position, and the way to one
//! - `yaml`, `json`: the walks that write it

mod json;
mod outline;
mod yaml;

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::path::{Path, Segment};
use outline::Outline;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// `14:7`, as editors and compilers write it behind a file's name.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Positions of one object in the file that it stands in. A clone is cheap.
#[derive(Clone, Debug)]
pub struct Spans {
    file: Arc<File>,
    place: Place,
    in_review: bool,
}

/// Which object of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number of its document, from 0.
    pub(super) document: usize,
    /// Its index in the document's `items`, where that is a list of objects.
    pub(super) item: Option<usize>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Syntax {
    Json,
    Yaml,
}

/// A file's text, and its outline once that was asked for.
pub(super) struct File {
    text: Box<str>,
    syntax: Syntax,
    /// How many documents are judged.
    documents: usize,
    outline: OnceLock<Outline>,
}

impl fmt::Debug for File {
    /// Its length only: it may be a Secret.
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

    /// Where the value at `path` stands; where there is none, the nearest value
    /// above it that there is: the object at least, for [`Path::root`].
    ///
    /// `None` where the file does not hold the object: an AdmissionReview
    /// without one.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<Position> {
        let outline = self.file.outline();
        let object = self.object(outline)?;
        Some(outline.position(outline.nearest(object, path.segments())))
    }

    /// The spans of the object in the AdmissionReview that these are of: the
    /// new one, or the stored one of a DELETE.
    pub(super) fn in_review(self) -> Self {
        Self {
            in_review: true,
            ..self
        }
    }

    fn object(&self, outline: &Outline) -> Option<usize> {
        // Two readers that disagree on what a file holds: no position is better
        // than one in another object.
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
