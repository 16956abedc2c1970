//! The parts of an image reference, as `distribution/reference` defines them.

/// A host name or an IPv6 address in brackets, with or without a port.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return false;
        };
        let fits = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        if address.is_empty() || !address.bytes().all(fits) {
            return false;
        }
        (None, rest)
    } else {
        let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        (Some(host), rest)
    };
    let label = |part: &[u8]| {
        !part.is_empty()
            && part
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !part.starts_with(b"-")
            && !part.ends_with(b"-")
    };
    let number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let labels = |host: &str| host.as_bytes().split(|byte| *byte == b'.').all(label);
    host.is_none_or(labels) && (port.is_empty() || port.strip_prefix(':').is_some_and(number))
}

/// Parts of lower-case letters and digits, joined by `.`, `_`, `__` or dashes, between
/// slashes.
pub(super) fn is_path(text: &str) -> bool {
    text.as_bytes()
        .split(|byte| *byte == b'/')
        .all(is_component)
}

fn is_component(mut text: &[u8]) -> bool {
    loop {
        let mut bytes = text.iter();
        let word = bytes.position(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        if word == Some(0) || text.is_empty() {
            return false;
        }
        text = match word.and_then(|end| text.get(end..)) {
            None => return true,
            Some([b'_', b'_', rest @ ..] | [b'.' | b'_', rest @ ..]) => rest,
            Some(dashes @ [b'-', ..]) => {
                let end = dashes.iter().position(|byte| *byte != b'-');
                end.and_then(|end| dashes.get(end..)).unwrap_or_default()
            }
            Some(_) => return false,
        };
    }
}

pub(super) fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text
            .bytes()
            .all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

pub(super) fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"+._-".contains(&byte);
        !algorithm.is_empty()
            && algorithm.bytes().all(word)
            && hex.len() >= 32
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
