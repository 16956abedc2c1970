//! Strings with many escapes.
//!
//! A tenant can write three megabytes of `<`, each of which an API server sends as
//! six bytes, `\u003c`. So such strings are read by blocks, too.

use wide::u8x64;

use super::block::{Escapes, WIDTH, block};
use super::plain::byte;

/// The offset of the quote that ends a string. `at` is inside the string, where no
/// escape begins before and ends after it. `None` if the string is not JSON, or does
/// not end.
#[inline(never)]
#[cold]
pub(super) fn end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let (mut tracker, mut digits) = (Escapes::default(), HexDigits::default());
    loop {
        let block = block(bytes.get(at..)?)?;
        let is = |byte: u8| block.simd_eq(u8x64::splat(byte)).to_bitmask();
        let backslashes = is(b'\\');
        let escaped = tracker.escaped(backslashes);
        let quotes = is(b'"') & !escaped;
        // The bytes before the closing quote, and the quote itself.
        let inside = quotes ^ quotes.wrapping_sub(1);
        let mut wrong = block.min(u8x64::splat(0x1f)).simd_eq(block).to_bitmask();
        if escaped != 0 || digits.are_due() {
            let unicode = is(b'u') & escaped;
            let others = escaped & !unicode;
            if others != 0 {
                wrong |= others & !simple(&block);
            }
            wrong |= digits.missing(unicode, &block);
        }
        if wrong & inside != 0 {
            return None;
        }
        if quotes != 0 {
            return Some(at + quotes.trailing_zeros() as usize);
        }
        at += WIDTH;
    }
}

/// The letters that may follow a backslash, but for `u`.
fn simple(block: &u8x64) -> u64 {
    let is = |byte: u8| block.simd_eq(u8x64::splat(byte)).to_bitmask();
    is(b'"') | is(b'\\') | is(b'/') | is(b'b') | is(b'f') | is(b'n') | is(b'r') | is(b't')
}

/// Where the four digits after `\u` must be, from one block to the next.
#[derive(Default)]
struct HexDigits {
    /// The places in the next block.
    due: u64,
}

impl HexDigits {
    const fn are_due(&self) -> bool {
        self.due != 0
    }

    /// The places without a digit that must have one.
    fn missing(&mut self, unicode: u64, block: &u8x64) -> u64 {
        let places = unicode << 1 | unicode << 2 | unicode << 3 | unicode << 4 | self.due;
        self.due = unicode >> 63 | unicode >> 62 | unicode >> 61 | unicode >> 60;
        if places == 0 {
            return 0;
        }
        let between = |block: u8x64, low: u8, high: u8| {
            let held = block.max(u8x64::splat(low)).min(u8x64::splat(high));
            held.simd_eq(block).to_bitmask()
        };
        // In ASCII upper and lower case differ in this bit only.
        let lower = *block | u8x64::splat(0x20);
        places & !(between(*block, b'0', b'9') | between(lower, b'a', b'f'))
    }
}

/// The string that the inside of a literal stands for; `None` if it is none.
pub(super) fn unescape(inside: &str) -> Option<String> {
    let bytes = inside.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let block = block(rest)?;
        let is = |byte: u8| block.simd_eq(u8x64::splat(byte)).to_bitmask();
        let here = rest.get(..WIDTH).unwrap_or(rest);
        let backslashes = is(b'\\');
        if backslashes == 0 {
            out.extend_from_slice(here);
            at += here.len();
            continue;
        }
        // Every block begins outside an escape, and ends before one that goes on.
        let escaped = Escapes::default().escaped(backslashes);
        if escaped & is(b'u') == 0 && here.len() == WIDTH {
            at += simple_escapes(here, escaped, &mut out)?;
        } else {
            at += all_escapes(rest, &mut out)?;
        }
    }
    String::from_utf8(out).ok()
}

/// A block of nothing but escapes of two bytes.
const EVERY_SECOND: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// Reads a block without `\u`. It has no branch for each escape, because their
/// places are the tenant's to choose.
fn simple_escapes(block: &[u8], escaped: u64, out: &mut Vec<u8>) -> Option<usize> {
    let mut buffer = [0; WIDTH];
    let (mut length, mut bad) = (0, false);
    if escaped == EVERY_SECOND {
        let (pairs, _) = block.as_chunks();
        for (to, [_, escaped]) in buffer.iter_mut().zip(pairs) {
            *to = SIMPLE[usize::from(*escaped)];
            bad |= *to == 0;
        }
        out.extend_from_slice(buffer.get(..WIDTH / 2)?);
        return (!bad).then_some(WIDTH);
    }
    let mut escaped = escaped;
    let mut lead = false;
    for &byte in block {
        let is_escaped = escaped & 1 == 1;
        escaped >>= 1;
        lead = !is_escaped && byte == b'\\';
        let meant = SIMPLE[usize::from(byte)];
        bad |= is_escaped && meant == 0;
        buffer[length % WIDTH] = if is_escaped { meant } else { byte };
        length += usize::from(!lead);
    }
    out.extend_from_slice(buffer.get(..length)?);
    (!bad).then_some(block.len() - usize::from(lead))
}

/// Reads about eight blocks with escapes of all kinds; gives how many bytes it read.
fn all_escapes(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    let most = rest.len().min(8 * WIDTH);
    out.reserve(most);
    while at < most {
        match (byte(rest, at), byte(rest, at + 1)) {
            (b'\\', b'u') => at = unicode(rest, at, out)?,
            (b'\\', escaped) => {
                out.push(Some(SIMPLE[usize::from(escaped)]).filter(|&meant| meant != 0)?);
                at += 2;
            }
            (plain, _) => {
                out.push(plain);
                at += 1;
            }
        }
        at += ascii(rest.get(at..)?, out);
    }
    Some(at)
}

/// Reads the `\u00..` that follow one another and mean ASCII, which is how an API
/// server escapes `<`, `>` and `&`; gives how many bytes it read.
#[inline]
fn ascii(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let (chunks, _) = bytes.as_chunks::<UNICODE>();
    let mut count = 0;
    for chunk in chunks {
        let [b'\\', b'u', b'0', b'0', high, low] = chunk else {
            break;
        };
        let (high, low) = (HEX[usize::from(*high)], HEX[usize::from(*low)]);
        if high > 7 || low > 15 {
            break;
        }
        out.push(high << 4 | low);
        count += 1;
    }
    count * UNICODE
}

/// Reads the `\u` at `at`, or the two that make one character; gives where they end.
#[inline]
fn unicode(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let unit = unit(bytes, at)?;
    let (character, end) = if (0xd800..0xdc00).contains(&unit) {
        if bytes.get(at + UNICODE..)?.first_chunk() != Some(b"\\u") {
            return None;
        }
        let low = self::unit(bytes, at + UNICODE)?.checked_sub(0xdc00)?;
        if low >= 0x400 {
            return None;
        }
        let code = 0x1_0000 + ((unit - 0xd800) << 10 | low);
        (char::from_u32(code)?, at + 2 * UNICODE)
    } else {
        // None for the second half of a pair.
        (char::from_u32(unit)?, at + UNICODE)
    };
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(end)
}

/// The length of `\u003c`.
const UNICODE: usize = 6;

/// What the four digits of the `\u` at `at` mean.
#[inline]
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digit = |place: usize| u32::from(HEX[usize::from(byte(bytes, at + place))]);
    let (a, b, c, d) = (digit(2), digit(3), digit(4), digit(5));
    ((a | b | c | d) < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// What a letter means after a backslash; zero for letters that mean nothing there.
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'/' as usize] = b'/';
    table[b'b' as usize] = 0x08;
    table[b'f' as usize] = 0x0c;
    table[b'n' as usize] = b'\n';
    table[b'r' as usize] = b'\r';
    table[b't' as usize] = b'\t';
    table
};

/// What a hexadecimal digit means; more than 15 for other letters.
const HEX: [u8; 256] = {
    let mut table = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
};
