//! Containers that get no profile because rolegate does not overwrite what their
//! author has set.

use crate::policy::ChainMode;
use crate::request::pod::{Container, Pod, VolumeMount};

use super::no_profile_reason::{NoProfile, named};
use super::source::mounted_token;
use super::{CONFIG_FILE, Source, TOKEN_FILE, TOKEN_FOLDER};

/// The folder in which only rolegate may mount something.
const FOLDER: &str = "/var/run/secrets/rolegate.dev";

/// Why a container with credentials cannot get its profile in this mode.
pub(super) fn obstacle(
    container: &Container<'_>,
    pod: &Pod<'_>,
    source: &Source<'_>,
    mode: ChainMode,
) -> Option<NoProfile> {
    let name = || named(&container.name);
    match mode {
        ChainMode::JavaV2 => container
            .variable("JAVA_TOOL_OPTIONS")
            .filter(|variable| variable.value_from.is_some())
            .map(|_| NoProfile::Hidden {
                container: name(),
                variable: "JAVA_TOOL_OPTIONS",
            }),
        ChainMode::Exclusive => {
            let Source::WebIdentity { token, .. } = source else {
                return None;
            };
            // The path must still be known when the variable is empty.
            let known = token.as_str() == TOKEN_FILE
                || mounted_token(container, pod).as_ref() == Some(token);
            (!known).then(|| NoProfile::CannotBlank { container: name() })
        }
        ChainMode::Profile | ChainMode::PodIdentity => None,
    }
}

/// The first setting in a container that would override the profile.
pub(super) fn own_choice(
    container: &Container<'_>,
    profiles: impl Fn(&str) -> bool,
) -> Option<NoProfile> {
    let own = |variable: &'static str| NoProfile::OwnSettings {
        container: named(&container.name),
        variable,
    };
    let set = |name: &str| container.variable(name);
    let is_set = |name: &str| {
        set(name).filter(|variable| {
            variable.value_from.is_some()
                || variable.value.as_deref().is_some_and(|v| !v.is_empty())
        })
    };
    if set("AWS_CONFIG_FILE").is_some_and(|variable| {
        variable.value_from.is_some() || variable.value.as_deref() != Some(CONFIG_FILE)
    }) {
        return Some(own("AWS_CONFIG_FILE"));
    }
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        // Profiles of this very file may be chosen.
        if is_set(name).is_some_and(|variable| !variable.value.as_deref().is_some_and(&profiles)) {
            return Some(own(name));
        }
    }
    for name in [
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
    ] {
        if is_set(name).is_some() {
            return Some(own(name));
        }
    }
    container
        .volume_mounts
        .iter()
        .any(is_in_the_way)
        .then(|| NoProfile::InTheWay {
            container: named(&container.name),
        })
}

/// Whether a mount is at rolegate's folder or in it, however its path is written,
/// and not at a path that rolegate mounts itself.
fn is_in_the_way(mount: &VolumeMount<'_>) -> bool {
    let path = mount.mount_path.as_str();
    if path == CONFIG_FILE || path == TOKEN_FOLDER || !path.contains("rolegate.dev") {
        return false;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    // /var/run is a link to /run.
    if parts.first() == Some(&"run") {
        parts.insert(0, "var");
    }
    let folder = FOLDER.split('/').filter(|part| !part.is_empty());
    folder.zip(&parts).all(|(own, part)| own == *part) && parts.len() >= 4
}
