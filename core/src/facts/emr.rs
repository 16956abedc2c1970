//! Whether a requester with EMR's username is EMR.
//!
//! A username is only a name: `aws-auth` can map any role to `emr-containers`,
//! a session name becomes part of one, `--as` makes one up. EKS puts the ARN of
//! the IAM identity into `extra`, and that cannot be chosen.

use crate::json::Text;
use crate::policy::EmrService;
use crate::request::{Extra, UserInfo};

/// The role behind EMR on EKS
/// (`arn:aws:iam::…:role/aws-service-role/emr-containers.amazonaws.com/…`).
const SERVICE_LINKED_ROLE: &str = "AWSServiceRoleForAmazonEMRContainers";

/// With `roleArns` in the policy, `extra` must carry an ARN and every one in it
/// must be one of those roles; without, an absent `extra` passes and a present
/// one must name the service-linked role.
#[must_use]
pub(crate) fn is_proved(user: &UserInfo<'_>, expected: &EmrService) -> bool {
    let mut proofs = arns(&user.extra).peekable();
    if proofs.peek().is_none() {
        return expected.roles.is_empty() && user.extra.is_empty();
    }
    proofs.all(|arn| match role_of(arn) {
        Some((account, name)) if expected.roles.is_empty() => {
            name == SERVICE_LINKED_ROLE && crate::names::AccountId::parse(account).is_some()
        }
        Some((account, name)) => expected
            .roles
            .iter()
            .any(|role| role.account.as_str() == account && role.name.as_str() == name),
        None => false,
    })
}

/// Every ARN that the EKS authenticator put into `extra`.
pub(crate) fn arns<'a, 'b>(extra: &'b Extra<'a>) -> impl Iterator<Item = &'b Text<'a>> {
    extra.values("arn").chain(extra.values("canonicalArn"))
}

/// Account and role name of a role's or an assumed role's ARN. Sessions carry
/// no path, roles may.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(_partition), Some(service), Some(""), Some(account), Some(resource)) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return None;
    };
    let name = match service {
        "sts" => {
            let (name, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
            (!session.is_empty()).then_some(name)?
        }
        "iam" => resource.strip_prefix("role/")?.rsplit('/').next()?,
        _ => return None,
    };
    Some((account, name))
}

#[cfg(test)]
mod tests {
    use super::role_of;

    #[test]
    fn roles_of_arns() {
        for (arn, expected) in [
            (
                "arn:aws:sts::111122223333:assumed-role/r/s",
                Some(("111122223333", "r")),
            ),
            (
                "arn:aws:iam::111122223333:role/r",
                Some(("111122223333", "r")),
            ),
            (
                "arn:aws:iam::111122223333:role/a/b/r",
                Some(("111122223333", "r")),
            ),
            ("arn:aws:sts::111122223333:assumed-role/r", None),
            (
                "arn:aws:iam::111122223333:user/AWSServiceRoleForAmazonEMRContainers",
                None,
            ),
            ("arn:aws:iam:x:111122223333:role/r", None),
            ("", None),
        ] {
            assert_eq!(role_of(arn), expected, "{arn}");
        }
    }
}
