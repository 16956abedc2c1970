//! Every value of a file with its position.
//!
//! A list of values in the order of the text, each before its contents, instead of a
//! tree: deeply nested text needs no stack, neither to build it nor to drop it.

use crate::request::Segment;

use super::{Place, Position};

/// The values of a file.
#[derive(Debug, Default)]
pub(super) struct Outline {
    values: Vec<Value>,
    /// The values that are documents.
    documents: Vec<usize>,
    /// The elements of each document's `items`, so that finding one of a hundred
    /// thousand objects does not count through the list.
    items: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Value {
    name: Name,
    at: Position,
    /// The index after the contents of this value.
    end: usize,
    /// The value that this one is an alias of, or itself.
    body: usize,
}

/// The role of a value in its parent.
#[derive(Debug)]
pub(super) enum Name {
    /// A document, or an element of a list.
    None,
    /// A member of an object.
    Key(Box<str>),
    /// The value of a YAML merge key: its members are added to the object.
    Merge,
}

impl Outline {
    /// Begins a value in the innermost value that has not ended.
    pub(super) fn begin(&mut self, name: Name, at: Position) -> usize {
        let value = self.values.len();
        self.values.push(Value {
            name,
            at,
            end: value + 1,
            body: value,
        });
        value
    }

    /// Ends a value, after its contents.
    pub(super) fn end(&mut self, value: usize) {
        let end = self.values.len();
        if let Some(value) = self.values.get_mut(value) {
            value.end = end;
        }
    }

    /// Makes `value` an alias of `of`, which has ended.
    pub(super) fn repeat(&mut self, value: usize, of: usize) {
        let body = self.body(of);
        if let Some(value) = self.values.get_mut(value) {
            value.body = body;
        }
    }

    /// Adds a value that has ended as the next document.
    pub(super) fn push_document(&mut self, value: usize) {
        self.documents.push(value);
        let items = self.step(value, &Segment::Key("items".into()));
        let items = items.map_or_else(Vec::new, |items| self.inside(items).collect());
        self.items.push(items);
    }

    pub(super) fn documents(&self) -> usize {
        self.documents.len()
    }

    /// The value at `place`: a document or one of its items.
    pub(super) fn document(&self, place: Place) -> Option<usize> {
        match place.item {
            None => self.documents.get(place.document).copied(),
            Some(item) => self.items.get(place.document)?.get(item).copied(),
        }
    }

    pub(super) fn position(&self, value: usize) -> Position {
        let start = Position { line: 1, column: 1 };
        self.values.get(value).map_or(start, |value| value.at)
    }

    /// Whether a value has no contents.
    pub(super) fn is_empty(&self, value: usize) -> bool {
        self.inside(value).next().is_none()
    }

    /// The value at `path`, or its nearest parent that exists.
    pub(super) fn nearest(&self, mut value: usize, path: &[Segment]) -> usize {
        for segment in path {
            match self.step(value, segment) {
                Some(next) => value = next,
                None => break,
            }
        }
        value
    }

    /// The value at `segment` in `value`.
    pub(super) fn step(&self, value: usize, segment: &Segment) -> Option<usize> {
        match segment {
            Segment::Index(index) => {
                let element = self.inside(value).nth(*index)?;
                matches!(self.name(element), Name::None).then_some(element)
            }
            Segment::Key(key) => self.member(value, key),
        }
    }

    /// The member `key`. Of several, the last in the text counts, whether it is the
    /// object's own or merged; of a list of merged objects, the first. The reader's limits
    /// on aliases bound the search.
    fn member(&self, object: usize, key: &str) -> Option<usize> {
        enum Look {
            Found(usize),
            In(usize),
            InMerged(usize),
        }
        let mut next = vec![Look::In(object)];
        while let Some(look) = next.pop() {
            let (object, merged) = match look {
                Look::Found(value) => return Some(value),
                Look::In(object) => (object, false),
                Look::InMerged(object) => (object, true),
            };
            let known = next.len();
            let mut is_list = false;
            for value in self.inside(object) {
                match self.name(value) {
                    Name::Key(name) if **name == *key => {
                        next.truncate(known);
                        next.push(Look::Found(value));
                    }
                    Name::Merge => next.push(Look::InMerged(value)),
                    Name::None if merged => {
                        is_list = true;
                        next.push(Look::InMerged(value));
                    }
                    Name::Key(_) | Name::None => {}
                }
            }
            if is_list && let Some(more) = next.get_mut(known..) {
                more.reverse();
            }
        }
        None
    }

    fn name(&self, value: usize) -> &Name {
        self.values
            .get(value)
            .map_or(&Name::None, |value| &value.name)
    }

    fn body(&self, value: usize) -> usize {
        self.values.get(value).map_or(value, |value| value.body)
    }

    /// The direct contents of `value`.
    fn inside(&self, value: usize) -> impl Iterator<Item = usize> {
        let body = self.body(value);
        let end = self.values.get(body).map_or(0, |body| body.end);
        let mut next = body + 1;
        std::iter::from_fn(move || {
            let value = next;
            next = self.values.get(value).filter(|_| value < end)?.end;
            Some(value)
        })
    }
}
