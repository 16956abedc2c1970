//! Containers that get no profile because rolegate does not overwrite what their
//! author has set.

use crate::identity::{
    AGENT_VOLUME, IRSA_TOKEN_VOLUME, OwnSetting, Place, Volumes, climbs, has_dotted, is_plain,
    is_untidy, own_setting,
};
use crate::names::shown;
use crate::policy::{ChainMode, TokenSource};
use crate::request::pod::{Container, Pod, VolumeMount};

use super::no_profile_reason::{NoProfile, named};
use super::source::mounted_token;
use super::{CONFIG_FILE, CONFIG_VOLUME, Source, TOKEN_FOLDER, TOKEN_VOLUME};

/// The folder in which only rolegate may mount something.
const FOLDER: &str = "rolegate.dev";
/// The end of its name.
const FOLDERS_END: &str = ".dev";

/// Why a container with credentials cannot get its profile in this mode.
pub(super) fn obstacle(
    container: &Container<'_>,
    volumes: &Volumes<'_>,
    source: &Source<'_>,
    (mode, token): (ChainMode, TokenSource),
) -> Option<NoProfile> {
    let Source::WebIdentity { token: file, .. } = source else {
        return None;
    };
    if mode != ChainMode::Exclusive || token == TokenSource::Own {
        return None;
    }
    // The path must still be known when the variable is empty.
    let known = mounted_token(container, volumes).as_ref() == Some(file);
    (!known).then(|| NoProfile::CannotBlank {
        container: named(&container.name),
    })
}

/// The first setting in a container that comes before the profile in some SDK, or
/// that takes its place.
pub(super) fn own_choice(
    container: &Container<'_>,
    volumes: &Volumes<'_>,
    profiles: impl Fn(&str) -> bool,
    (mode, token): (ChainMode, TokenSource),
) -> Option<NoProfile> {
    let name = || named(&container.name);
    // Where Java keeps the execution role anyway, nobody asks what else sets it.
    let open_java = matches!(mode, ChainMode::JavaV2 | ChainMode::Exclusive);
    let own = own_setting(container, volumes, CONFIG_FILE, profiles, open_java);
    let own = own.map(|own| match own {
        OwnSetting::Variable(variable) => NoProfile::OwnSettings {
            container: name(),
            variable,
        },
        OwnSetting::Java(variable) => NoProfile::OwnJava {
            container: name(),
            place: shown(variable, 63),
        },
        OwnSetting::OpenJava(variable) => NoProfile::OpenJava {
            container: name(),
            variable: shown(variable, 63),
        },
        OwnSetting::Arguments => NoProfile::OwnJava {
            container: name(),
            place: "its arguments".to_owned(),
        },
        OwnSetting::Files => NoProfile::OwnFiles { container: name() },
    });
    own.or_else(|| {
        is_in_the_way(container, token).then(|| NoProfile::InTheWay { container: name() })
    })
}

/// Whether a container mounts something where rolegate's files belong, or where
/// nobody can say that it is elsewhere.
fn is_in_the_way(container: &Container<'_>, token: TokenSource) -> bool {
    // A mount at rolegate's own path is replaced, unless EKS looks for it: without it
    // a second call of EKS's webhook would add another.
    let ours = |mount: &&VolumeMount<'_>| {
        let path = mount.mount_path.as_str();
        let is_eks = [IRSA_TOKEN_VOLUME, AGENT_VOLUME].contains(&mount.name.as_str());
        !is_eks && (path == CONFIG_FILE || path == TOKEN_FOLDER && token == TokenSource::Own)
    };
    // What is in rolegate's volumes is not the same before and after a call.
    let elsewhere =
        |mount: &VolumeMount<'_>| [CONFIG_VOLUME, TOKEN_VOLUME].contains(&mount.name.as_str());
    let mounts = container.volume_mounts.iter();
    let mounts = mounts.filter(|mount| !ours(mount));
    if mounts.clone().any(elsewhere) {
        return true;
    }
    let devices = container.volume_devices.iter();
    let devices = devices.map(|device| device.device_path.as_str());
    mounts
        .map(|mount| mount.mount_path.as_str())
        .chain(devices)
        .any(is_doubtful)
}

fn is_doubtful(path: &str) -> bool {
    let is_risky =
        || climbs(path) || is_untidy(path) && Place::of(path).holds(&Place::of(CONFIG_FILE));
    has_dotted(path, FOLDERS_END) && Place::of(path).has(FOLDER) || !is_plain(path) && is_risky()
}

/// A container that uses a volume with one of rolegate's names as a device: replaced,
/// the volume would make the pod invalid.
pub(super) fn device_of_ours(pod: &Pod<'_>) -> Option<NoProfile> {
    let is = |container: &&Container<'_>| {
        let mut devices = container.volume_devices.iter();
        devices.any(|device| [CONFIG_VOLUME, TOKEN_VOLUME].contains(&device.name.as_str()))
    };
    let mut containers = pod.spec.all_containers().map(|(_, _, container)| container);
    containers.find(is).map(|container| NoProfile::InTheWay {
        container: named(&container.name),
    })
}
