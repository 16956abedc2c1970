//! What is known of the place at which a walk stands.

use super::By;
use super::keys::{
    Plain, SecretKey, is_account_option, is_called_account, is_label_option, is_last_word_sa,
    is_template_key,
};

/// What the fields above a value say about it.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what several fields above say at once"
)]
pub(super) struct Place {
    /// The value, or the name in it, is a service account, a role or a Secret.
    pub(super) holds: Option<Holds>,
    /// It is for people.
    pub(super) is_prose: bool,
    /// A program is started with it.
    pub(super) is_arguments: bool,
    /// It is among pairs of an option and its value.
    pub(super) is_configuration: bool,
    /// The option whose value it is takes a service account.
    pub(super) is_account_option: bool,
    /// A kubelet, not the kind's controller, reads the Secrets below it.
    pub(super) is_pod: bool,
    /// The controller writes what it names.
    pub(super) is_written: bool,
    /// It is a member of an object that names a `ConfigMap`.
    pub(super) is_config_map: bool,
    /// It is inside the object's `metadata`.
    pub(super) is_metadata: bool,
    /// It is a label.
    pub(super) is_label: bool,
    /// It is in JSON that a program gets as an argument.
    pub(super) is_for_program: bool,
}

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Account,
    /// A role, by its ARN.
    Role(By),
    Secret(SecretKey),
}

/// What the name of a field says, wherever it stands.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "what one name says at once")]
pub(super) struct KeySays {
    holds: Option<Holds>,
    is_prose: bool,
    is_arguments: bool,
    is_configuration: bool,
    is_account_option: bool,
    is_part_of_pod: bool,
    is_written: bool,
    is_label: bool,
    /// The value is the role that AWS's software takes.
    is_identity: bool,
    /// The value says where a pod template is.
    pub(super) is_template: bool,
}

impl KeySays {
    pub(super) fn of(key: &str) -> Self {
        let plain = Plain::of(key);
        let holds = if plain.is_account() {
            Some(Holds::Account)
        } else if plain.is_execution_role() {
            Some(Holds::Role(By::Role))
        } else if plain.is_role() {
            Some(Holds::Role(By::SomeRole))
        } else {
            plain.secret().map(Holds::Secret)
        };
        Self {
            holds,
            is_prose: plain.is_prose(),
            is_arguments: plain.is_arguments(),
            is_configuration: plain.is_configuration(),
            is_account_option: plain.is_any_account() || is_last_word_sa(key),
            is_part_of_pod: plain.is_part_of_pod(),
            is_written: plain.is_written(),
            is_label: plain.is_labels() || is_label_option(key),
            is_identity: plain.is_identity(),
            is_template: is_template_key(key),
        }
    }
}

impl KeySays {
    /// The same where labels are not for people only.
    pub(super) const fn with_labels(self) -> Self {
        Self {
            is_label: false,
            ..self
        }
    }
}

impl Place {
    /// The place of the member `key`, whose name says `says`.
    pub(super) fn member(self, key: &str, says: KeySays) -> Self {
        let mut place = Self {
            holds: self.inherited(key).or_else(|| self.of_key(says)),
            is_prose: says.is_prose,
            is_arguments: self.is_arguments || says.is_arguments,
            is_configuration: self.is_configuration || says.is_configuration,
            is_account_option: says.is_account_option,
            is_pod: self.is_pod || says.is_part_of_pod,
            is_written: self.is_written || says.is_written,
            is_config_map: key == "configMap" || key == "configMapRef" || key == "configMapKeyRef",
            is_metadata: self.is_metadata,
            is_label: self.is_label || says.is_label,
            is_for_program: self.is_for_program,
        };
        let counts = match place.holds {
            Some(Holds::Account | Holds::Role(_)) => !place.is_label,
            _ => !place.is_label && !place.is_metadata,
        };
        if !counts {
            place.holds = None;
        }
        place
    }

    /// Whether a name as the whole text is a service account's, although it may be a
    /// common word: an option takes it for one.
    pub(super) const fn takes_account(self) -> bool {
        self.is_account_option && self.has_options()
    }

    /// Whether options and their values are here.
    pub(super) const fn has_options(self) -> bool {
        self.is_arguments || self.is_configuration
    }

    /// The place of an element of a list, after the one with the text `before`.
    pub(super) fn element(self, before: Option<&str>) -> Self {
        let after_flag = |before: &str| {
            before.starts_with('-') && is_account_option(before) || is_called_account(before)
        };
        Self {
            is_account_option: self.is_account_option
                || self.has_options() && before.is_some_and(after_flag),
            ..self
        }
    }

    /// What an object says of its own member: the name in `serviceAccountRef: {name: …}`.
    fn inherited(self, key: &str) -> Option<Holds> {
        match self.holds? {
            Holds::Account if key == "name" => self.holds,
            Holds::Secret(SecretKey::Named | SecretKey::Object)
                if key == "name" || key == "secretName" =>
            {
                Some(Holds::Secret(SecretKey::Named))
            }
            _ => None,
        }
    }

    fn of_key(self, says: KeySays) -> Option<Holds> {
        match says.holds? {
            // The program takes these, and runs as something already.
            Holds::Role(_) if self.is_for_program || self.is_pod && self.is_arguments => None,
            Holds::Role(By::SomeRole) if self.is_pod && !says.is_identity => None,
            Holds::Secret(_)
                if self.is_pod || self.is_written || says.is_part_of_pod || says.is_written =>
            {
                None
            }
            holds => Some(holds),
        }
    }
}
