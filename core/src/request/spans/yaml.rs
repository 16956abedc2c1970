//! The outline of a valid YAML file.
//!
//! Built from the events of the reader's parser. The reader itself gives positions
//! only to types made for them, and for an alias not the position of the anchor's
//! text.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::Position;
use super::outline::{Name, Outline};

pub(super) fn outline(text: &str) -> Outline {
    // The other options are the defaults, which the reader uses too.
    let options = granit_parser::options! { emit_comments: false };
    let mut walk = Walk {
        outline: Outline::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        keys: HashMap::new(),
    };
    // Documents after an error are not judged.
    for (event, span) in Parser::new_from_str_with_options(text, options).map_while(Result::ok) {
        walk.event(event, &span);
    }
    walk.outline
}

struct Walk {
    outline: Outline,
    /// The collections that have not ended, the innermost last.
    open: Vec<Open>,
    /// The values with an anchor, by its number.
    anchors: HashMap<usize, usize>,
    /// The texts with an anchor, which can be aliased as keys.
    keys: HashMap<usize, Box<str>>,
}

/// A collection that has not ended.
struct Open {
    value: usize,
    anchor: usize,
    mapping: Option<Turn>,
}

/// The next part of a mapping.
enum Turn {
    Key,
    /// The value of the key with this name and position.
    Value(Name, Position),
}

impl Walk {
    fn event(&mut self, event: Event<'_>, span: &Span) {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let at = Position {
            line: number(span.start.line()),
            column: number(span.start.col().saturating_add(1)),
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if anchor != 0 {
                    self.keys.insert(anchor, (&*text).into());
                }
                let plain = style == ScalarStyle::Plain;
                if self.is_key() {
                    let merges = &*text == "<<" && merges(plain, tag.as_deref());
                    let name = if merges {
                        Name::Merge
                    } else {
                        Name::Key((&*text).into())
                    };
                    self.named(name, at);
                } else {
                    let nothing = self.open.is_empty() && is_null(&text, plain, tag.as_deref());
                    let value = self.begin(at);
                    self.ended(value, anchor, nothing);
                }
            }
            Event::Alias(anchor) if self.is_key() => {
                let key = self.keys.get(&anchor).cloned().unwrap_or_default();
                self.named(Name::Key(key), at);
            }
            Event::Alias(anchor) => {
                let value = self.begin(at);
                // An alias of a value around it has no contents.
                if let Some(&of) = self.anchors.get(&anchor) {
                    self.outline.repeat(value, of);
                }
                self.ended(value, 0, false);
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, anchor, None),
            Event::MappingStart(_, anchor, _) => self.open(at, anchor, Some(Turn::Key)),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { value, anchor, .. }) = self.open.pop() {
                    self.outline.end(value);
                    self.ended(value, anchor, false);
                }
            }
            _ => {}
        }
    }

    fn is_key(&self) -> bool {
        let innermost = self.open.last();
        innermost.is_some_and(|open| matches!(open.mapping, Some(Turn::Key)))
    }

    /// Records a key.
    fn named(&mut self, name: Name, at: Position) {
        if let Some(open) = self.open.last_mut() {
            open.mapping = Some(Turn::Value(name, at));
        }
    }

    fn open(&mut self, at: Position, anchor: usize, mapping: Option<Turn>) {
        let value = self.begin(at);
        self.open.push(Open {
            value,
            anchor,
            mapping,
        });
    }

    /// Begins a value at `at`, or at its key if it is a member of a mapping.
    fn begin(&mut self, at: Position) -> usize {
        let turn = self.open.last_mut().and_then(|open| open.mapping.as_mut());
        match turn.map(|turn| std::mem::replace(turn, Turn::Key)) {
            Some(Turn::Value(name, key)) => self.outline.begin(name, key),
            // A list element, or a collection as a key, which JSON does not have.
            None | Some(Turn::Key) => self.outline.begin(Name::None, at),
        }
    }

    /// Ends a value. A document that is `nothing` is not counted.
    fn ended(&mut self, value: usize, anchor: usize, nothing: bool) {
        if anchor != 0 {
            self.anchors.insert(anchor, value);
        }
        if self.open.is_empty() && !nothing {
            self.outline.push_document(value);
        }
    }
}

/// Whether a key `<<` is a merge key.
fn merges(plain: bool, tag: Option<&Tag>) -> bool {
    match tag {
        None => plain,
        Some(tag) => tag.is_yaml_core_schema_tag("merge"),
    }
}

/// Whether a document is null. Such documents are not counted.
fn is_null(text: &str, plain: bool, tag: Option<&Tag>) -> bool {
    let null = plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    match tag {
        Some(tag) if tag.is_yaml_core_schema() => tag.is_yaml_core_schema_tag("null"),
        _ => null,
    }
}
