//! Patterns for the roles that an entry of the policy means.

use std::fmt;

use super::role_arn::{Parts, RoleArnError};
use super::{AccountId, Role};
use super::{Glob, RoleArn};

/// A role ARN whose name, and only its name, may hold wildcards: narrower than
/// IAM's `StringLike`, so a pattern never matches a role of another account.
/// Partition and path are checked when read and not compared, since a job service
/// account's name carries neither.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RolePattern {
    text: Box<str>,
    account: AccountId,
    name: Glob,
}

impl RolePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is not the ARN of a role, has a wildcard outside the name, or
    /// has a name that no role can have.
    pub fn parse(text: &str) -> Result<Self, RoleArnError> {
        let Parts {
            account,
            path,
            name,
            ..
        } = Parts::cut(text)?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-*?".contains(&b);
        let shortest = name.bytes().filter(|b| *b != b'*').count();
        if name.is_empty() || shortest > 64 || !name.bytes().all(fits) {
            return Err(RoleArnError::NamePattern);
        }
        if !path.is_empty() && name.bytes().all(|b| matches!(b, b'*' | b'?')) {
            return Err(RoleArnError::PathThenAll);
        }
        Ok(Self {
            text: text.into(),
            account,
            name: Glob::new(name),
        })
    }

    /// Whether the pattern means this role.
    #[must_use]
    pub fn matches(&self, role: &Role) -> bool {
        self.account == role.account && self.name.matches(role.name.as_str())
    }

    /// Whether the pattern means a role of this name, in whatever account.
    #[must_use]
    pub fn matches_name(&self, name: &str) -> bool {
        self.name.matches(name)
    }

    /// Whether the name begins with a wildcard, so that it has no part which a naming
    /// scheme gives to all of its roles.
    #[must_use]
    pub fn begins_wild(&self) -> bool {
        let name = self.text.rsplit('/').next();
        name.is_some_and(|name| name.starts_with(['*', '?']))
    }

    /// Whether some role matches both patterns. For reading policies, not for requests.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.account == other.account
            && match (self.name.is_wild(), other.name.is_wild()) {
                (_, false) => self.name.matches(other.name.as_str()),
                (false, true) => other.name.matches(self.name.as_str()),
                (true, true) => self.name.overlaps(&other.name),
            }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&RoleArn> for RolePattern {
    /// The pattern of exactly that role.
    fn from(arn: &RoleArn) -> Self {
        let Role { account, name } = arn.role();
        Self {
            text: arn.as_str().into(),
            account: *account,
            name: Glob::new(name.as_str()),
        }
    }
}

impl fmt::Display for RolePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RolePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{RoleArn, RoleArnError, RolePattern};

    #[test]
    fn compares_account_and_name() {
        let role = |text| RoleArn::parse(text).unwrap().role().clone();
        let etl = role("arn:aws:iam::111122223333:role/data/team-a-etl");
        for (pattern, expected) in [
            ("arn:aws:iam::111122223333:role/team-a-etl", true),
            ("arn:aws:iam::111122223333:role/team-a-*", true),
            ("arn:aws-cn:iam::111122223333:role/other/team-?-etl", true),
            ("arn:aws:iam::111122223333:role/*", true),
            ("arn:aws:iam::111122223333:role/Team-a-*", false),
            ("arn:aws:iam::111122223334:role/team-a-etl", false),
        ] {
            assert_eq!(
                RolePattern::parse(pattern).unwrap().matches(&etl),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn refuses_what_no_role_matches_or_too_many_do() {
        let long = format!("arn:aws:iam::111122223333:role/{}*", "a".repeat(65));
        for (text, error) in [
            (
                "arn:aws:iam::111122223333:role/a b*",
                RoleArnError::NamePattern,
            ),
            ("arn:aws:iam::111122223333:role/", RoleArnError::NamePattern),
            (long.as_str(), RoleArnError::NamePattern),
            ("arn:aws:iam::*:role/a", RoleArnError::Wildcard),
            ("arn:aws*:iam::111122223333:role/a", RoleArnError::Wildcard),
            (
                "arn:aws:iam::111122223333:role/team-*/a",
                RoleArnError::Wildcard,
            ),
            (
                "arn:aws:iam::111122223333:role/team-a/*",
                RoleArnError::PathThenAll,
            ),
        ] {
            assert_eq!(RolePattern::parse(text), Err(error), "{text}");
        }
    }
}
