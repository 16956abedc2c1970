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
    let label = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.is_none_or(|host| host.split('.').all(label))
        && (port.is_empty() || port.strip_prefix(':').is_some_and(number))
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or dashes.
pub(super) fn is_component(text: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut runs = text
        .as_bytes()
        .chunk_by(|one, next| inner(one) == inner(next));
    let whole = runs.all(|run| {
        run.first().is_some_and(inner)
            || matches!(run, b"." | b"_" | b"__")
            || run.iter().all(|byte| *byte == b'-')
    });
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    whole && ends.into_iter().all(|end| end.is_some_and(inner))
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
