//! What a row of the table says.

use crate::facts::known::Further;
use crate::request::references::{Guide, Logins, Secrets};

/// One kind, or several that are alike.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of a table has its columns"
)]
pub struct Kind {
    /// API groups; several where a project has moved.
    pub groups: &'static [&'static str],
    /// Plural names; empty for every resource of the groups.
    pub resources: &'static [&'static str],
    /// Whether something starts pods, or gives an identity away or logs in with it, by what
    /// its objects say.
    pub starts: bool,
    /// Where its objects name identities and Secrets.
    pub guide: Guide,
    /// Fields that name an object of another, which decides the identity.
    pub joins: &'static [Join],
    /// The namespace of the accounts in `guide`, where a field says it; without one, the
    /// namespace of the object itself. Of several fields each may be the one that counts.
    pub account_namespaces: &'static [&'static str],
    /// Fields of `status` by which its operator starts or ends something.
    pub read_back: &'static [&'static str],
    /// Whether a write of the object writes its status too: its definition has no status
    /// subresource.
    pub writes_status: bool,
    /// Fields that select Secrets by their labels.
    pub secret_selectors: &'static [&'static str],
    /// Whether its annotations name Secrets.
    pub secret_annotations: bool,
    /// Whether the Secret reaches whoever its other fields name, so that any change of
    /// them sends it elsewhere.
    pub sends_secrets: bool,
    /// Whether the pods of its owner run by its leave: a queue's copy of a job.
    pub lets_run: bool,
    /// Whether an autoscaler scales the workload in `spec.scaleTargetRef`.
    pub scales: bool,
    /// The document or the definition that says so.
    pub source: &'static str,
}

/// A field that names another object.
#[derive(Clone, Copy, Debug)]
pub struct Join {
    /// The field with the name.
    pub name: &'static str,
    /// The field with its namespace; without one, and where it is empty, the namespace of
    /// the object itself.
    pub namespace: Option<&'static str>,
    /// Another field and its value, where the join depends on it.
    pub only: Option<(&'static str, &'static str)>,
    /// `None`: the group and version of the object itself.
    pub group: Option<(&'static str, &'static str)>,
    pub resource: &'static str,
    pub role: RoleOf,
    /// Whether nothing else judges the join. Where it starts pods of its own, they are
    /// judged when they are created.
    pub is_last_word: bool,
}

/// How the object of a [`Join`] says which role it stands for.
#[derive(Clone, Copy, Debug)]
pub enum RoleOf {
    /// By what it names.
    Names,
    /// By the object that it names in turn.
    Named(&'static Further),
    /// By an ARN in this field, which its controller writes.
    Arn(&'static str),
    /// In the same way; what the object does with the role concerns jobs only if it is one
    /// of theirs.
    SomeArn(&'static str),
    /// It may be any: the field holds labels.
    Selected,
}

/// A kind by whose objects something is started.
pub(super) const fn starts(
    groups: &'static [&'static str],
    resources: &'static [&'static str],
    source: &'static str,
) -> Kind {
    Kind {
        groups,
        resources,
        starts: true,
        guide: Guide {
            accounts: &[],
            logins: Logins::None,
            roles: &[],
            other_roles: &[],
            role_names: &[],
            secrets: Secrets::ByName,
        },
        joins: &[],
        account_namespaces: &[],
        read_back: &[],
        writes_status: false,
        secret_selectors: &[],
        secret_annotations: false,
        sends_secrets: true,
        lets_run: false,
        scales: false,
        source,
    }
}

/// A kind by whose objects nothing is started.
pub(super) const fn nothing(
    groups: &'static [&'static str],
    resources: &'static [&'static str],
    source: &'static str,
) -> Kind {
    Kind {
        starts: false,
        ..starts(groups, resources, source)
    }
}

impl Kind {
    pub(super) const fn accounts(self, accounts: &'static [&'static str]) -> Self {
        let guide = Guide {
            accounts,
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// Where its objects say in which namespace their accounts are.
    pub(super) const fn account_namespaces(self, fields: &'static [&'static str]) -> Self {
        Self {
            account_namespaces: fields,
            ..self
        }
    }

    pub(super) const fn roles(self, roles: &'static [&'static str]) -> Self {
        let guide = Guide {
            roles,
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// As `accounts`, where something logs in as them.
    pub(super) const fn logins(self, fields: &'static [&'static str]) -> Self {
        let guide = Guide {
            logins: Logins::In(fields),
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// Whatever service accounts its objects name, something logs in as them.
    pub(super) const fn logs_in(self) -> Self {
        let guide = Guide {
            logins: Logins::All,
            ..self.guide
        };
        Self { guide, ..self }
    }

    pub(super) const fn other_roles(self, other_roles: &'static [&'static str]) -> Self {
        let guide = Guide {
            other_roles,
            ..self.guide
        };
        Self { guide, ..self }
    }

    pub(super) const fn role_names(self, role_names: &'static [&'static str]) -> Self {
        let guide = Guide {
            role_names,
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// Its controller reads the Secrets in these fields, and no others.
    pub(super) const fn secrets_in(self, fields: &'static [&'static str]) -> Self {
        let guide = Guide {
            secrets: Secrets::In(fields),
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// Its controller reads the Secrets in these fields too, beside those whose fields say
    /// so by their names.
    pub(super) const fn secrets_also_in(self, fields: &'static [&'static str]) -> Self {
        let guide = Guide {
            secrets: Secrets::And(fields),
            ..self.guide
        };
        Self { guide, ..self }
    }

    /// Its controller reads no Secret by what its objects say; pods may.
    pub(super) const fn no_secrets(self) -> Self {
        self.secrets_in(&[])
    }

    pub(super) const fn secret_key_selectors(self) -> Self {
        let guide = Guide {
            secrets: Secrets::Selectors,
            ..self.guide
        };
        Self { guide, ..self }
    }

    pub(super) const fn joins(self, joins: &'static [Join]) -> Self {
        Self { joins, ..self }
    }

    pub(super) const fn read_back(self, read_back: &'static [&'static str]) -> Self {
        Self { read_back, ..self }
    }

    /// As `read_back`, for definitions without a status subresource.
    pub(super) const fn read_back_of_whole(self, read_back: &'static [&'static str]) -> Self {
        Self {
            read_back,
            writes_status: true,
            ..self
        }
    }

    pub(super) const fn secret_selectors(self, fields: &'static [&'static str]) -> Self {
        Self {
            secret_selectors: fields,
            ..self
        }
    }

    pub(super) const fn secret_annotations(self) -> Self {
        Self {
            secret_annotations: true,
            ..self
        }
    }

    pub(super) const fn lets_run(self) -> Self {
        Self {
            lets_run: true,
            ..self
        }
    }

    pub(super) const fn scales(self) -> Self {
        Self {
            scales: true,
            ..self
        }
    }

    /// A certificate, for instance, which a gateway shows to nobody.
    pub(super) const fn keeps_secrets(self) -> Self {
        Self {
            sends_secrets: false,
            ..self
        }
    }
}
