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

/// Writes a string member into the object that is open at the end of `out`. Nothing in
/// the key needs an escape.
pub fn write_member(out: &mut Vec<u8>, key: &'static str, value: &str) {
    debug_assert_eq!(plain(key.as_bytes(), 0), key.len(), "{key}");
    // No value ends with an opening brace, so this is the object's own.
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(br#"":"#);
    write(out, value);
}
