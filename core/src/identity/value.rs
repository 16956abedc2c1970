//! The value of a variable as the container gets it.

use std::borrow::Cow;

use crate::request::pod::{Container, EnvVar};

/// What a pod shows of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'p> {
    /// Empty or absent: SDKs make no difference.
    Blank,
    /// Taken from another object, or built from other variables.
    Hidden,
    Text(Cow<'p, str>),
}

impl<'p> Value<'p> {
    /// The variable in effect: the last one with this name.
    pub(crate) fn of(container: &'p Container<'_>, name: &str) -> Self {
        container.variable(name).map_or(Self::Blank, Self::read)
    }

    pub(crate) fn read(variable: &'p EnvVar<'_>) -> Self {
        if variable.value_from.is_some() {
            return Self::Hidden;
        }
        match variable.value.as_deref() {
            None | Some("") => Self::Blank,
            Some(text) => expanded(text).map_or(Self::Hidden, Self::Text),
        }
    }
}

/// A text after Kubernetes' expansion: `$$` stands for `$`. `None` where `$(NAME)`
/// takes in another variable. Source: Kubernetes,
/// `third_party/forked/golang/expansion`.
pub(crate) fn expanded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('$') {
        return Some(Cow::Borrowed(text));
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    // The last bracket is found once: looking for it at each `$(` would be quadratic.
    let last = text.rfind(')').map_or(0, |at| text.len() - at);
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        whole.push_str(before);
        whole.push('$');
        rest = after.get(1..).unwrap_or_default();
        if let Some(escaped) = rest.strip_prefix('$') {
            rest = escaped;
        } else if rest.starts_with('(') && rest.len() >= last && last > 0 {
            return None;
        }
    }
    whole.push_str(rest);
    Some(Cow::Owned(whole))
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn kubernetes_expansion() {
        for (text, whole) in [
            ("", Some("")),
            ("a", Some("a")),
            ("$", Some("$")),
            ("a$b", Some("a$b")),
            ("$$(A)", Some("$(A)")),
            ("$$$(A)", None),
            ("$(A)", None),
            ("x$(A)y", None),
            ("$(A", Some("$(A")),
            (")$(A", Some(")$(A")),
            ("$()", None),
            ("a$$b$$", Some("a$b$")),
        ] {
            assert_eq!(expanded(text).as_deref(), whole, "{text}");
        }
    }
}
