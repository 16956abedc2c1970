//! What in `userInfo` shows that a username is not borrowed.

use crate::json::Text;
use crate::request::{Extra, UserInfo};

/// Whether a service account's username comes with the evidence of a real
/// token: a `uid`, and nothing that only an IAM identity carries (an `aws-auth`
/// mapping may give any username to a role).
#[must_use]
pub(crate) fn is_real_service_account(user: &UserInfo<'_>) -> bool {
    let from_iam = |uid: &Text<'_>| uid.starts_with("aws-iam-authenticator:");
    user.has_uid() && !user.uid.as_ref().is_some_and(from_iam) && arns(&user.extra).next().is_none()
}

/// Every ARN that the EKS authenticator put into `extra`.
pub(super) fn arns<'a, 'b>(extra: &'b Extra<'a>) -> impl Iterator<Item = &'b Text<'a>> {
    extra.values("arn").chain(extra.values("canonicalArn"))
}
