//! `userInfo`: the only part of a review that says who asks.

use crate::json::Text;
use crate::json::{Fault, Fill, Reader, filled};
use crate::json::{List, entries};

/// Who the API server authenticated (or was told to impersonate).
#[derive(Clone, Debug, Default)]
pub struct UserInfo<'a> {
    /// The username; empty only in hand-made reviews.
    pub username: Text<'a>,
    /// Absent for impersonated users and for users of a token file without one.
    pub uid: Option<Text<'a>>,
    /// Groups, in the API server's order.
    pub groups: List<Text<'a>>,
    /// What the authenticator added.
    pub extra: Extra<'a>,
}

filled!(UserInfo<'a> {
    username: "username",
    uid: "uid",
    groups: "groups",
    extra: "extra",
});

impl UserInfo<'_> {
    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> + Clone {
        self.groups.iter().map(Text::as_str)
    }

    /// Whether the user is in `group`.
    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        self.groups().any(|member| member == group)
    }

    /// Whether a uid came along, as it does with every real service account token.
    #[must_use]
    pub fn has_uid(&self) -> bool {
        self.uid.as_deref().is_some_and(|uid| !uid.is_empty())
    }
}

/// `userInfo.extra`. A list of pairs and not a map, so that a key given twice
/// is seen twice and a made-up second value cannot hide the first.
#[derive(Clone, Debug, Default)]
pub struct Extra<'a>(pub Vec<(Text<'a>, List<Text<'a>>)>);

impl<'a> Extra<'a> {
    /// Every value given for `key`.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &Text<'a>> {
        self.0
            .iter()
            .filter(move |(name, _)| &**name == key)
            .flat_map(|(_, values)| values.iter())
    }

    /// The one value of `key`; `None` where there is none or more than one.
    #[must_use]
    pub fn single(&self, key: &str) -> Option<&Text<'a>> {
        let mut values = self.values(key);
        values
            .next()
            .filter(|value| !value.is_empty() && values.next().is_none())
    }

    /// Whether nothing at all was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Fill<'de> for Extra<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        entries(&mut self.0, reader)
    }
}
