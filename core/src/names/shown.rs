//! Text that a tenant wrote, made safe to show in messages, headers and logs.

/// `text` with control and invisible characters escaped, cut to `most`
/// characters. A name in a denial must not be able to break a log line, hide
/// the end of a sentence, or colour a terminal.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    // True of nearly every name, so it looks at many bytes at once: there is no way out in
    // the middle.
    let plain = |byte| matches!(byte, b' '..=b'~');
    if text.len() <= most && text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(most + 8));
    let mut length = 0;
    for (index, character) in text.char_indices() {
        let plain = character == ' ' || character.is_ascii_graphic() || character.is_alphanumeric();
        let width = if plain {
            1
        } else {
            character.escape_unicode().count()
        };
        if length + width > most
            || (length + width == most && index + character.len_utf8() < text.len())
        {
            out.push('…');
            break;
        }
        length += width;
        if plain {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn escapes_and_cuts() {
        for (text, most, expected) in [
            ("plain", 10, "plain"),
            ("exact", 5, "exact"),
            ("longer", 5, "long…"),
            ("a\nb", 20, "a\\u{a}b"),
            ("\u{202e}x", 20, "\\u{202e}x"),
            ("\u{1b}[31m", 20, "\\u{1b}[31m"),
            ("", 5, ""),
        ] {
            assert_eq!(shown(text, most), expected, "{text:?}");
            assert!(shown(text, most).chars().count() <= most);
        }
    }
}
