//! The outline of a file of valid JSON texts.

use super::Position;
use super::outline::{Name, Outline};

pub(super) fn outline(text: &str) -> Outline {
    let mut walk = Walk {
        text,
        at: 0,
        counted: 0,
        position: Position { line: 1, column: 1 },
        outline: Outline::default(),
        open: Vec::new(),
    };
    while walk.token() {}
    walk.outline
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// The offset of `position`, up to which lines and columns are counted.
    counted: usize,
    position: Position,
    outline: Outline,
    /// The objects and lists that have not ended, the innermost last.
    open: Vec<Open>,
}

/// An object or list that has not ended.
struct Open {
    value: usize,
    /// The next part, if it is an object.
    object: Option<Turn>,
}

enum Turn {
    Key,
    /// The value of the key with this name and position.
    Value(Box<str>, Position),
}

impl Walk<'_> {
    /// Processes one token; `false` at the end.
    fn token(&mut self) -> bool {
        let start = self.at;
        let Some(&byte) = self.text.as_bytes().get(start) else {
            return false;
        };
        self.at += 1;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => {}
            b'{' | b'[' => {
                let value = self.begin(start);
                let object = (byte == b'{').then_some(Turn::Key);
                self.open.push(Open { value, object });
            }
            b'}' | b']' => {
                if let Some(Open { value, .. }) = self.open.pop() {
                    self.outline.end(value);
                    self.ended(value);
                }
            }
            b'"' => {
                self.at = string_end(self.text.as_bytes(), self.at);
                if self.is_key() {
                    let key = key(self.text.get(start..self.at).unwrap_or_default());
                    let at = self.position(start);
                    if let Some(open) = self.open.last_mut() {
                        open.object = Some(Turn::Value(key, at));
                    }
                } else {
                    self.leaf(start);
                }
            }
            // A number, `true`, `false` or `null`.
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let end = rest.find([' ', '\n', '\r', '\t', ',', ':', '{', '}', '[', ']', '"']);
                self.at += end.unwrap_or(rest.len());
                self.leaf(start);
            }
        }
        true
    }

    fn is_key(&self) -> bool {
        let innermost = self.open.last();
        innermost.is_some_and(|open| matches!(open.object, Some(Turn::Key)))
    }

    fn leaf(&mut self, start: usize) {
        let value = self.begin(start);
        self.ended(value);
    }

    /// Begins a value at `start`, or at its key if it is a member of an object.
    fn begin(&mut self, start: usize) -> usize {
        let turn = self.open.last_mut().and_then(|open| open.object.as_mut());
        match turn.map(|turn| std::mem::replace(turn, Turn::Key)) {
            Some(Turn::Value(name, at)) => self.outline.begin(Name::Key(name), at),
            None | Some(Turn::Key) => {
                let at = self.position(start);
                self.outline.begin(Name::None, at)
            }
        }
    }

    fn ended(&mut self, value: usize) {
        if self.open.is_empty() {
            self.outline.push_document(value);
        }
    }

    /// The position of an offset. Offsets must not decrease from call to call, so
    /// that the text is counted through only once.
    fn position(&mut self, at: usize) -> Position {
        let between = self.text.get(self.counted..at).unwrap_or_default();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let lines = memchr::memchr_iter(b'\n', between.as_bytes()).count();
        let last = between.rsplit('\n').next().unwrap_or_default();
        let characters = number(last.chars().count());
        self.position = Position {
            line: self.position.line.saturating_add(number(lines)),
            column: match lines {
                0 => self.position.column.saturating_add(characters),
                _ => characters.saturating_add(1),
            },
        };
        self.counted = at;
        self.position
    }
}

/// The offset after the closing quote of the string that continues at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        // Skip the escaped character, which may be a quote.
        at += 2;
    }
    bytes.len()
}

/// The text of a quoted key.
fn key(quoted: &str) -> Box<str> {
    let inside = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(quoted);
    if memchr::memchr(b'\\', inside.as_bytes()).is_some()
        && let Ok(key) = serde_json::from_str::<Box<str>>(quoted)
    {
        return key;
    }
    inside.into()
}
