//! Writing strings and members.

use super::plain::plain;

/// Writes `text` as a JSON string. The parts that need no escape are copied whole;
/// nearly always that is all of it.
pub fn write(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut at = 0;
    loop {
        let end = plain(bytes, at);
        out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
        let Some(&special) = bytes.get(end) else {
            break;
        };
        match special {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', special]),
            b'\n' => out.extend_from_slice(br"\n"),
            control => {
                let digits = b"0123456789abcdef";
                let digit = |value: u8| digits.get(usize::from(value)).copied().unwrap_or(b'0');
                out.extend(br"\u00");
                out.extend([digit(control >> 4), digit(control & 15)]);
            }
        }
        at = end + 1;
    }
    out.push(b'"');
}

/// Writes a text that is the same in every answer as a JSON string. Nothing in it needs
/// an escape.
pub fn write_plain(out: &mut Vec<u8>, text: &'static str) {
    debug_assert_eq!(plain(text.as_bytes(), 0), text.len(), "{text}");
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Writes a string member into the object that is open at the end of `out`. Nothing in
/// the key needs an escape.
pub fn write_member(out: &mut Vec<u8>, key: &'static str, value: &str) {
    // No value ends with an opening brace, so this is the object's own.
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_plain(out, key);
    out.push(b':');
    write(out, value);
}
