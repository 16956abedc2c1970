//! What the members of an object say together, and none of them alone.

use crate::json::Text;

use super::By;
use super::guide::Secrets;
use super::keys::{
    SecretKey, is_account_option, is_called_account, is_called_role, is_object_name,
};
use super::place::{Holds, Place};

/// The members that matter, as far as they are short texts.
#[derive(Default)]
pub(super) struct Members<'de> {
    /// It is of a Secret: `{kind: Secret, name: …}`.
    is_secret: bool,
    /// It is of a `ConfigMap`.
    is_config_map: bool,
    value: Option<Text<'de>>,
    /// The value that counts where nothing gives another.
    default: Option<Text<'de>>,
    name: Option<Text<'de>>,
    key: Option<Text<'de>>,
}

/// A name that they give, and the member that holds it.
pub(super) struct Said {
    pub(super) member: &'static str,
    pub(super) name: String,
    pub(super) by: By,
}

impl<'de> Members<'de> {
    /// A member with a text.
    pub(super) fn add(&mut self, key: &str, text: Text<'de>) {
        match key {
            "name" => self.name = Some(text),
            "value" => self.value = Some(text),
            "kind" | "type" => {
                self.is_secret = &*text == "Secret" && key == "kind";
                self.is_config_map = &*text == "ConfigMap";
            }
            "default" => self.default = Some(text),
            "key" => self.key = Some(text),
            _ => {}
        }
    }

    /// What they say of an object at this place. `fixed`: names that may be common words.
    pub(super) fn say(
        self,
        place: Place,
        secrets: Secrets,
        fixed: &[&str],
    ) -> impl Iterator<Item = Said> {
        let secret = self.is_reference(place, secrets);
        let option = self.option(place, fixed);
        let value = self
            .value
            .filter(|value| !place.is_metadata && !place.is_label && !value.is_empty());
        let name = self.name.as_deref();
        // `{name: SERVICE_ACCOUNT, value: …}`, or the same with a role.
        let by = value.as_ref().and_then(|value| {
            let name = name?;
            if is_called_account(name) {
                return Some(By::Field);
            }
            // Few values are ARNs, so that few names are looked at.
            let is_role = value.starts_with("arn:") && is_called_role(name, place.is_pod);
            is_role.then_some(By::SomeRole)
        });
        let value = value.zip(by).map(|(value, by)| Said {
            member: "value",
            name: match by {
                By::Field => value.to_ascii_lowercase(),
                _ => value.to_string(),
            },
            by,
        });
        let secret = self.name.filter(|name| secret && is_object_name(name));
        let secret = secret.map(|name| Said {
            member: "name",
            name: name.to_string(),
            by: By::Secret,
        });
        value.into_iter().chain(option).chain(secret)
    }

    /// A fixed name that an option takes for a service account's: `{name: sa, value: …}`.
    fn option(&self, place: Place, fixed: &[&str]) -> Option<Said> {
        if !place.has_options() || place.is_metadata || place.is_label {
            return None;
        }
        let is_option = |name: &Option<Text<'_>>| name.as_deref().is_some_and(is_account_option);
        let by_key = is_option(&self.key);
        let by_name = is_option(&self.name);
        // After a name of the whole word, any value counts, and was found.
        let was_found = self.name.as_deref().is_some_and(is_called_account);
        let values = [
            ("value", &self.value, by_key || by_name && !was_found),
            ("default", &self.default, by_key || by_name),
        ];
        values.into_iter().find_map(|(member, value, counts)| {
            let value = value.as_deref()?.trim();
            (counts && fixed.contains(&value)).then(|| Said {
                member,
                name: value.to_owned(),
                by: By::Text,
            })
        })
    }

    /// Whether the name is that of a Secret which the kind's controller reads.
    fn is_reference(&self, place: Place, secrets: Secrets) -> bool {
        if place.is_metadata || place.is_pod || place.is_written {
            return false;
        }
        let by_name = match secrets {
            Secrets::In(_) => return false,
            Secrets::ByName | Secrets::And(_) => {
                place.holds == Some(Holds::Secret(SecretKey::Selector))
            }
            Secrets::Selectors => true,
        };
        // The name under `secretKeyRef` was found by itself.
        let alone = matches!(
            place.holds,
            Some(Holds::Secret(SecretKey::Named | SecretKey::Object))
        );
        let is_config_map = place.is_config_map || self.is_config_map;
        !alone && (by_name && self.key.is_some() && !is_config_map || self.is_secret)
    }
}
