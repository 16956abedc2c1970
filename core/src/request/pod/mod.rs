//! A pod or a pod template, with the fields that rules read: parsed once for all
//! rules.
//!
//! Fields that no rule judges are skipped without being built. Absent, `null` and
//! empty are equal, as for the API server.

mod container;
mod env;
mod named;
mod volume;

use super::OwnerReference;
use crate::json::Text;
use crate::json::filled;

pub use container::{
    Capabilities, Container, ContainerSecurity, Handler, Lifecycle, Port, Target, VolumeDevice,
    VolumeMount, WindowsOptions,
};
pub use env::{Env, EnvFrom, EnvVar, KeySource, holds_java_options};
pub use named::Named;

use crate::json::{Bounded, List, Pairs, Present};
pub use volume::{
    ClaimMeta, ClaimSpec, ClaimTemplate, Csi, DataSource, DownwardApi, DownwardFile, FieldRef,
    Projection, Source, Sources, TokenProjection, Volume,
};

/// A pod or a pod template.
#[derive(Clone, Debug, Default)]
pub struct Pod<'a> {
    pub metadata: PodMeta<'a>,
    pub spec: PodSpec<'a>,
}

filled!(Pod<'a> {
    metadata: "metadata",
    spec: "spec",
});

impl Pod<'_> {
    /// Whether a text begins like a pod written by an API server, or like a pod with
    /// sorted keys.
    pub(super) fn begins(text: &str) -> bool {
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
    /// Present in stored pods.
    pub uid: Option<Text<'a>>,
    /// Absent before it is generated.
    pub name: Option<Text<'a>>,
    /// Kept after the name is generated.
    pub generate_name: Option<Text<'a>>,
    pub labels: Pairs<'a>,
    pub annotations: Pairs<'a>,
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
    pub service_account_name: Option<Text<'a>>,
    /// The old name of `serviceAccountName`; in built-in kinds the API server keeps the
    /// two equal.
    pub service_account: Option<Text<'a>>,
    /// With `subdomain`, its name in DNS: `<hostname>.<subdomain>`.
    pub hostname: Option<Text<'a>>,
    /// The headless Service of that name.
    pub subdomain: Option<Text<'a>>,
    /// The node that it runs on; set by a requester, it bypasses the scheduler.
    pub node_name: Option<Text<'a>>,
    pub host_network: Option<bool>,
    pub host_pid: Option<bool>,
    pub host_ipc: Option<bool>,
    /// `false`: the pod has a user namespace of its own.
    pub host_users: Option<bool>,
    pub security_context: Option<Box<PodSecurity<'a>>>,
    pub runtime_class_name: Option<Text<'a>>,
    /// Secrets with which the kubelet pulls images.
    pub image_pull_secrets: List<Named<'a>>,
    pub containers: Bounded<Container<'a>>,
    /// Includes native sidecars.
    pub init_containers: Bounded<Container<'a>>,
    pub ephemeral_containers: Bounded<Container<'a>>,
    pub volumes: Bounded<Volume<'a>>,
    /// Requested devices.
    pub resource_claims: List<Named<'a>>,
}

filled!(PodSpec<'a> or null {
    volumes: "volumes",
    init_containers: "initContainers",
    containers: "containers",
    ephemeral_containers: "ephemeralContainers",
    service_account_name: "serviceAccountName",
    service_account: "serviceAccount",
    hostname: "hostname",
    subdomain: "subdomain",
    node_name: "nodeName",
    host_network: "hostNetwork",
    host_pid: "hostPID",
    host_ipc: "hostIPC",
    host_users: "hostUsers",
    security_context: "securityContext",
    image_pull_secrets: "imagePullSecrets",
    runtime_class_name: "runtimeClassName",
    resource_claims: "resourceClaims",
});

/// `spec.securityContext`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSecurity<'a> {
    pub windows_options: Option<WindowsOptions<'a>>,
    pub sysctls: List<Sysctl<'a>>,
    pub app_armor_profile: Option<Profile<'a>>,
    pub seccomp_profile: Option<Profile<'a>>,
    pub se_linux_options: Option<SeLinux<'a>>,
}

filled!(PodSecurity<'a> {
    se_linux_options: "seLinuxOptions",
    windows_options: "windowsOptions",
    sysctls: "sysctls",
    seccomp_profile: "seccompProfile",
    app_armor_profile: "appArmorProfile",
});

/// A kernel parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sysctl<'a> {
    pub name: Text<'a>,
    pub value: Text<'a>,
}

filled!(Sysctl<'a> {
    name: "name",
    value: "value",
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
    /// Overrides the runtime's user.
    pub user: Option<Text<'a>>,
    /// Overrides the runtime's role.
    pub role: Option<Text<'a>>,
}

filled!(SeLinux<'a> {
    user: "user",
    role: "role",
    kind: "type",
});

impl<'a> PodSpec<'a> {
    /// Every container, with the name of its list (`containers`, `initContainers`,
    /// `ephemeralContainers`) and its index there.
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

    /// The service accounts that it could run as: the name and the alias, `default`
    /// if neither is set.
    pub fn service_accounts(&self) -> impl Iterator<Item = &str> {
        self.service_account_fields().map(|(_, account)| account)
    }

    /// [`Self::service_accounts`], each with the field that names it.
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
