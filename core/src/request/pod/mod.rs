//! A pod, or a pod template, as far as rules read it: one parse for all of them.
//!
//! Fields that no rule judges are skipped without being built. What is absent,
//! `null` and empty are one, as they are to the API server.

mod container;
mod env;
mod named;
mod volume;

use super::OwnerReference;
use crate::json::Text;
use crate::json::{Hinted, filled};

pub use container::{
    Capabilities, Container, ContainerSecurity, Handler, Lifecycle, Port, Target, VolumeMount,
    WindowsOptions,
};
pub use env::{Env, EnvFrom, EnvVar, KeySource};
pub use named::Named;

use crate::json::{Bounded, List, Pairs, Present};
pub use volume::{
    ClaimSpec, Csi, DataSource, DownwardApi, DownwardFile, FieldRef, Projection, Source, Sources,
    TokenProjection, Volume,
};

/// A pod or a pod template.
#[derive(Clone, Debug, Default)]
pub struct Pod<'a> {
    /// `metadata`.
    pub metadata: PodMeta<'a>,
    /// `spec`.
    pub spec: PodSpec<'a>,
}

filled!(Pod<'a> {
    metadata: "metadata",
    spec: "spec",
});

impl Hinted for Pod<'_> {
    /// As API servers begin a pod, and as sorted keys do.
    fn is_likely(text: &str) -> bool {
        [
            r#"{"kind":"Pod","apiVersion":"v1","#,
            r#"{"apiVersion":"v1","kind":"Pod","#,
        ]
        .iter()
        .any(|beginning| text.starts_with(beginning))
    }
}

/// `metadata` of a pod or a pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodMeta<'a> {
    /// The uid, of a stored pod.
    pub uid: Option<Text<'a>>,
    /// The name, absent before it is generated.
    pub name: Option<Text<'a>>,
    /// The prefix of a generated name, before and after.
    pub generate_name: Option<Text<'a>>,
    /// Labels.
    pub labels: Pairs<'a>,
    /// Annotations.
    pub annotations: Pairs<'a>,
    /// Owners.
    pub owner_references: List<OwnerReference<'a>>,
}

filled!(PodMeta<'a> or null {
    name: "name",
    generate_name: "generateName",
    uid: "uid",
    labels: "labels",
    annotations: "annotations",
    owner_references: "ownerReferences",
});

/// `spec` of a pod or a pod template.
#[derive(Clone, Debug, Default)]
pub struct PodSpec<'a> {
    /// Whom it runs as.
    pub service_account_name: Option<Text<'a>>,
    /// The old name of the same; in built-in kinds the API server keeps both equal.
    pub service_account: Option<Text<'a>>,
    /// The node it is on, or is to run on without a scheduler's say.
    pub node_name: Option<Text<'a>>,
    /// The node's network.
    pub host_network: Option<bool>,
    /// The node's processes.
    pub host_pid: Option<bool>,
    /// The node's shared memory.
    pub host_ipc: Option<bool>,
    /// Pod-wide security settings.
    pub security_context: Option<Box<PodSecurity<'a>>>,
    /// The runtime that runs it.
    pub runtime_class_name: Option<Text<'a>>,
    /// Secrets the kubelet pulls images with.
    pub image_pull_secrets: List<Named<'a>>,
    /// Containers.
    pub containers: Bounded<Container<'a>>,
    /// Containers that run before, or beside as native sidecars.
    pub init_containers: Bounded<Container<'a>>,
    /// Containers added for debugging.
    pub ephemeral_containers: Bounded<Container<'a>>,
    /// Volumes.
    pub volumes: Bounded<Volume<'a>>,
    /// Devices asked for.
    pub resource_claims: List<Named<'a>>,
}

filled!(PodSpec<'a> or null {
    volumes: "volumes",
    init_containers: "initContainers",
    containers: "containers",
    ephemeral_containers: "ephemeralContainers",
    service_account_name: "serviceAccountName",
    service_account: "serviceAccount",
    node_name: "nodeName",
    host_network: "hostNetwork",
    host_pid: "hostPID",
    host_ipc: "hostIPC",
    security_context: "securityContext",
    image_pull_secrets: "imagePullSecrets",
    runtime_class_name: "runtimeClassName",
    resource_claims: "resourceClaims",
});

/// `spec.securityContext`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSecurity<'a> {
    /// Windows.
    pub windows_options: Option<WindowsOptions<'a>>,
    /// Kernel parameters.
    pub sysctls: List<Named<'a>>,
    /// Confinement by `AppArmor`, `Unconfined` or a profile.
    pub app_armor_profile: Option<Profile<'a>>,
    /// Confinement by seccomp.
    pub seccomp_profile: Option<Profile<'a>>,
    /// Confinement by `SELinux`.
    pub se_linux_options: Option<SeLinux<'a>>,
}

filled!(PodSecurity<'a> {
    se_linux_options: "seLinuxOptions",
    windows_options: "windowsOptions",
    sysctls: "sysctls",
    seccomp_profile: "seccompProfile",
    app_armor_profile: "appArmorProfile",
});

/// A seccomp or `AppArmor` profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile<'a> {
    /// `RuntimeDefault`, `Localhost`, `Unconfined`.
    pub kind: Option<Text<'a>>,
}

filled!(Profile<'a> {
    kind: "type",
});

/// `SELinux` labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeLinux<'a> {
    /// `container_t` and the like.
    pub kind: Option<Text<'a>>,
    /// A user other than the runtime's.
    pub user: Option<Text<'a>>,
    /// A role other than the runtime's.
    pub role: Option<Text<'a>>,
}

filled!(SeLinux<'a> {
    user: "user",
    role: "role",
    kind: "type",
});

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
