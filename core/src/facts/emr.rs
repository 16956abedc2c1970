//! Whether a requester with EMR's username is EMR.
//!
//! The username alone proves nothing: `aws-auth` can map any role to
//! `emr-containers`, a session name becomes part of a username, and `--as`
//! accepts any. EKS puts the ARN of the IAM identity into `extra`, which the
//! requester cannot choose.

use crate::names::AccountId;
use crate::policy::EmrService;
use crate::request::UserInfo;

use super::evidence::arns;

/// The role behind EMR on EKS
/// (`arn:aws:iam::…:role/aws-service-role/emr-containers.amazonaws.com/…`).
pub const SERVICE_LINKED_ROLE: &str = "AWSServiceRoleForAmazonEMRContainers";

/// Where the policy has `roleArns`, `extra` must hold at least one ARN, and each
/// ARN in it must be one of those roles. Where it has none, `extra` must be
/// absent or each ARN in it must name the service-linked role.
#[must_use]
pub(super) fn is_proved(user: &UserInfo<'_>, expected: &EmrService) -> bool {
    let mut proofs = arns(&user.extra).peekable();
    if proofs.peek().is_none() {
        return expected.roles.is_empty() && user.extra.is_empty();
    }
    proofs.all(|arn| match role_of(arn) {
        Some((account, name)) if expected.roles.is_empty() => {
            name == SERVICE_LINKED_ROLE && AccountId::parse(account).is_some()
        }
        Some((account, name)) => expected
            .roles
            .iter()
            .any(|role| role.account.as_str() == account && role.name.as_str() == name),
        None => false,
    })
}

/// What the ARNs of a requester say about EMR's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emrs {
    /// Each is that of a role with the name of the service-linked role.
    Role,
    /// One is another identity's.
    Other,
    /// There are none.
    None,
}

#[must_use]
pub(super) fn evidence(user: &UserInfo<'_>) -> Emrs {
    let mut proofs = arns(&user.extra).peekable();
    if proofs.peek().is_none() {
        return Emrs::None;
    }
    let is_emrs = |arn: &str| role_of(arn).is_some_and(|(_, name)| name == SERVICE_LINKED_ROLE);
    if proofs.all(|arn| is_emrs(arn)) {
        Emrs::Role
    } else {
        Emrs::Other
    }
}

/// Whether the requester comes under EMR's role: the ARN in `extra` is EMR's, or there
/// is none and the username is a session of EMR's role. Grants nothing.
#[must_use]
pub(super) fn claims(user: &UserInfo<'_>) -> bool {
    match evidence(user) {
        Emrs::Role => true,
        Emrs::Other => false,
        Emrs::None => role_of(&user.username).is_some_and(|(_, name)| name == SERVICE_LINKED_ROLE),
    }
}

/// Account and role name in the ARN of a role or an assumed role. The ARN of a
/// role may hold a path, that of a session does not.
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
