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

fn is_component(text: &[u8]) -> bool {
    let inner = |at: usize| {
        let byte = text.get(at);
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let mut at = 0;
    let mut fits = inner(0);
    while fits && at < text.len() {
        let length = match text.get(at..).unwrap_or_default() {
            [b'_', b'_', ..] => 2,
            _ => 1,
        };
        fits = match text.get(at) {
            Some(b'.' | b'_') => inner(at + length),
            Some(b'-') => inner(at + 1) || text.get(at + 1) == Some(&b'-'),
            _ => inner(at),
        };
        at += length;
    }
    fits
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
