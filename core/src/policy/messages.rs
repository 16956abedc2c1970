//! What a YAML error is called in a message: one sentence that says what to do.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

use super::{Position, Problem};
use crate::names;

/// The problem behind an error of the YAML reader.
pub(super) fn problem(error: &Error) -> Problem {
    let mut error = error.without_snippet();
    while let Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    let at = error.location().map_or(Position::START, Position::from);
    Problem {
        at,
        message: sentence(error),
    }
}

fn sentence(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let what = if expected.contains(&"pod-exec") { "rule" } else { "key" };
            let known = one_of(field, expected.iter().copied());
            format!("there is no {what} `{}` here; {known}", names::shown(field, 100))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{}` is unknown here; {}", names::shown(variant, 100), one_of(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing here; add it"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{}` is here twice; keep one of them", names::shown(key, 100))
        }
        Error::DuplicateMappingKey { key: None, .. } => "a key is here twice; keep one of them".into(),
        Error::QuotingRequired { value, .. } => {
            format!("YAML takes `{}` for something other than text; put quotes around it", names::shown(value, 100))
        }
        Error::NullIntoString { .. } => "there is nothing after the key; write a value, or leave the key out".into(),
        Error::SerdeInvalidType { unexpected, expected, .. } => {
            format!("there is {} where {} belongs", names::shown(unexpected, 100), names::shown(expected, 100))
        }
        Error::Unexpected { expected, .. } => match *expected {
            "sequence start" => "a list belongs here, like [a, b]; write one, or leave the key out".into(),
            "mapping start" => "keys and values belong here, like { key: value }; write some, or leave the key out".into(),
            "string scalar" | "scalar" => "one text belongs here; write it without [ ], { } or a line below".into(),
            other => format!("there is something else here than {other}; look at the lines above, too"),
        },
        Error::Message { msg, .. } => names::shown(msg, 100),
        Error::MultipleDocuments { .. } => "the file holds several documents; keep one, without `---` between".into(),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "the file, with its anchors and aliases written out, is larger or deeper than a policy may be; \
             make it simpler"
                .into()
        }
        other => format!("the file is not the YAML of a policy: {}", names::shown(&UserMessageFormatter.format_message(other), 100)),
    }
}

/// The nearest of the words, if one is near, else all of them.
pub(super) fn one_of<'a>(wrong: &str, words: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = words
        .clone()
        .map(|word| (distance(wrong, word), word))
        .min();
    match near {
        Some((steps, word)) if steps <= 1 + word.len() / 5 => format!("did you mean `{word}`?"),
        _ => match words.collect::<Vec<_>>().as_slice() {
            [only] => format!("only `{only}` is"),
            words => format!("there are {}", words.join(", ")),
        },
    }
}

/// Levenshtein's distance in bytes; the words of a policy are short.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let here = (diagonal + usize::from(x != y))
                .min(left + 1)
                .min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::{distance, one_of};

    #[test]
    fn finds_the_word_that_was_meant() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        let words = ["enforce", "warn", "audit"];
        assert_eq!(
            one_of("enforced", words.into_iter()),
            "did you mean `enforce`?"
        );
        assert_eq!(
            one_of("deny", words.into_iter()),
            "there are enforce, warn, audit"
        );
    }
}
