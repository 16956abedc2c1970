//! Text as the program reads it that takes it for JSON, YAML, Java properties or
//! base64.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::{memchr, memmem};

use crate::names::RESERVED_PREFIXES;

/// No Kubernetes name is longer. Without an end, names inside one another cost
/// the square of the text.
pub(super) const LONGEST_NAME: usize = 253;

/// How many strings inside strings are read.
pub(super) const DEEPEST: usize = 3;

/// The text with its escapes replaced; `None` if it has none that can hide a letter.
pub(super) fn escapes(text: &str) -> Option<String> {
    let hides = |byte: &u8| matches!(byte, b'u' | b'U' | b'x' | b'\\' | b'\n' | b'\r');
    let bytes = text.as_bytes();
    let mut first = memchr::memchr_iter(b'\\', bytes);
    first.find(|at| bytes.get(at + 1).is_some_and(hides))?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let mut after = rest.get(at + 1..).unwrap_or_default().chars();
        match after.next() {
            Some('u') => hex(&mut after, 4, &mut out),
            Some('U') => hex(&mut after, 8, &mut out),
            Some('x') => hex(&mut after, 2, &mut out),
            // A line that goes on in the next.
            Some('\n' | '\r') => {
                let next = after.as_str().trim_start();
                after = next.chars();
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    out.push_str(rest);
    Some(out)
}

fn hex(after: &mut std::str::Chars<'_>, digits: usize, out: &mut String) {
    let code = after.as_str().get(..digits);
    let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
    if let Some(code) = code {
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        after.nth(digits - 1);
    }
}

/// The signs that every reserved name shares in base64, and how many signs before them
/// the group of four begins. Prepared once: walks meet thousands of texts.
static NEEDLES: LazyLock<[(memmem::Finder<'static>, usize); 3]> = LazyLock::new(|| {
    [
        (memmem::Finder::new("ZW1yLWNvbnRhaW5lc"), 0),
        (memmem::Finder::new("Vtci1jb250YWluZX"), 2),
        (memmem::Finder::new("lbXItY29udGFpbmVy"), 3),
    ]
});

/// No text that is shorter can hold one.
const SHORTEST: usize = 16;

/// Calls `found` with every reserved service account name inside base64 text. Base64 of
/// a word looks in one of three ways, by where in the decoded text the word begins.
pub(super) fn base64(text: &str, found: &mut dyn FnMut(String)) {
    // More places are not decoded: whatever they say, the object names a reserved name.
    const MOST: usize = 200;
    if text.len() < SHORTEST {
        return;
    }
    // Decoders skip the ends of lines.
    let text = if memchr(b'\n', text.as_bytes()).is_some() {
        let kept = |c: &char| !c.is_ascii_whitespace();
        Cow::Owned(text.chars().filter(kept).collect::<String>())
    } else {
        Cow::Borrowed(text)
    };
    for (needle, before) in &*NEEDLES {
        let places = needle.find_iter(text.as_bytes());
        for (count, at) in places.enumerate() {
            if count == MOST {
                found(RESERVED_PREFIXES[0].to_owned());
                break;
            }
            let start = at.saturating_sub(*before);
            let signs = text.as_bytes().get(start..).unwrap_or_default();
            let bytes = decode(signs.iter().take(400).copied());
            let decoded = String::from_utf8_lossy(&bytes);
            let mut prefixes = RESERVED_PREFIXES.iter();
            let Some(begin) = prefixes.find_map(|prefix| decoded.find(prefix)) else {
                continue;
            };
            let name = decoded.get(begin..).unwrap_or_default().chars();
            let name = name.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
            found(name.take(LONGEST_NAME).collect());
        }
    }
}

/// Decodes until the first sign that base64 does not have.
fn decode(signs: impl Iterator<Item = u8>) -> Vec<u8> {
    let (mut bits, mut count) = (0_u32, 0);
    let mut out = Vec::new();
    for sign in signs {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    out
}
