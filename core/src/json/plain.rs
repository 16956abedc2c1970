//! The plain part of a string: up to the first quote, backslash or control
//! character. Most of a review is strings, so bytes are compared 16 at a time.

use wide::u8x16;

const WIDTH: usize = 16;

/// The byte at an offset; zero at the end of the text and after it.
#[inline(always)]
#[expect(clippy::inline_always, reason = "two instructions of every loop here")]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

/// The first offset, from `at` on, of a quote, a backslash or a control
/// character; else the end.
#[inline]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<WIDTH>) {
        let block = u8x16::from(*chunk);
        let marks = block.simd_eq(u8x16::splat(b'"'))
            | block.simd_eq(u8x16::splat(b'\\'))
            | block.min(u8x16::splat(0x1f)).simd_eq(block);
        let marks = marks.to_bitmask();
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += WIDTH;
    }
    while !matches!(byte(bytes, at), b'"' | b'\\' | 0..0x20) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::plain;

    /// Whatever its neighbours are, and wherever it is.
    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for beside in [b'#', b'!', b']', b'[', 0x20, 0x7f, 0x80, 0xff] {
                for place in 0..40 {
                    let mut text = [beside; 40];
                    text[place] = byte;
                    let marked = matches!(byte, b'"' | b'\\' | 0..0x20);
                    let expected = if marked { place } else { text.len() };
                    assert_eq!(plain(&text, 0), expected, "{byte} at {place}");
                }
            }
        }
    }
}
