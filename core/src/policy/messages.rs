//! Turns errors of the YAML reader into one sentence that says what to do.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

use super::{Position, Problem};
use crate::names;

/// The problem for an error of the YAML reader, at its innermost cause.
pub(super) fn problem(error: &Error) -> Problem {
    let error = innermost(error);
    let at = error.location().map_or(Position::START, Position::from);
    Problem {
        at,
        message: sentence(error),
    }
}

fn innermost(error: &Error) -> &Error {
    let mut error = error.without_snippet();
    while let Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    error
}

/// What of the text an error is about, if it is about the shape of one value.
pub(super) fn blame(error: &Error) -> Option<Blame<'_>> {
    match innermost(error) {
        Error::SerdeUnknownField { .. } | Error::DuplicateMappingKey { .. } => Some(Blame::Key),
        Error::SerdeMissingField { field, .. } => Some(Blame::Missing(field)),
        Error::QuotingRequired { .. } => Some(Blame::Text),
        Error::SerdeUnknownVariant { .. }
        | Error::NullIntoString { .. }
        | Error::SerdeInvalidType { .. }
        | Error::Unexpected { .. }
        | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. }
        | Error::InvalidScalar { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::Message { .. } => Some(Blame::Value),
        _ => None,
    }
}

/// The part of the text that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame<'e> {
    /// The member whose key is there.
    Key,
    /// The value that is there.
    Value,
    /// The text that is there, which lacks quotes.
    Text,
    /// The object that is there lacks this key.
    Missing(&'e str),
}

fn sentence(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let what = if expected.contains(&"pod-exec") {
                "rule"
            } else {
                "key"
            };
            let known = one_of(field, expected.iter().copied());
            format!("unknown {what} `{}`; {known}", names::shown(field, 100))
        }
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            format!(
                "unknown value `{}`; {}",
                names::shown(variant, 100),
                one_of(variant, expected.iter().copied())
            )
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing; add it"),
        Error::DuplicateMappingKey { key: Some(key), .. } => twice(key),
        Error::DuplicateMappingKey { key: None, .. } => {
            "a key appears twice; remove one of them".into()
        }
        Error::QuotingRequired { value, .. } => {
            format!(
                "YAML reads `{}` as something other than text; put quotes around it",
                names::shown(value, 100)
            )
        }
        Error::NullIntoString { .. } => "the key has no value; write one or remove the key".into(),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => {
            format!(
                "expected {}, found {}",
                names::shown(expected, 100),
                names::shown(unexpected, 100)
            )
        }
        Error::Unexpected { expected, .. } => match *expected {
            "sequence start" => "expected a list, like [a, b]; write one or remove the key".into(),
            "mapping start" => {
                "expected keys and values, like { key: value }; write them or remove the key".into()
            }
            "string scalar" | "scalar" => {
                "expected a single value; write it without [ ], { } or a nested block".into()
            }
            other => format!("expected {other}; check the lines above as well"),
        },
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => {
            "expected a single value; write it without [ ], { } or a nested block".into()
        }
        Error::Message { msg, .. } => names::shown(msg, 100),
        Error::MultipleDocuments { .. } => {
            "the file contains several documents, separated by `---`; keep one".into()
        }
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "the file is too large or too deeply nested, with its anchors and aliases expanded; \
             simplify it"
                .into()
        }
        other => format!(
            "the file is not valid YAML: {}",
            names::shown(&UserMessageFormatter.format_message(other), 100)
        ),
    }
}

/// The sentence for a key that a mapping has already.
pub(super) fn twice(key: &str) -> String {
    let key = names::shown(key, 100);
    format!("the key `{key}` appears twice; remove one of them")
}

/// A hint for a wrong word: the nearest of the allowed words if one is near,
/// otherwise all of them.
pub(super) fn one_of<'a>(wrong: &str, words: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, words.clone()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => match words.collect::<Vec<_>>().as_slice() {
            [only] => format!("only `{only}` is allowed"),
            words => format!("use one of {}", words.join(", ")),
        },
    }
}

/// The one of the allowed words that was probably meant.
pub(super) fn nearest<'a>(wrong: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (steps, word) = words.map(|word| (distance(wrong, word), word)).min()?;
    (steps <= 1 + word.len() / 5).then_some(word)
}

/// The Levenshtein distance in bytes. Long words are not compared: no key or
/// value of a policy is that long.
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
            "use one of enforce, warn, audit"
        );
    }
}
