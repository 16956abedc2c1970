//! A file of a wrong shape without what is wrong in it, so that one run finds the
//! problems behind the first.
//!
//! The YAML reader stops at the first value of a wrong shape. That value is then replaced
//! by spaces in the text, which leaves every other position as it is, and the text is read
//! again.

use std::collections::HashSet;

use granit_parser::{Event, Parser};

use crate::policy::Position;
use crate::policy::messages::Blame;

/// A text, and what was taken out of it.
pub(super) struct Mended {
    text: Vec<char>,
    taken: Vec<Taken>,
    /// Where a text without quotes was replaced by an empty one.
    quoted: Vec<Position>,
}

/// A member or an element that was taken out.
struct Taken {
    /// The key of a member.
    key: Option<String>,
    /// The collection that held it, as a range of the text.
    parent: (usize, usize),
    /// The entry of the outermost list around it, or the innermost of two keys.
    entry: (usize, usize),
}

/// A value, with its key if it is a member.
struct Node {
    parent: Option<usize>,
    key: Option<(String, Position)>,
    /// Where the value begins.
    at: Position,
    /// From the key, or the value, to the end.
    start: usize,
    value: usize,
    end: usize,
    children: usize,
    is_element: bool,
    is_list: bool,
    is_mapping: bool,
}

impl Mended {
    pub(super) fn of(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            taken: Vec::new(),
            quoted: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The keys that a mapping has already.
    pub(super) fn twice(&self) -> Vec<(String, Position)> {
        let nodes = nodes(&self.text());
        let mut seen = HashSet::new();
        let mut twice = Vec::new();
        for node in &nodes {
            if let Some((key, at)) = &node.key
                && key != "<<"
                && !seen.insert((node.parent, key))
            {
                twice.push((key.clone(), *at));
            }
        }
        twice
    }

    /// Whether the error only follows from what was taken out.
    pub(super) fn follows(&self, at: Position, blame: Blame<'_>) -> bool {
        let Blame::Missing(field) = blame else {
            return false;
        };
        let here = self.offset(at);
        let mut taken = self.taken.iter();
        taken.any(|taken| {
            let (start, end) = taken.parent;
            taken.key.as_deref() == Some(field) && (start..end).contains(&here)
        })
    }

    /// Whether the position is in an entry of which something was taken out, so that a
    /// problem there may only follow from that.
    pub(super) fn is_wounded(&self, at: Position) -> bool {
        let here = self.offset(at);
        let mut taken = self.taken.iter();
        taken.any(|taken| (taken.entry.0..taken.entry.1).contains(&here))
    }

    /// Takes out what an error is about. `false` where that is the whole file, or
    /// cannot be found.
    pub(super) fn take_out(&mut self, at: Position, blame: Blame<'_>) -> bool {
        let text = self.text();
        let nodes = nodes(&text);
        let here = self.offset(at);
        let found = match blame {
            Blame::Key => {
                let is = |node: &Node| node.key.as_ref().is_some_and(|(_, key)| *key == at);
                nodes.iter().position(is)
            }
            // A list without indentation begins where its first element does.
            Blame::Value | Blame::Text => nodes.iter().rposition(|node| node.at == at),
            // The reader notices at the last key of the object.
            Blame::Missing(_) => nodes
                .iter()
                .rposition(|node| node.is_mapping && (node.value..node.end).contains(&here)),
        };
        let Some(mut index) = found else {
            return false;
        };
        if blame == Blame::Text
            && let Some(node) = nodes.get(index)
            && self.quote(node, entry_of(&nodes, index))
        {
            return true;
        }
        // What is left of its parent would be nothing, which is wrong as well.
        let node = loop {
            let Some(node) = nodes.get(index) else {
                return false;
            };
            let Some(parent) = node.parent else {
                return false;
            };
            if nodes.get(parent).is_some_and(|parent| parent.children > 1) {
                break node;
            }
            index = parent;
        };
        let Some(parent) = node.parent.and_then(|parent| nodes.get(parent)) else {
            return false;
        };
        let bracket = self.text.get(parent.value);
        let is_flow = bracket.is_some_and(|c| matches!(c, '{' | '['))
            && !nodes
                .iter()
                .any(|child| child.parent == node.parent && child.start == parent.value);
        let node_end = node.end.max(self.colon_of(node));
        let range = if is_flow {
            self.with_comma(node.start, node_end)
        } else if node.is_element {
            self.with_dash(node.start).map(|start| (start, node_end))
        } else {
            Some((node.start, node_end))
        };
        let Some((start, end)) = range else {
            return false;
        };
        self.taken.push(Taken {
            key: node.key.as_ref().map(|(key, _)| key.clone()),
            parent: (parent.start, parent.end),
            entry: entry_of(&nodes, index),
        });
        for c in self.text.iter_mut().take(end).skip(start) {
            if !matches!(c, '\n' | '\r') {
                *c = ' ';
            }
        }
        true
    }

    /// Puts an empty text in place of one without quotes, so that a list or a key still
    /// has one. `false` where there is no room for it.
    fn quote(&mut self, node: &Node, entry: (usize, usize)) -> bool {
        let Some(text) = self.text.get_mut(node.value..node.end) else {
            return false;
        };
        let [open, close, rest @ ..] = text else {
            return false;
        };
        (*open, *close) = ('"', '"');
        rest.fill(' ');
        self.quoted.push(node.at);
        self.taken.push(Taken {
            key: None,
            parent: (node.start, node.end),
            entry,
        });
        true
    }

    /// Whether the text there was put in place of one without quotes.
    pub(super) fn is_quoted(&self, at: Position) -> bool {
        self.quoted.contains(&at)
    }

    /// The range of a flow entry with the comma after it, or before it.
    fn with_comma(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let is_comma = |index: usize| self.text.get(index) == Some(&',');
        let after = self.skip_space(end);
        if is_comma(after) {
            return Some((start, after + 1));
        }
        let before = self.back(start)?;
        is_comma(before).then_some((before, end))
    }

    /// The end of the colon after a key, which the value does not include if it is empty; 0
    /// for an element.
    fn colon_of(&self, node: &Node) -> usize {
        let Some((key, _)) = &node.key else { return 0 };
        let from = node.start.saturating_add(key.chars().count());
        let rest = self.text.iter().skip(from);
        let colon = rest.take_while(|c| **c != '\n').position(|c| *c == ':');
        colon.map_or(0, |colon| from + colon + 1)
    }

    /// Where the dash before a block element is.
    fn with_dash(&self, start: usize) -> Option<usize> {
        let before = self.back(start)?;
        (self.text.get(before) == Some(&'-')).then_some(before)
    }

    fn skip_space(&self, from: usize) -> usize {
        let rest = self.text.iter().skip(from);
        from + rest.take_while(|c| c.is_whitespace()).count()
    }

    /// The last character before this place that is no space.
    fn back(&self, from: usize) -> Option<usize> {
        let before = self.text.get(..from)?;
        before.iter().rposition(|c| !c.is_whitespace())
    }

    fn offset(&self, at: Position) -> usize {
        let mut lines = self.text.split_inclusive(|c| *c == '\n');
        let line = usize::try_from(at.line).unwrap_or(usize::MAX);
        let column = usize::try_from(at.column).unwrap_or(usize::MAX);
        let before: usize = lines
            .by_ref()
            .take(line.saturating_sub(1))
            .map(<[char]>::len)
            .sum();
        before.saturating_add(column.saturating_sub(1))
    }
}

/// The outermost list's element around a node, or what is two keys deep.
fn entry_of(nodes: &[Node], index: usize) -> (usize, usize) {
    let mut path = Vec::new();
    let mut next = Some(index);
    while let Some(node) = next.and_then(|index| nodes.get(index)) {
        path.push(node);
        next = node.parent;
    }
    path.reverse();
    let element = path.iter().find(|node| node.is_element);
    let entry = element.or_else(|| path.get(2)).or_else(|| path.last());
    entry.map_or((0, 0), |node| (node.start, node.end))
}

/// The values of the first document; none from the first error on.
fn nodes(text: &str) -> Vec<Node> {
    let options = granit_parser::options! { emit_comments: false };
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    // The key that waits for its value, of each mapping that is open.
    let mut keys: Vec<Option<(String, Position, usize)>> = Vec::new();
    for (event, span) in Parser::new_from_str_with_options(text, options).map_while(Result::ok) {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let at = Position {
            line: number(span.start.line()),
            column: number(span.start.col()).saturating_add(1),
        };
        let parent = open.last().copied();
        let around = parent.and_then(|parent| nodes.get(parent));
        let is_element = around.is_some_and(|around| around.is_list);
        let awaits_key = parent.is_some() && !is_element && matches!(keys.last(), Some(None));
        let is_mapping = matches!(event, Event::MappingStart(..));
        let mut begin = |keys: &mut Vec<Option<(String, Position, usize)>>, is_list| {
            let key = if is_element {
                None
            } else {
                keys.last_mut().and_then(Option::take)
            };
            if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
                parent.children += 1;
            }
            let value = span.start.index();
            nodes.push(Node {
                parent,
                start: key.as_ref().map_or(value, |(.., start)| *start),
                key: key.map(|(key, at, _)| (key, at)),
                at,
                value,
                end: span.end.index(),
                children: 0,
                is_element,
                is_list,
                is_mapping,
            });
            nodes.len() - 1
        };
        match event {
            Event::Scalar(text, ..) if awaits_key => {
                if let Some(key) = keys.last_mut() {
                    *key = Some((text.into_owned(), at, span.start.index()));
                }
            }
            // A key of another shape, which no policy has.
            Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) if awaits_key => {
                return nodes;
            }
            Event::Scalar(..) | Event::Alias(_) => {
                begin(&mut keys, false);
            }
            Event::SequenceStart(..) => {
                let node = begin(&mut keys, true);
                open.push(node);
                keys.push(None);
            }
            Event::MappingStart(..) => {
                let node = begin(&mut keys, false);
                open.push(node);
                keys.push(None);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                keys.pop();
                if let Some(node) = open.pop().and_then(|node| nodes.get_mut(node)) {
                    node.end = span.end.index();
                }
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    nodes
}
