//! Finds words in JSON text without parsing it: names of Services occur in dozens
//! of fields and annotations, some of which hold JSON in a string.

/// The longest name. Longer words are not kept: a text may have megabytes without
/// a space.
const LONGEST: usize = 253;

/// The first word of letters, digits and dashes that is wanted, in lower case.
/// Escaped letters count as what they stand for, however often they are escaped.
pub(super) fn find(json: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let mut word = String::new();
    let mut rest = json.as_bytes();
    loop {
        let Some((&byte, tail)) = rest.split_first() else {
            return is_word(&word, &wanted).then_some(word);
        };
        rest = tail;
        let letter = match (byte, tail) {
            (b'\\', [b'\\', ..]) => continue,
            (b'\\', [b'u', code @ ..]) => match code.split_at_checked(4) {
                Some((code, after)) if code.iter().all(u8::is_ascii_hexdigit) => {
                    rest = after;
                    letter_of(code)
                }
                _ => b' ',
            },
            (byte, _) => byte,
        };
        if letter.is_ascii_alphanumeric() || letter == b'-' {
            if word.len() <= LONGEST {
                word.push(char::from(letter.to_ascii_lowercase()));
            }
        } else if is_word(&word, &wanted) {
            return Some(word);
        } else {
            word.clear();
        }
    }
}

fn is_word(word: &str, wanted: &impl Fn(&str) -> bool) -> bool {
    !word.is_empty() && word.len() <= LONGEST && wanted(word)
}

/// The ASCII character of four hexadecimal digits; a space for any other.
fn letter_of(code: &[u8]) -> u8 {
    let value = std::str::from_utf8(code)
        .ok()
        .and_then(|digits| u16::from_str_radix(digits, 16).ok());
    value
        .and_then(|value| u8::try_from(value).ok())
        .filter(u8::is_ascii)
        .unwrap_or(b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, find};

    #[test]
    fn words_wherever_they_stand() {
        let svc = |word: &str| word.ends_with("-driver-svc");
        for text in [
            r#"{"name":"pi-driver-svc"}"#,
            r#"{"host":"PI-Driver-SVC.spark-a.svc.cluster.local"}"#,
            r#"{"pi-driver-svc":null}"#,
            r#"{"a":"{\"serviceName\":\"pi-driver-svc\"}"}"#,
            r#"{"a":"x\npi-driver-svc\n"}"#,
            r#"{"a":"pi-\u0064river-svc"}"#,
            r#"{"a":"{\"b\":\"pi-\\u0064river-svc\"}"}"#,
            r#"{"a":"{\"b\":\"pi-\\\\u0064river\\\\u002dsvc\"}"}"#,
            r#"{"a":"http://pi-driver-svc:4040/x"}"#,
            r#"{"a":"\\u:pi-driver-svc"}"#,
            r#"{"a":"\\u+12pi-driver-svc"}"#,
            "pi-driver-svc",
        ] {
            assert!(find(text, svc).is_some(), "{text}");
        }
        for text in [
            r#"{"a":"pi-driver-svc2"}"#,
            r#"{"a":"pi-driver","b":"svc"}"#,
            r#"{"a":"\u00e9"}"#,
            r#"{"a":"\u"#,
            "",
            "\\",
        ] {
            assert_eq!(find(text, svc), None, "{text}");
        }
        let long = "a".repeat(LONGEST);
        assert_eq!(find(&format!("{long}-driver-svc"), svc), None);
    }

    proptest! {
        /// A name is found in whatever text JSON makes of it, once and twice over.
        #[test]
        fn found_in_every_string(before in "[ -~]{0,8}[ ./:]", after in "([ ./:\"\\\\][ -~]{0,8})?") {
            let text = format!("{before}pi-driver-svc{after}");
            let once = serde_json::to_string(&text).expect("JSON");
            let twice = serde_json::to_string(&once).expect("JSON");
            let wanted = |word: &str| word.ends_with("pi-driver-svc");
            prop_assert!(find(&once, wanted).is_some(), "{}", once);
            prop_assert!(find(&twice, wanted).is_some(), "{}", twice);
        }
    }
}
