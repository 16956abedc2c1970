//! Blocks of 64 bytes, with one bit for each byte.

use wide::u8x64;

pub(super) const WIDTH: usize = 64;

/// The next bytes, padded with blanks after the last.
#[inline]
pub(super) fn block(rest: &[u8]) -> Option<u8x64> {
    if let Some(block) = rest.first_chunk::<WIDTH>() {
        return Some(u8x64::from(*block));
    }
    let mut block = [b' '; WIDTH];
    block.get_mut(..rest.len())?.copy_from_slice(rest);
    (!rest.is_empty()).then(|| u8x64::from(block))
}

/// Which bytes a backslash escapes, from one block to the next.
#[derive(Default)]
pub(super) struct Escapes {
    /// Whether the next byte is escaped.
    escape: bool,
}

impl Escapes {
    /// The escaped bytes.
    #[inline]
    pub(super) fn escaped(&mut self, backslashes: u64) -> u64 {
        let first = u64::from(std::mem::take(&mut self.escape));
        // An escaped backslash escapes nothing.
        let backslashes = backslashes & !first;
        let behind = backslashes << 1;
        if backslashes & behind != 0 {
            return first | self.runs(backslashes);
        }
        self.escape = backslashes >> 63 == 1;
        first | behind
    }

    /// The same where one backslash follows another.
    #[cold]
    fn runs(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = 0;
        while backslashes != 0 {
            let lowest = backslashes & backslashes.wrapping_neg();
            let next = lowest << 1;
            self.escape = next == 0;
            escaped |= next;
            backslashes &= !(lowest | next);
        }
        escaped
    }
}
