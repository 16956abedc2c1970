//! What a pod lacks of its profile, as single changes.
//!
//! Only fields that Kubernetes has had since its first versions are written: an
//! old EKS webhook drops fields of containers that it does not know.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde_json::json;

use crate::identity::{EMPTY_TOKEN_OPTION, IRSA, STS_AUDIENCE, Value, ends_with_empty_token};
use crate::json::Text;
use crate::names::RoleArn;
use crate::policy::{ChainMode, TokenSource};
use crate::request::pod::{Container, Pod, Source as VolumeSource, Volume, VolumeMount};

use super::no_profile_reason::named;
use super::patch::{Content, Operation, Path, Place, Slot};
use super::request::EMRS_VARIABLE;
use super::{
    CONFIG_ANNOTATION, CONFIG_FILE, CONFIG_KEY, CONFIG_VOLUME, TOKEN_FOLDER, TOKEN_VOLUME,
};

/// The seconds for which rolegate's own token is valid, as EKS's.
const TOKEN_SECONDS: i64 = 86_400;
/// What Kubernetes allows for all annotations of an object together.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// The part of a profile that a change corrects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'p> {
    /// The annotation.
    Annotation,
    /// A volume.
    Volume(&'static str),
    /// A container's mount.
    Mount(&'p str),
    /// A container's variable that SDKs need to follow the chain.
    Variable(&'p str, &'static str),
    /// A variable that only some SDKs read.
    Convenience,
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotation => write!(f, "the annotation {CONFIG_ANNOTATION}"),
            Self::Volume(name) => write!(f, "the volume {name}"),
            Self::Mount(container) => write!(f, "the mount of container {}", named(container)),
            Self::Variable(container, name) => {
                write!(f, "{name} of container {}", named(container))
            }
            Self::Convenience => f.write_str("a variable"),
        }
    }
}

/// Collects changes to one pod, and keeps track of how long its lists are by then.
pub(super) struct Edits<'p> {
    pod: &'p Pod<'p>,
    volumes: usize,
    pub(super) made: Vec<Operation>,
    /// What each change is for.
    pub(super) parts: Vec<Part<'p>>,
}

impl<'p> Edits<'p> {
    pub(super) fn of(pod: &'p Pod<'p>) -> Self {
        Self {
            pod,
            volumes: pod.spec.volumes.len(),
            made: Vec::with_capacity(8),
            parts: Vec::with_capacity(8),
        }
    }

    fn add(&mut self, part: Part<'p>, path: Path, value: Content) {
        self.made.push(Operation::Add { path, value });
        self.parts.push(part);
    }

    fn replace(&mut self, part: Part<'p>, path: Path, value: Content) {
        self.made.push(Operation::Replace { path, value });
        self.parts.push(part);
    }

    /// Whether the pod's annotations have room for the profile's text.
    pub(super) fn has_room(pod: &Pod<'_>, text: &str) -> bool {
        let annotations = pod.metadata.annotations.iter();
        let others = annotations.filter(|(key, _)| key.as_str() != CONFIG_ANNOTATION);
        let sizes = others.map(|(key, value)| key.len() + value.len());
        sizes.sum::<usize>() + CONFIG_ANNOTATION.len() + text.len() <= MOST_ANNOTATION_BYTES
    }

    /// The annotation with the profile's text, which replaces any other text.
    pub(super) fn annotation(&mut self, text: String) {
        let annotations = &self.pod.metadata.annotations;
        if annotations.get(CONFIG_ANNOTATION) == Some(&*text) {
            return;
        }
        if annotations.is_empty() {
            let value = Content::Member(CONFIG_ANNOTATION, text);
            self.add(Part::Annotation, Path::Annotations, value);
        } else {
            let value = Content::Text(text.into());
            self.add(Part::Annotation, Path::Annotation(CONFIG_ANNOTATION), value);
        }
    }

    /// The volumes that the containers' mounts name.
    pub(super) fn volumes(&mut self, token: TokenSource) {
        self.volume(CONFIG_VOLUME, is_config, &CONFIG);
        if token == TokenSource::Own {
            self.volume(TOKEN_VOLUME, is_token, &TOKEN);
        }
    }

    fn volume(
        &mut self,
        name: &'static str,
        is_right: fn(&Volume<'_>) -> bool,
        value: &'static str,
    ) {
        let mut there = self.pod.spec.volumes.iter().enumerate();
        let (part, value) = (Part::Volume(name), Content::Fixed(value));
        match there.find(|(_, volume)| volume.name.as_str() == name) {
            Some((_, volume)) if is_right(volume) => {}
            Some((index, _)) => self.replace(part, Path::Volumes(Place::At(index)), value),
            None if self.volumes == 0 => {
                self.volumes = 1;
                self.add(part, Path::Volumes(Place::List), list(value));
            }
            None => self.add(part, Path::Volumes(Place::End), value),
        }
    }

    /// Everything that one container needs.
    pub(super) fn container(&mut self, slot: Slot, wanted: &Wanted<'_>) {
        let spec = &self.pod.spec;
        let Some(container) = (match slot {
            Slot::Main(index) => spec.containers.get(index),
            Slot::Init(index) => spec.init_containers.get(index),
        }) else {
            return;
        };
        let mut lists = Lists {
            container: slot,
            mounts: container.volume_mounts.len(),
            env: usize::from(!container.env.is_empty()),
        };
        let name = container.name.as_str();
        self.mount(
            &mut lists,
            container,
            CONFIG_VOLUME,
            CONFIG_FILE,
            Some(CONFIG_KEY),
        );
        if wanted.token == TokenSource::Own {
            self.mount(&mut lists, container, TOKEN_VOLUME, TOKEN_FOLDER, None);
        }
        let needed = |variable| Part::Variable(name, variable);
        self.variable(
            &mut lists,
            container,
            needed("AWS_CONFIG_FILE"),
            "AWS_CONFIG_FILE",
            CONFIG_FILE,
        );
        self.variable(
            &mut lists,
            container,
            Part::Convenience,
            "AWS_SDK_LOAD_CONFIG",
            "1",
        );
        if let Some(region) = region(container) {
            self.variable(
                &mut lists,
                container,
                Part::Convenience,
                "AWS_DEFAULT_REGION",
                region.to_owned(),
            );
        }
        // Kubernetes would expand `$(NAME)` in a value.
        let target = wanted.target.as_str().replace('$', "$$");
        self.variable(
            &mut lists,
            container,
            Part::Convenience,
            EMRS_VARIABLE,
            target,
        );
        match wanted.mode {
            ChainMode::JavaV2 => self.java(&mut lists, container, needed("JAVA_TOOL_OPTIONS")),
            ChainMode::Exclusive => {
                self.blank(&lists, container, needed("AWS_WEB_IDENTITY_TOKEN_FILE"));
            }
            ChainMode::Profile | ChainMode::PodIdentity => {}
        }
    }

    fn mount(
        &mut self,
        lists: &mut Lists,
        container: &'p Container<'_>,
        volume: &'static str,
        path: &'static str,
        sub_path: Option<&'static str>,
    ) {
        let value = Content::Mount {
            name: volume,
            path,
            sub_path,
        };
        let part = Part::Mount(&container.name);
        let mut there = container.volume_mounts.iter().enumerate();
        match there.find(|(_, mount)| mount.mount_path.as_str() == path) {
            Some((_, mount)) if is_mounted(mount, volume, sub_path) => {}
            Some((index, _)) => {
                self.replace(part, Path::Mounts(lists.container, Place::At(index)), value);
            }
            None if lists.mounts == 0 => {
                lists.mounts = 1;
                self.add(
                    part,
                    Path::Mounts(lists.container, Place::List),
                    list(value),
                );
            }
            None => {
                lists.mounts += 1;
                self.add(part, Path::Mounts(lists.container, Place::End), value);
            }
        }
    }

    /// A variable where there is none of that name.
    fn variable(
        &mut self,
        lists: &mut Lists,
        container: &Container<'_>,
        part: Part<'p>,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) {
        if container.variable(name).is_some() {
            return;
        }
        let value = Content::Variable {
            name,
            value: value.into(),
        };
        if lists.env == 0 {
            self.add(part, Path::Env(lists.container, Place::List), list(value));
        } else {
            self.add(part, Path::Env(lists.container, Place::End), value);
        }
        lists.env += 1;
    }

    /// Java's option, after the options that are there.
    fn java(&mut self, lists: &mut Lists, container: &Container<'_>, part: Part<'p>) {
        const NAME: &str = "JAVA_TOOL_OPTIONS";
        if !has_token_variable(container) {
            return;
        }
        let Some((index, variable)) = container.numbered_variable(NAME) else {
            return self.variable(lists, container, part, NAME, EMPTY_TOKEN_OPTION);
        };
        let value = variable.value.as_deref().unwrap_or_default();
        if ends_with_empty_token(value) {
            return;
        }
        let blank = if value.is_empty() { "" } else { " " };
        let path = Path::Env(lists.container, Place::Value(index));
        let options = format!("{value}{blank}{EMPTY_TOKEN_OPTION}");
        self.add(part, path, Content::Text(options.into()));
    }

    /// Empties the token variable, where it has a value. Removed, EKS's webhook would
    /// write it again.
    fn blank(&mut self, lists: &Lists, container: &Container<'_>, part: Part<'p>) {
        let [_, name] = IRSA;
        if let Some((index, _)) = container.numbered_variable(name)
            && has_token_variable(container)
        {
            let path = Path::Env(lists.container, Place::Value(index));
            self.add(part, path, Content::Text("".into()));
        }
    }
}

/// What every container of a pod needs.
#[derive(Debug)]
pub(super) struct Wanted<'p> {
    pub(super) target: &'p RoleArn,
    pub(super) mode: ChainMode,
    pub(super) token: TokenSource,
}

/// Where a container is, and how long its lists are by now.
struct Lists {
    container: Slot,
    mounts: usize,
    env: usize,
}

fn has_token_variable(container: &Container<'_>) -> bool {
    let [_, name] = IRSA;
    Value::of(container, name) != Value::Blank
}

/// `AWS_REGION`'s value, if it is a region.
fn region<'c>(container: &'c Container<'_>) -> Option<&'c str> {
    let variable = container.variable("AWS_REGION")?;
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    variable
        .value
        .as_deref()
        .filter(|value| !value.is_empty() && value.len() <= 32 && value.bytes().all(fits))
}

/// The volume that shows the annotation as a file. The API server's defaults are
/// written out, so that a second call finds the volume as it wrote it.
static CONFIG: LazyLock<String> = LazyLock::new(|| {
    json!({ "name": CONFIG_VOLUME, "downwardAPI": { "defaultMode": 420, "items": [{
        "path": CONFIG_KEY,
        "fieldRef": { "apiVersion": "v1", "fieldPath": &*FIELD_PATH },
    }] } })
    .to_string()
});

/// The volume with rolegate's own token.
static TOKEN: LazyLock<String> = LazyLock::new(|| {
    json!({ "name": TOKEN_VOLUME, "projected": { "defaultMode": 420, "sources": [{
        "serviceAccountToken": { "audience": STS_AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": "token" },
    }] } })
    .to_string()
});

static FIELD_PATH: LazyLock<String> =
    LazyLock::new(|| format!("metadata.annotations['{CONFIG_ANNOTATION}']"));

fn list(value: Content) -> Content {
    Content::List(Box::new(value))
}

fn is_config(volume: &Volume<'_>) -> bool {
    let Some(VolumeSource::DownwardApi(source)) = volume.sources.single() else {
        return false;
    };
    let [file] = &*source.items else { return false };
    file.path.as_str() == CONFIG_KEY
        && file.mode.is_none()
        && source.default_mode.is_none_or(|mode| mode == 420)
        && file
            .field_ref
            .as_ref()
            .is_some_and(|field| *field.field_path == **FIELD_PATH)
}

fn is_token(volume: &Volume<'_>) -> bool {
    let Some(VolumeSource::Projected(parts)) = volume.sources.single() else {
        return false;
    };
    let [part] = &**parts else { return false };
    part.service_account_token.as_ref().is_some_and(|token| {
        token.path.as_str() == "token"
            && token.audience.as_deref() == Some(STS_AUDIENCE)
            && token.expiration_seconds == Some(TOKEN_SECONDS)
    })
}

fn is_mounted(mount: &VolumeMount<'_>, volume: &str, sub_path: Option<&str>) -> bool {
    let is = |text: &Option<Text<'_>>, plain: &str| {
        let text = text.as_deref().unwrap_or_default();
        text.is_empty() || text == plain
    };
    mount.name.as_str() == volume
        && mount.sub_path.as_deref().unwrap_or_default() == sub_path.unwrap_or_default()
        && is(&mount.sub_path_expr, "")
        && is(&mount.mount_propagation, "None")
        && is(&mount.recursive_read_only, "Disabled")
        && mount.read_only == Some(true)
}
