//! The grammar: where a string, a number, a value ends.
//!
//! Offsets go in and come out instead of standing in a reader's field, so that
//! they stay in registers. An offset at the end of the text reads as a zero
//! byte, which no grammar has a place for.

use std::ops::Range;

use super::error::{Fault, Problem};
use super::plain::plain;

/// The byte at an offset.
#[inline(always)]
#[expect(clippy::inline_always, reason = "two instructions of every loop here")]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

/// Goes over white space, and gives the byte behind it. API servers write none.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one comparison of every loop here")]
pub(super) fn next(bytes: &[u8], at: &mut usize) -> u8 {
    let next = byte(bytes, *at);
    if next > b' ' {
        return next;
    }
    *at = spaces(bytes, *at);
    byte(bytes, *at)
}

#[cold]
fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while matches!(byte(bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// The fault of a text that stops fitting at `at`.
#[cold]
pub(super) const fn fault(bytes: &[u8], at: usize) -> Fault {
    if at < bytes.len() {
        Fault::new(Problem::Syntax, at)
    } else {
        Fault::new(Problem::Early, bytes.len())
    }
}

/// A string's end.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// The offset of the closing quote.
    pub(super) quote: usize,
    /// Whether there is an escape before it.
    pub(super) escaped: bool,
}

/// The end of the string whose opening quote is before `at`. Like `serde_json`
/// it lets half of a surrogate pair stand where nobody wants the string.
#[inline]
pub(super) fn string(bytes: &[u8], mut at: usize) -> Result<End, Fault> {
    let mut escaped = false;
    loop {
        at = plain(bytes, at);
        match byte(bytes, at) {
            b'"' => return Ok(End { quote: at, escaped }),
            b'\\' => {
                escaped = true;
                at = match byte(bytes, at + 1) {
                    // Nearly all: the keys of `managedFields` are full of them.
                    b'"' => at + 2,
                    _ => escape(bytes, at)?,
                };
            }
            _ => return Err(fault(bytes, at)),
        }
    }
}

/// Where the name stands in the `{"name":"…","value":"…"}` at `at`, and its
/// end. Only as API servers write it: any other writing, escapes among them,
/// is for those who read the element.
#[inline]
pub(super) fn simple(bytes: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    const NAME: &[u8] = br#"{"name":""#;
    const VALUE: &[u8] = br#"","value":""#;
    const END: &[u8] = br#""}"#;
    let stands = |what: &[u8], at: usize| {
        bytes
            .get(at..)?
            .starts_with(what)
            .then_some(at + what.len())
    };
    let name = stands(NAME, at)?;
    let name = name..plain(bytes, name);
    let end = plain(bytes, stands(VALUE, name.end)?);
    let end = stands(END, end)?;
    Some((name, end))
}

/// The offset after the escape whose backslash is at `at`.
#[cold]
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match byte(bytes, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => {
            let end = at + 6;
            let bad = (at + 2..end).find(|&digit| !byte(bytes, digit).is_ascii_hexdigit());
            bad.map_or(Ok(end), |digit| Err(fault(bytes, digit)))
        }
        _ => Err(fault(bytes, at + 1)),
    }
}

/// The offset after the number at `at`.
pub(super) fn number(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    let digits = |start: usize| {
        let mut at = start;
        while byte(bytes, at).is_ascii_digit() {
            at += 1;
        }
        if at > start {
            Ok(at)
        } else {
            Err(fault(bytes, at))
        }
    };
    if byte(bytes, at) == b'-' {
        at += 1;
    }
    at = match byte(bytes, at) {
        b'0' => at + 1,
        _ => digits(at)?,
    };
    if byte(bytes, at) == b'.' {
        at = digits(at + 1)?;
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        if matches!(byte(bytes, at), b'+' | b'-') {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}

/// The offset after the `word` that must stand at `at`.
pub(super) fn word(bytes: &[u8], at: usize, word: &str) -> Result<usize, Fault> {
    let wrong =
        (0..word.len()).find(|&index| byte(bytes, at + index) != byte(word.as_bytes(), index));
    wrong.map_or(Ok(at + word.len()), |index| Err(fault(bytes, at + index)))
}

/// The offset after the value at `at`, however deep it is.
pub(super) fn value(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    let mut open = Nesting::default();
    // Whether a key comes, and nothing else may.
    let mut key = false;
    loop {
        match next(bytes, &mut at) {
            b'"' => {
                at = string(bytes, at + 1)?.quote + 1;
                if key {
                    if next(bytes, &mut at) != b':' {
                        return Err(fault(bytes, at));
                    }
                    at += 1;
                    key = false;
                    continue;
                }
            }
            _ if key => return Err(fault(bytes, at)),
            first @ (b'{' | b'[') => {
                at += 1;
                // In ASCII a closing bracket is two after its opening one.
                if next(bytes, &mut at) == first + 2 {
                    at += 1;
                } else {
                    key = first == b'{';
                    open.push(key);
                    continue;
                }
            }
            b't' => at = word(bytes, at, "true")?,
            b'f' => at = word(bytes, at, "false")?,
            b'n' => at = word(bytes, at, "null")?,
            _ => at = number(bytes, at)?,
        }
        loop {
            let Some(object) = open.innermost() else {
                return Ok(at);
            };
            match next(bytes, &mut at) {
                b',' => {
                    at += 1;
                    key = object;
                    break;
                }
                b'}' if object => open.pop(),
                b']' if !object => open.pop(),
                _ => return Err(fault(bytes, at)),
            }
            at += 1;
        }
    }
}

/// Which of the open brackets are objects': a bit each, in words of 64.
#[derive(Default)]
struct Nesting {
    bits: u64,
    depth: usize,
    full: Vec<u64>,
}

impl Nesting {
    #[inline]
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.full.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    /// Whether the innermost is an object; `None` where nothing is open.
    #[inline]
    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }

    #[inline]
    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.full.pop().unwrap_or_default();
        }
    }
}
