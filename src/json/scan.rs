//! The grammar: where a string, a number, a value ends.
//!
//! Offsets go in and come out instead of standing in a reader's field, so that
//! they stay in registers. An offset at the end of the text reads as a zero
//! byte, which no grammar has a place for.

use std::ops::Range;

use super::error::{Fault, Problem};

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// The byte at an offset.
#[inline(always)]
#[expect(clippy::inline_always, reason = "two instructions of every loop here")]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

/// The first offset from `at` on that is no white space.
#[inline]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
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
                at = escape(bytes, at)?;
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

/// Which of `names` is the key whose quote is at `at`, and the offset after it.
#[inline]
pub(super) fn one_of(bytes: &[u8], at: usize, names: &[&str]) -> Option<(usize, usize)> {
    let rest = bytes.get(at + 1..)?;
    let first = *rest.first()?;
    names.iter().enumerate().find_map(|(place, name)| {
        let name = name.as_bytes();
        let is = *name.first()? == first
            && *rest.get(name.len())? == b'"'
            && rest.get(..name.len())? == name;
        is.then_some((place, at + name.len() + 2))
    })
}

/// The first offset of a quote, a backslash or a control character.
#[inline]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    let long = at + 64;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let marked = marks(u64::from_le_bytes(*chunk)) & HIGH;
        if marked != 0 {
            return at + (marked.trailing_zeros() / 8) as usize;
        }
        at += 8;
        if at >= long {
            at = plain_blocks(bytes, at);
        }
    }
    while !matches!(byte(bytes, at), b'"' | b'\\' | 0..0x20) {
        at += 1;
    }
    at
}

/// Eight bytes at once: the highest bit of each that is a quote, a backslash or
/// a control character. A borrow may mark bytes above a marked one, never below.
#[inline]
const fn marks(word: u64) -> u64 {
    // With its second bit turned a byte is less than 0x21 if it is a quote or a
    // control character, and no other.
    let turned = word ^ (ONES * 2);
    let backslash = word ^ (ONES * 0x5c);
    (turned.wrapping_sub(ONES * 0x21) & !turned) | (backslash.wrapping_sub(ONES) & !backslash)
}

/// Goes over a long string by blocks; ends in front of the one with a mark.
#[inline(never)]
fn plain_blocks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let (words, _) = block.as_chunks::<8>();
        let all = words
            .iter()
            .fold(0, |all, word| all | marks(u64::from_le_bytes(*word)));
        if all & HIGH != 0 {
            break;
        }
        at += 32;
    }
    at
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

/// The offset after the key at `at` and its colon.
#[inline]
fn key(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = space(bytes, at);
    if byte(bytes, at) != b'"' {
        return Err(fault(bytes, at));
    }
    let at = space(bytes, string(bytes, at + 1)?.quote + 1);
    if byte(bytes, at) != b':' {
        return Err(fault(bytes, at));
    }
    Ok(at + 1)
}

/// The offset after the value at `at`, however deep it is.
pub(super) fn value(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    let mut open = Nesting::default();
    loop {
        at = space(bytes, at);
        let first = byte(bytes, at);
        match first {
            b'"' => at = string(bytes, at + 1)?.quote + 1,
            b'{' | b'[' => {
                at = space(bytes, at + 1);
                // In ASCII a closing bracket is two after its opening one.
                if byte(bytes, at) == first + 2 {
                    at += 1;
                } else {
                    open.push(first == b'{');
                    if first == b'{' {
                        at = key(bytes, at)?;
                    }
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
            at = space(bytes, at);
            match byte(bytes, at) {
                b',' => {
                    at += 1;
                    if object {
                        at = key(bytes, at)?;
                    }
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
