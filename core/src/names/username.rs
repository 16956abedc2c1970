//! Usernames of service accounts: `system:serviceaccount:<namespace>:<name>`.

/// What the username of every service account begins with.
pub const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";

/// A service account as a username names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAccountUser<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
}

impl<'a> ServiceAccountUser<'a> {
    /// Reads a username; `None` if it is not a service account's.
    #[must_use]
    pub fn parse(username: &'a str) -> Option<Self> {
        let (namespace, name) = username
            .strip_prefix(SERVICE_ACCOUNT_PREFIX)?
            .split_once(':')?;
        Some(Self { namespace, name })
    }
}
