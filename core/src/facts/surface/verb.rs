//! The verbs of authorization, and sets of verbs.

/// A verb of RBAC and `SubjectAccessReview`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Create an object, or connect by POST.
    Create,
    /// Replace an object.
    Update,
    /// Change or apply an object.
    Patch,
    /// Delete an object.
    Delete,
    /// Delete every object of a kind.
    DeleteCollection,
    /// Read an object, or connect by GET.
    Get,
    /// Read every object of a kind.
    List,
    /// Watch the objects of a kind.
    Watch,
    /// Bind a role with rights that the requester does not have.
    Bind,
    /// Write a role with rights that the requester does not have.
    Escalate,
    /// Act as another user.
    Impersonate,
    /// Use the thing that the name stands for: a break-glass right, a device.
    Use,
    /// Approve certificates of a signer.
    Approve,
    /// Sign certificates of a signer.
    Sign,
    /// Publish trust bundles of a signer.
    Attest,
}

impl Verb {
    /// Writes first, then reads, then the verbs that exist only in authorization.
    pub const ALL: [Self; 15] = [
        Self::Create,
        Self::Update,
        Self::Patch,
        Self::Delete,
        Self::DeleteCollection,
        Self::Get,
        Self::List,
        Self::Watch,
        Self::Bind,
        Self::Escalate,
        Self::Impersonate,
        Self::Use,
        Self::Approve,
        Self::Sign,
        Self::Attest,
    ];

    /// The verb with this name. Verbs are case-sensitive, and `*` is not a verb. The
    /// restricted forms of impersonation since Kubernetes 1.35
    /// (`impersonate:user-info` and others) count as impersonation.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "create" => Self::Create,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "deletecollection" => Self::DeleteCollection,
            "get" => Self::Get,
            "list" => Self::List,
            "watch" => Self::Watch,
            "bind" => Self::Bind,
            "escalate" => Self::Escalate,
            "impersonate" => Self::Impersonate,
            "use" => Self::Use,
            "approve" => Self::Approve,
            "sign" => Self::Sign,
            "attest" => Self::Attest,
            _ => {
                return name
                    .starts_with("impersonate:")
                    .then_some(Self::Impersonate);
            }
        })
    }

    /// As RBAC writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Bind => "bind",
            Self::Escalate => "escalate",
            Self::Impersonate => "impersonate",
            Self::Use => "use",
            Self::Approve => "approve",
            Self::Sign => "sign",
            Self::Attest => "attest",
        }
    }

    /// Whether it is a read, unless it connects.
    #[must_use]
    pub const fn is_read(self) -> bool {
        Verbs::READS.has(self)
    }
}

/// A set of verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verbs(u16);

impl Verbs {
    /// Every verb that changes an object; `all` in the documentation.
    pub const WRITES: Self = Self::of(&[
        Verb::Create,
        Verb::Update,
        Verb::Patch,
        Verb::Delete,
        Verb::DeleteCollection,
    ]);
    /// Every verb that reads an object.
    pub const READS: Self = Self::of(&[Verb::Get, Verb::List, Verb::Watch]);

    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Verb::ALL);

    #[must_use]
    pub const fn of(verbs: &[Verb]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < verbs.len() {
            set |= 1 << verbs[at] as u16;
            at += 1;
        }
        Self(set)
    }

    #[must_use]
    pub const fn with(self, verb: Verb) -> Self {
        Self(self.0 | 1 << verb as u16)
    }

    #[must_use]
    pub const fn has(self, verb: Verb) -> bool {
        self.0 & 1 << verb as u16 != 0
    }

    /// Whether the two sets have a verb in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In the order of [`Verb::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Verb> {
        Verb::ALL.into_iter().filter(move |verb| self.has(*verb))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_read_as_it_is_written() {
        for verb in Verb::ALL {
            assert_eq!(Verb::parse(verb.as_str()), Some(verb));
            assert_eq!(Verbs::of(&[verb]).iter().collect::<Vec<_>>(), [verb]);
        }
        assert_eq!(
            Verb::parse("impersonate:user-info"),
            Some(Verb::Impersonate)
        );
        for none in ["*", "", "Get", "proxy", "impersonate-on:x:get"] {
            assert_eq!(Verb::parse(none), None, "{none}");
        }
    }
}
