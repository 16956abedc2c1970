//! IAM roles, compared by account and name.

use std::fmt;

/// A twelve-digit AWS account id. Kept as text: ids may start with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// Reads an account id: exactly twelve ASCII digits, else `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes().try_into().ok()?;
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(Self(digits))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits are UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// An IAM role's name without its path: `[\w+=,.@-]{1,64}` (ASCII).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

impl RoleName {
    /// Reads a role name by IAM's own grammar, else `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        ((1..=64).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A role as a service account's name carries it: account and name. That name holds
/// neither partition nor path, so roles are compared without them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role {
    /// The account that holds the role.
    pub account: AccountId,
    /// Its name without the path.
    pub name: RoleName,
}

impl Role {
    /// Whether a text is this role's ARN as it nearly always looks: in the partition
    /// `aws` and without a path. For others, read the [`RoleArn`](super::RoleArn).
    #[must_use]
    pub fn has_usual_arn(&self, text: &str) -> bool {
        text.strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.strip_prefix(self.account.as_str()))
            .and_then(|rest| rest.strip_prefix(":role/"))
            .is_some_and(|name| name == self.name.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account.as_str(), self.name.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::names::RoleArn;

    #[test]
    fn a_usual_arn_is_the_roles() {
        let usual = "arn:aws:iam::111122223333:role/etl";
        let role = RoleArn::parse(usual).expect("an ARN").role().clone();
        assert!(role.has_usual_arn(usual));
        for other in [
            "",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/etl2",
            "arn:aws:iam::111122223333:role/a/etl",
            "arn:aws:iam::111122223334:role/etl",
            "arn:aws-cn:iam::111122223333:role/etl",
            " arn:aws:iam::111122223333:role/etl",
            "arn:aws:iam::111122223333:role/etl\n",
        ] {
            assert!(!role.has_usual_arn(other), "{other:?}");
        }
    }
}
