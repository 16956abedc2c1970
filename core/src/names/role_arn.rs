//! The ARN of an IAM role, by a grammar stricter than AWS's own.

use std::fmt;

use super::{AccountId, Role, RoleName};

/// The AWS partitions, from the endpoint data of botocore.
pub(super) const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-eusc",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
];

/// What is wrong with a role ARN; each text says how it should look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleArnError {
    /// Not `arn:<partition>:iam::<account>:role/<path/><name>` at all.
    #[error("a role ARN looks like arn:aws:iam::111122223333:role/name")]
    Shape,
    /// A partition AWS does not have.
    #[error("the partition is none of {}", PARTITIONS.join(", "))]
    Partition,
    /// Not twelve digits.
    #[error("the account is not twelve digits")]
    Account,
    /// A character IAM does not allow, an empty part, or too long.
    #[error("the path may hold visible ASCII characters only, no empty parts and no wildcards")]
    Path,
    /// Not `[\w+=,.@-]{1,64}`.
    #[error("the role name is not 1 to 64 letters, digits or _+=,.@-")]
    Name,
    /// A wildcard where exactly one role is expected.
    #[error("one role is meant here, so no wildcard is allowed; write its whole name")]
    One,
    /// A name pattern that no role name can match.
    #[error("no role name matches the pattern: names are 1 to 64 letters, digits or _+=,.@-")]
    NamePattern,
    /// A wildcard where only text is allowed.
    #[error(
        "a wildcard is allowed in the role name only; write one entry for each account or partition"
    )]
    Wildcard,
    /// `role/path/*`: paths are not compared, so this means every role of the account.
    #[error(
        "paths take no part in the comparison, so this would be every role of the account; give the name a fixed part"
    )]
    PathThenAll,
}

/// An ARN cut into its parts; the name is not checked yet.
pub(super) struct Parts<'a> {
    /// One of [`PARTITIONS`].
    pub(super) partition: &'static str,
    /// The account that holds the role.
    pub(super) account: AccountId,
    /// With its slash at the end; empty for the root path.
    pub(super) path: &'a str,
    /// Everything after the last slash.
    pub(super) name: &'a str,
}

impl<'a> Parts<'a> {
    /// Checks everything but the name.
    pub(super) fn cut(text: &'a str) -> Result<Self, RoleArnError> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().ok_or(RoleArnError::Shape);
        let (arn, partition, service, region) = (next()?, next()?, next()?, next()?);
        let (account, resource) = (next()?, next()?);
        let resource = resource.strip_prefix("role/").ok_or(RoleArnError::Shape)?;
        let (path, name) = resource
            .rfind('/')
            .map_or(("", resource), |slash| resource.split_at(slash + 1));
        if [partition, account, path]
            .iter()
            .any(|part| part.contains(['*', '?']))
        {
            return Err(RoleArnError::Wildcard);
        }
        if (arn, service, region) != ("arn", "iam", "") {
            return Err(RoleArnError::Shape);
        }
        Ok(Self {
            partition: PARTITIONS
                .into_iter()
                .find(|known| *known == partition)
                .ok_or(RoleArnError::Partition)?,
            account: AccountId::parse(account).ok_or(RoleArnError::Account)?,
            path: check_path(path)?,
            name,
        })
    }
}

/// IAM: at most 512 characters from `!` to `~`, the slashes at both ends
/// included. The one at the front belongs to `role/`.
fn check_path(path: &str) -> Result<&str, RoleArnError> {
    let visible = path.bytes().all(|b| b.is_ascii_graphic());
    let full = path
        .strip_suffix('/')
        .is_none_or(|inner| inner.split('/').all(|part| !part.is_empty()));
    if visible && full && path.len() < 512 {
        Ok(path)
    } else {
        Err(RoleArnError::Path)
    }
}

/// The ARN of exactly one IAM role, without control characters, blanks and
/// wildcards. The ARN is written into AWS configuration files, where a newline in it
/// executes commands in four SDKs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn {
    text: Box<str>,
    partition: &'static str,
    role: Role,
}

impl RoleArn {
    /// Reads an ARN.
    ///
    /// # Errors
    /// When it is not one of a single IAM role.
    pub fn parse(text: &str) -> Result<Self, RoleArnError> {
        let Parts {
            partition,
            account,
            name,
            ..
        } = Parts::cut(text)?;
        if name.contains(['*', '?']) {
            return Err(RoleArnError::One);
        }
        let name = RoleName::parse(name).ok_or(RoleArnError::Name)?;
        Ok(Self {
            text: text.into(),
            partition,
            role: Role { account, name },
        })
    }

    /// The ARN as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, …; a role cannot be assumed from another partition.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        self.partition
    }

    /// Account and name, which is what rolegate compares.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Whether both name one role. The path makes no difference: names are unique in
    /// an account.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.role == other.role && self.partition == other.partition
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RoleArn, RoleArnError};

    #[test]
    fn reads_what_iam_makes() {
        for (text, account, name) in [
            (
                "arn:aws:iam::111122223333:role/team-a-etl",
                "111122223333",
                "team-a-etl",
            ),
            (
                "arn:aws-cn:iam::000000000001:role/a/b/c",
                "000000000001",
                "c",
            ),
            (
                "arn:aws-iso-b:iam::111122223333:role/_+=,.@-",
                "111122223333",
                "_+=,.@-",
            ),
            (
                "arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers",
                "111122223333",
                "AWSServiceRoleForAmazonEMRContainers",
            ),
        ] {
            let arn = RoleArn::parse(text).unwrap();
            assert_eq!(
                (arn.role().account.as_str(), arn.role().name.as_str()),
                (account, name)
            );
            assert_eq!(arn.as_str(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        use RoleArnError::{Account, Name, One, Partition, Path, Shape, Wildcard};
        let long = format!("arn:aws:iam::111122223333:role/{}", "a".repeat(65));
        let deep = format!("arn:aws:iam::111122223333:role/{}/a", "p".repeat(511));
        for (text, error) in [
            ("", Shape),
            ("arn:aws:iam::111122223333:user/a", Shape),
            ("arn:aws:sts::111122223333:assumed-role/a/b", Shape),
            ("arn:aws:iam:us-east-1:111122223333:role/a", Shape),
            ("ARN:aws:iam::111122223333:role/a", Shape),
            (" arn:aws:iam::111122223333:role/a", Shape),
            ("arn:amazon:iam::111122223333:role/a", Partition),
            ("arn:aws-iso-z:iam::111122223333:role/a", Partition),
            ("arn:aws:iam::11112222333:role/a", Account),
            ("arn:aws:iam::11112222333٣:role/a", Account),
            ("arn:aws:iam::*:role/a", Wildcard),
            ("arn:*:iam::111122223333:role/a", Wildcard),
            ("arn:aws:iam::111122223333:role/*/a", Wildcard),
            ("arn:aws:iam::111122223333:role/", Name),
            ("arn:aws:iam::111122223333:role/a*", One),
            ("arn:aws:iam::111122223333:role/a b", Name),
            ("arn:aws:iam::111122223333:role/a\n", Name),
            ("arn:aws:iam::111122223333:role/a:b", Name),
            (&long, Name),
            ("arn:aws:iam::111122223333:role//a", Path),
            ("arn:aws:iam::111122223333:role/p q/a", Path),
            ("arn:aws:iam::111122223333:role/p\r\n/a", Path),
            (&deep, Path),
        ] {
            assert_eq!(RoleArn::parse(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(
            partition in prop::sample::select(super::PARTITIONS.as_slice()),
            account in "[0-9]{12}", path in "([!-)+.0->@-~]{1,8}/){0,3}", name in "[A-Za-z0-9_+=,.@-]{1,64}",
        ) {
            let text = format!("arn:{partition}:iam::{account}:role/{path}{name}");
            let arn = RoleArn::parse(&text).unwrap();
            prop_assert_eq!(arn.as_str(), &text);
            prop_assert_eq!(arn.partition(), partition);
            prop_assert_eq!(arn.role().to_string(), format!("{account}/{name}"));
        }

        #[test]
        fn never_takes_a_character_that_could_end_a_line(text in "arn:aws:iam::111122223333:role/.{0,20}") {
            if let Ok(arn) = RoleArn::parse(&text) {
                prop_assert!(arn.as_str().bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
