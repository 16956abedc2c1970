//! `userInfo`: the only trusted statement of the requester's identity.

use crate::json::Text;
use crate::json::{Fill, ParseFault, Reader, filled};
use crate::json::{List, entries};

/// The user that the API server authenticated or was told to impersonate.
#[derive(Clone, Debug, Default)]
pub struct UserInfo<'a> {
    /// Empty only in hand-written reviews.
    pub username: Text<'a>,
    /// Absent for impersonated users, and for users in a token file without uids.
    pub uid: Option<Text<'a>>,
    /// In the API server's order.
    pub groups: List<Text<'a>>,
    /// Attributes from the authenticator.
    pub extra: Extra<'a>,
}

filled!(UserInfo<'a> {
    username: "username",
    uid: "uid",
    groups: "groups",
    extra: "extra",
});

impl UserInfo<'_> {
    pub fn groups(&self) -> impl Iterator<Item = &str> + Clone {
        self.groups.iter().map(Text::as_str)
    }

    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        self.groups().any(|member| member == group)
    }

    /// Whether there is a uid, as with every real service account token.
    #[must_use]
    pub fn has_uid(&self) -> bool {
        self.uid.as_deref().is_some_and(|uid| !uid.is_empty())
    }
}

/// `userInfo.extra`. A list of pairs instead of a map, so that a second value for a
/// key cannot hide the first.
#[derive(Clone, Debug, Default)]
pub struct Extra<'a>(pub Vec<(Text<'a>, List<Text<'a>>)>);

impl<'a> Extra<'a> {
    /// Every value of `key`.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &Text<'a>> {
        self.0
            .iter()
            .filter(move |(name, _)| &**name == key)
            .flat_map(|(_, values)| values.iter())
    }

    /// The only value of `key`; `None` if there is none or more than one.
    #[must_use]
    pub fn single(&self, key: &str) -> Option<&Text<'a>> {
        let mut values = self.values(key);
        values
            .next()
            .filter(|value| !value.is_empty() && values.next().is_none())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Fill<'de> for Extra<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        entries(&mut self.0, reader)
    }
}
