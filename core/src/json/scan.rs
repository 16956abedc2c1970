//! The grammar: where a string, a number, a value ends.
//!
//! Offsets are parameters and results, not fields of a reader, so that they stay in
//! registers. At the end of the text a zero byte is read, which JSON allows nowhere.

use std::ops::Range;

use super::error::{ParseFault, Problem};
use super::escapes;
use super::plain::{byte, plain};

/// Skips white space and returns the byte after it. API servers write none.
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

/// The fault of a text that is not JSON from `at` on.
#[cold]
pub(super) const fn fault(bytes: &[u8], at: usize) -> ParseFault {
    if at < bytes.len() {
        ParseFault::new(Problem::Syntax, at)
    } else {
        ParseFault::new(Problem::Early, bytes.len())
    }
}

/// The end of a string.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// The offset of the closing quote.
    pub(super) quote: usize,
    /// Whether there is an escape before it.
    pub(super) escaped: bool,
}

/// The end of the string whose opening quote is before `at`. Like `serde_json`, it
/// accepts half of a surrogate pair in a string that is skipped.
#[inline]
pub(super) fn string(bytes: &[u8], mut at: usize) -> Result<End, ParseFault> {
    // Few strings have as many escapes as make a block worth its start.
    const FEW: u32 = 8;
    let mut count = 0;
    loop {
        at = plain(bytes, at);
        match byte(bytes, at) {
            b'"' => {
                let escaped = count > 0;
                return Ok(End { quote: at, escaped });
            }
            b'\\' => {
                count += 1;
                if count == FEW
                    && let Some(quote) = escapes::end(bytes, at)
                {
                    return Ok(End {
                        quote,
                        escaped: true,
                    });
                }
                // One by one, to find the place of a fault.
                at = match byte(bytes, at + 1) {
                    // Nearly all escapes: the keys of `managedFields` have many.
                    b'"' => at + 2,
                    _ => escape(bytes, at)?,
                };
            }
            _ => return Err(fault(bytes, at)),
        }
    }
}

/// The range of the name in the `{"name":"…","value":"…"}` at `at`, and the offset
/// after the whole. `None` for any other spelling than the API servers' own, and
/// where the name has an escape: the caller then reads the element.
#[inline]
pub(super) fn simple(bytes: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    const NAME: &[u8] = br#"{"name":""#;
    const VALUE: &[u8] = br#"","value":""#;
    const END: &[u8] = br#""}"#;
    let after = |what: &[u8], at: usize| {
        bytes
            .get(at..)?
            .starts_with(what)
            .then_some(at + what.len())
    };
    let name = after(NAME, at)?;
    let name = name..plain(bytes, name);
    let end = string(bytes, after(VALUE, name.end)?).ok()?.quote;
    let end = after(END, end)?;
    Some((name, end))
}

/// The offset after the escape whose backslash is at `at`.
#[cold]
fn escape(bytes: &[u8], at: usize) -> Result<usize, ParseFault> {
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
pub(super) fn number(bytes: &[u8], mut at: usize) -> Result<usize, ParseFault> {
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

/// The offset after the `word` that must be at `at`.
pub(super) fn word(bytes: &[u8], at: usize, word: &str) -> Result<usize, ParseFault> {
    let wrong =
        (0..word.len()).find(|&index| byte(bytes, at + index) != byte(word.as_bytes(), index));
    wrong.map_or(Ok(at + word.len()), |index| Err(fault(bytes, at + index)))
}

/// The offset after the value at `at`, at any depth.
pub(super) fn value(bytes: &[u8], mut at: usize) -> Result<usize, ParseFault> {
    let mut open = Nesting::default();
    // Whether only a key may come next.
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

/// Which of the open brackets belong to objects: one bit each, in words of 64.
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

    /// Whether the innermost is an object; `None` if nothing is open.
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
