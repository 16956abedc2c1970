//! What is known of the place at which a walk stands.

use super::By;
use super::keys::{Plain, SecretKey};

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
    /// It is the value of an option.
    pub(super) is_configuration: bool,
    /// A kubelet, not the kind's controller, reads the Secrets below it.
    pub(super) is_pod: bool,
    /// The controller writes what it names.
    pub(super) is_written: bool,
    /// It is a member of an object that names a `ConfigMap`.
    pub(super) is_config_map: bool,
    /// It is inside the object's `metadata`.
    pub(super) is_metadata: bool,
}

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Account,
    /// A role, by its ARN.
    Role(By),
    Secret(SecretKey),
}

impl Place {
    /// The place of the member `key`.
    pub(super) fn member(self, key: &str) -> Self {
        let plain = Plain::of(key);
        let mut place = Self {
            holds: self.inherited(key).or_else(|| self.of_key(&plain)),
            is_prose: plain.is_prose(),
            is_arguments: self.is_arguments || plain.is_arguments(),
            is_configuration: self.is_configuration || plain.is_configuration(),
            is_pod: self.is_pod || plain.is_part_of_pod(),
            is_written: self.is_written || plain.is_written(),
            is_config_map: key == "configMap" || key == "configMapRef" || key == "configMapKeyRef",
            is_metadata: self.is_metadata,
        };
        if place.is_metadata && !matches!(place.holds, Some(Holds::Account | Holds::Role(_))) {
            place.holds = None;
        }
        place
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

    fn of_key(self, plain: &Plain) -> Option<Holds> {
        if plain.is_account() {
            return Some(Holds::Account);
        }
        if plain.is_execution_role() {
            return Some(Holds::Role(By::Role));
        }
        if plain.is_role() && !self.is_pod {
            return Some(Holds::Role(By::SomeRole));
        }
        if self.is_pod || self.is_written || plain.is_part_of_pod() || plain.is_written() {
            return None;
        }
        plain.secret().map(Holds::Secret)
    }
}
