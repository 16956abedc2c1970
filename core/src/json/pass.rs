//! Skips a value by its quotes and brackets alone, without validating it.
//!
//! Nearly half of what an API server sends is skipped: `managedFields`. Bytes are
//! compared 64 at a time, with one bit for each.

use wide::u8x64;

use super::block::{Escapes, WIDTH, block};

/// The offset after the object or list whose bracket is at `at`; `None` if the
/// text ends before it does.
///
/// For JSON this is its end. In a text that is not JSON, a bracket may close one of
/// the other kind, and anything may be between brackets: it is not read.
pub(super) fn pass(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    let mut depth = 1;
    let mut carried = Carried::default();
    loop {
        let block = block(bytes.get(at..)?)?;
        let (opening, closing) = carried.brackets(&block);
        let closed = closing.count_ones();
        if depth > closed {
            depth = depth + opening.count_ones() - closed;
        } else if let Some(place) = end(opening, closing, &mut depth) {
            return Some(at + place);
        }
        at += WIDTH;
    }
}

/// The place after the bracket that closes the outermost one.
fn end(opening: u64, closing: u64, depth: &mut u32) -> Option<usize> {
    let mut both = opening | closing;
    while both != 0 {
        let lowest = both & both.wrapping_neg();
        if opening & lowest != 0 {
            *depth += 1;
        } else {
            *depth -= 1;
            if *depth == 0 {
                return Some(lowest.trailing_zeros() as usize + 1);
            }
        }
        both ^= lowest;
    }
    None
}

/// The state that one block passes to the next.
#[derive(Default)]
struct Carried {
    /// All ones inside a string.
    string: u64,
    escapes: Escapes,
}

impl Carried {
    /// The opening and the closing brackets outside strings.
    #[inline]
    fn brackets(&mut self, block: &u8x64) -> (u64, u64) {
        let is = |byte: u8| block.simd_eq(u8x64::splat(byte)).to_bitmask();
        let quotes = is(b'"') & !self.escapes.escaped(is(b'\\'));
        // Ones from each opening quote to its closing quote.
        let mut strings = quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            strings ^= strings << distance;
        }
        strings ^= self.string;
        self.string = if strings >> 63 == 1 { u64::MAX } else { 0 };
        // In ASCII square and curly brackets differ in this bit only.
        let curly = *block | u8x64::splat(0x20);
        let is = |byte: u8| curly.simd_eq(u8x64::splat(byte)).to_bitmask();
        (is(b'{') & !strings, is(b'}') & !strings)
    }
}
