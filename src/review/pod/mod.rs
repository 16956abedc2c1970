//! A pod, or a pod template, as far as rules read it: one parse for all of them.
//!
//! Fields that no rule judges are skipped without being built. What is absent,
//! `null` and empty are one, as they are to the API server.

mod container;
mod env;
mod list;
mod volume;

use serde::Deserialize;

use super::{OwnerReference, Text};

pub use container::{
    Capabilities, Container, ContainerSecurity, EnvFrom, EnvVar, Handler, KeySource, Lifecycle,
    Named, Port, Target, VolumeMount, WindowsOptions,
};
pub use env::Env;
pub use list::{List, Pairs, Present};
pub use volume::{
    ClaimSpec, Csi, DataSource, DownwardApi, DownwardFile, FieldRef, Projection, Source,
    TokenProjection, Volume,
};

/// A pod or a pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Pod<'a> {
    /// `metadata`.
    #[serde(borrow, default, deserialize_with = "list::or_default")]
    pub metadata: PodMeta<'a>,
    /// `spec`.
    #[serde(borrow, default, deserialize_with = "list::or_default")]
    pub spec: PodSpec<'a>,
}

/// `metadata` of a pod or a pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodMeta<'a> {
    /// The uid, of a stored pod.
    #[serde(borrow)]
    pub uid: Option<Text<'a>>,
    /// The name, absent before it is generated.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// The prefix of a generated name, before and after.
    #[serde(borrow)]
    pub generate_name: Option<Text<'a>>,
    /// Labels.
    #[serde(borrow)]
    pub labels: Pairs<'a>,
    /// Annotations.
    #[serde(borrow)]
    pub annotations: Pairs<'a>,
    /// Owners.
    #[serde(borrow)]
    pub owner_references: List<OwnerReference<'a>>,
}

/// `spec` of a pod or a pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec<'a> {
    /// Whom it runs as.
    #[serde(borrow)]
    pub service_account_name: Option<Text<'a>>,
    /// The old name of the same; in built-in kinds the API server keeps both equal.
    #[serde(borrow)]
    pub service_account: Option<Text<'a>>,
    /// The node it is on, or is to run on without a scheduler's say.
    #[serde(borrow)]
    pub node_name: Option<Text<'a>>,
    /// The node's network.
    pub host_network: Option<bool>,
    /// The node's processes.
    #[serde(rename = "hostPID")]
    pub host_pid: Option<bool>,
    /// The node's shared memory.
    #[serde(rename = "hostIPC")]
    pub host_ipc: Option<bool>,
    /// Pod-wide security settings.
    #[serde(borrow)]
    pub security_context: Option<Box<PodSecurity<'a>>>,
    /// The runtime that runs it.
    #[serde(borrow)]
    pub runtime_class_name: Option<Text<'a>>,
    /// Secrets the kubelet pulls images with.
    #[serde(borrow)]
    pub image_pull_secrets: List<Named<'a>>,
    /// Containers.
    #[serde(borrow, deserialize_with = "list::of_few")]
    pub containers: List<Container<'a>>,
    /// Containers that run before, or beside as native sidecars.
    #[serde(borrow, deserialize_with = "list::of_few")]
    pub init_containers: List<Container<'a>>,
    /// Containers added for debugging.
    #[serde(borrow, deserialize_with = "list::of_few")]
    pub ephemeral_containers: List<Container<'a>>,
    /// Volumes.
    #[serde(borrow, deserialize_with = "list::of_few")]
    pub volumes: List<Volume<'a>>,
    /// Devices asked for.
    #[serde(borrow)]
    pub resource_claims: List<Named<'a>>,
}

/// `spec.securityContext`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSecurity<'a> {
    /// Windows.
    #[serde(borrow)]
    pub windows_options: Option<WindowsOptions<'a>>,
    /// Kernel parameters.
    #[serde(borrow)]
    pub sysctls: List<Named<'a>>,
    /// Confinement by `AppArmor`, `Unconfined` or a profile.
    #[serde(borrow)]
    pub app_armor_profile: Option<Profile<'a>>,
    /// Confinement by seccomp.
    #[serde(borrow)]
    pub seccomp_profile: Option<Profile<'a>>,
    /// Confinement by `SELinux`.
    #[serde(borrow)]
    pub se_linux_options: Option<SeLinux<'a>>,
}

/// A seccomp or `AppArmor` profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Profile<'a> {
    /// `RuntimeDefault`, `Localhost`, `Unconfined`.
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
}

/// `SELinux` labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SeLinux<'a> {
    /// `container_t` and the like.
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// A user other than the runtime's.
    #[serde(borrow)]
    pub user: Option<Text<'a>>,
    /// A role other than the runtime's.
    #[serde(borrow)]
    pub role: Option<Text<'a>>,
}

impl<'a> PodSpec<'a> {
    /// Every container, with the path of its list: `containers`,
    /// `initContainers`, `ephemeralContainers`, and its place there.
    pub fn all_containers(&self) -> impl Iterator<Item = (&'static str, usize, &Container<'a>)> {
        [
            ("containers", &self.containers),
            ("initContainers", &self.init_containers),
            ("ephemeralContainers", &self.ephemeral_containers),
        ]
        .into_iter()
        .flat_map(|(name, list)| {
            list.iter()
                .enumerate()
                .map(move |(index, container)| (name, index, container))
        })
    }

    /// The service accounts it could run under: name and alias, `default`
    /// where neither is set.
    pub fn service_accounts(&self) -> impl Iterator<Item = &str> {
        self.service_account_fields().map(|(_, account)| account)
    }

    /// The same, each with the field that says so.
    pub fn service_account_fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        const NAME: &str = "serviceAccountName";
        let name = self
            .service_account_name
            .as_deref()
            .filter(|name| !name.is_empty());
        let alias = self
            .service_account
            .as_deref()
            .filter(move |alias| !alias.is_empty() && Some(*alias) != name);
        let fallback = (name.is_none() && alias.is_none()).then_some((NAME, "default"));
        name.map(|name| (NAME, name))
            .into_iter()
            .chain(alias.map(|alias| ("serviceAccount", alias)))
            .chain(fallback)
    }
}
