//! Containers.

use serde::Deserialize;

use super::super::Text;
use super::{Env, List, Profile, SeLinux, env};

/// One container: a main, init or ephemeral one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its image.
    #[serde(borrow)]
    pub image: Text<'a>,
    /// Variables.
    #[serde(borrow)]
    pub env: Env<'a>,
    /// Whole objects as variables.
    #[serde(borrow)]
    pub env_from: List<EnvFrom<'a>>,
    /// Ports.
    pub ports: List<Port>,
    /// Mounts.
    #[serde(borrow)]
    pub volume_mounts: List<VolumeMount<'a>>,
    /// Security settings.
    #[serde(borrow)]
    pub security_context: Option<Box<ContainerSecurity<'a>>>,
    /// Asked while it runs.
    #[serde(borrow)]
    pub liveness_probe: Option<Box<Handler<'a>>>,
    /// Asked before it gets traffic.
    #[serde(borrow)]
    pub readiness_probe: Option<Box<Handler<'a>>>,
    /// Asked while it starts.
    #[serde(borrow)]
    pub startup_probe: Option<Box<Handler<'a>>>,
    /// Called when it starts and ends.
    #[serde(borrow)]
    pub lifecycle: Option<Box<Lifecycle<'a>>>,
}

impl<'a> Container<'a> {
    /// The variable that wins at run time: the last of that name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&EnvVar<'a>> {
        debug_assert!(env::is_looked_at(name), "{name} is not in env.rs");
        self.env.iter().rev().find(|var| var.name.as_str() == name)
    }
}

/// `lifecycle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle<'a> {
    /// After its start.
    #[serde(borrow)]
    pub post_start: Option<Handler<'a>>,
    /// Before its end.
    #[serde(borrow)]
    pub pre_stop: Option<Handler<'a>>,
}

/// A probe or a hook: what the kubelet calls, from the node's own network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handler<'a> {
    /// By HTTP.
    #[serde(borrow)]
    pub http_get: Option<Target<'a>>,
    /// By opening a connection.
    #[serde(borrow)]
    pub tcp_socket: Option<Target<'a>>,
}

/// Whom a probe or a hook calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Target<'a> {
    /// Another host than the pod.
    #[serde(borrow)]
    pub host: Option<Text<'a>>,
}

/// One variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its value; absent and empty are one to the API server.
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
    /// Where else its value comes from.
    #[serde(borrow)]
    pub value_from: Option<Box<KeySource<'a>>>,
}

/// `env[].valueFrom`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeySource<'a> {
    /// A Secret's key.
    #[serde(borrow)]
    pub secret_key_ref: Option<Named<'a>>,
    /// A `ConfigMap`'s key.
    #[serde(borrow)]
    pub config_map_key_ref: Option<Named<'a>>,
}

/// `envFrom[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom<'a> {
    /// A whole Secret.
    #[serde(borrow)]
    pub secret_ref: Option<Named<'a>>,
    /// A whole `ConfigMap`.
    #[serde(borrow)]
    pub config_map_ref: Option<Named<'a>>,
}

/// Anything with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Named<'a> {
    /// The name.
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// `ports[]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    /// A port of the node.
    pub host_port: Option<i64>,
}

/// `volumeMounts[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount<'a> {
    /// The volume.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Where.
    #[serde(borrow)]
    pub mount_path: Text<'a>,
    /// Which part of the volume.
    #[serde(borrow)]
    pub sub_path: Option<Text<'a>>,
    /// The same, with variables in it.
    #[serde(borrow)]
    pub sub_path_expr: Option<Text<'a>>,
    /// Whether it cannot be written.
    pub read_only: Option<bool>,
}

/// `securityContext` of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerSecurity<'a> {
    /// The node's root.
    pub privileged: Option<bool>,
    /// Linux capabilities.
    #[serde(borrow)]
    pub capabilities: Option<Capabilities<'a>>,
    /// `Unmasked` shows the node's `/proc`.
    #[serde(borrow)]
    pub proc_mount: Option<Text<'a>>,
    /// Windows.
    #[serde(borrow)]
    pub windows_options: Option<WindowsOptions<'a>>,
    /// Confinement by `AppArmor`.
    #[serde(borrow)]
    pub app_armor_profile: Option<Profile<'a>>,
    /// Confinement by seccomp.
    #[serde(borrow)]
    pub seccomp_profile: Option<Profile<'a>>,
    /// Confinement by `SELinux`.
    #[serde(borrow)]
    pub se_linux_options: Option<SeLinux<'a>>,
}

/// `securityContext.capabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Capabilities<'a> {
    /// Given on top of the runtime's own.
    #[serde(borrow)]
    pub add: List<Text<'a>>,
}

/// `securityContext.windowsOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WindowsOptions<'a> {
    /// A process of the node.
    pub host_process: Option<bool>,
    /// An identity of the domain.
    #[serde(borrow)]
    pub gmsa_credential_spec_name: Option<Text<'a>>,
    /// The same, written out.
    #[serde(borrow)]
    pub gmsa_credential_spec: Option<Text<'a>>,
}
