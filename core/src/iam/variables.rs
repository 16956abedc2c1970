//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`,
//! `${?}` and `${$}` for the characters themselves.

use super::wild::Token;

/// The version of the policy language. Without one, a document has the old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`: no policy variables.
    Old,
    /// `2012-10-17`.
    Current,
}

/// A variable has no value in this request, so nothing fits the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown;

impl Token {
    /// Where wildcards have no meaning, they are the characters.
    pub(super) const fn as_char(self) -> char {
        match self {
            Self::Char(c) => c,
            Self::One => '?',
            Self::Any => '*',
        }
    }
}

/// A text with its variables replaced. What a variable brings in has no wildcards. A
/// document of the old version has no variables.
pub(super) fn resolve<'v>(
    text: &str,
    version: Version,
    value_of: impl Fn(&str) -> Option<&'v str>,
) -> Result<Vec<Token>, Unknown> {
    let plain = |text: &str| {
        let wild = |c| match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        };
        text.chars().map(wild).collect::<Vec<_>>()
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while version == Version::Current
        && let Some((before, after)) = rest.split_once("${")
        && let Some((name, after)) = after.split_once('}')
    {
        tokens.extend(plain(before));
        let (name, default) = match name.split_once(',') {
            Some((name, default)) => (name.trim(), quoted(default)),
            None => (name.trim(), None),
        };
        let value = match name {
            "*" | "?" | "$" => name,
            name => value_of(name).or(default).ok_or(Unknown)?,
        };
        tokens.extend(value.chars().map(Token::Char));
        rest = after;
    }
    tokens.extend(plain(rest));
    Ok(tokens)
}

/// `'text'`.
fn quoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('\'')?.strip_suffix('\'')
}
