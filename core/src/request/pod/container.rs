//! Containers.

use super::{Env, EnvFrom, EnvVar, Profile, SeLinux, env};
use crate::json::List;
use crate::json::Raw;
use crate::json::Text;
use crate::json::filled;

/// One container: a main, init or ephemeral one.
#[derive(Clone, Debug, Default)]
pub struct Container<'a> {
    pub name: Text<'a>,
    pub image: Text<'a>,
    /// The lists of the program and its arguments, not parsed: few rules ask.
    pub command: Raw<'a>,
    pub args: Raw<'a>,
    pub env: Env<'a>,
    /// Secrets and `ConfigMaps` whose keys all become variables.
    pub env_from: List<EnvFrom<'a>>,
    pub ports: List<Port>,
    pub volume_mounts: List<VolumeMount<'a>>,
    pub volume_devices: List<VolumeDevice<'a>>,
    pub security_context: Option<Box<ContainerSecurity<'a>>>,
    pub liveness_probe: Option<Box<Handler<'a>>>,
    pub readiness_probe: Option<Box<Handler<'a>>>,
    pub startup_probe: Option<Box<Handler<'a>>>,
    pub lifecycle: Option<Box<Lifecycle<'a>>>,
}

filled!(Container<'a> {
    name: "name",
    image: "image",
    command: "command",
    args: "args",
    ports: "ports",
    env_from: "envFrom",
    env: "env",
    volume_mounts: "volumeMounts",
    volume_devices: "volumeDevices",
    liveness_probe: "livenessProbe",
    readiness_probe: "readinessProbe",
    startup_probe: "startupProbe",
    lifecycle: "lifecycle",
    security_context: "securityContext",
});

impl<'a> Container<'a> {
    /// The variable in effect at run time: the last one with this name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&EnvVar<'a>> {
        self.numbered_variable(name).map(|(_, variable)| variable)
    }

    /// [`Self::variable`] with its index in the list.
    #[must_use]
    pub fn numbered_variable(&self, name: &str) -> Option<(usize, &EnvVar<'a>)> {
        debug_assert!(env::is_looked_at(name), "{name} is not in env.rs");
        let mut kept = self.env.kept().rev();
        kept.find(|(_, variable)| variable.name.as_str() == name)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle<'a> {
    pub post_start: Option<Handler<'a>>,
    pub pre_stop: Option<Handler<'a>>,
}

filled!(Lifecycle<'a> {
    post_start: "postStart",
    pre_stop: "preStop",
});

/// A probe or a hook, which the kubelet calls from the node's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handler<'a> {
    pub http_get: Option<Target<'a>>,
    pub tcp_socket: Option<Target<'a>>,
}

filled!(Handler<'a> {
    http_get: "httpGet",
    tcp_socket: "tcpSocket",
});

/// The target of a probe or a hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// A host other than the pod.
    pub host: Option<Text<'a>>,
}

filled!(Target<'a> {
    host: "host",
});

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    pub host_port: Option<i64>,
}

filled!(Port {
    host_port: "hostPort",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeMount<'a> {
    /// The name of the volume.
    pub name: Text<'a>,
    pub mount_path: Text<'a>,
    /// A path in the volume.
    pub sub_path: Option<Text<'a>>,
    /// A path in the volume, with variables.
    pub sub_path_expr: Option<Text<'a>>,
    pub read_only: Option<bool>,
    /// Whether mounts below it appear in other places: `None`, `HostToContainer`, ….
    pub mount_propagation: Option<Text<'a>>,
    /// Whether mounts below it are read-only as well.
    pub recursive_read_only: Option<Text<'a>>,
}

filled!(VolumeMount<'a> {
    name: "name",
    read_only: "readOnly",
    mount_path: "mountPath",
    sub_path: "subPath",
    sub_path_expr: "subPathExpr",
    mount_propagation: "mountPropagation",
    recursive_read_only: "recursiveReadOnly",
});

/// A claim that a container gets as a block device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeDevice<'a> {
    /// The name of the volume.
    pub name: Text<'a>,
    pub device_path: Text<'a>,
}

filled!(VolumeDevice<'a> {
    name: "name",
    device_path: "devicePath",
});

/// `securityContext` of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerSecurity<'a> {
    pub privileged: Option<bool>,
    pub capabilities: Option<Capabilities<'a>>,
    /// `Unmasked` exposes the node's `/proc`.
    pub proc_mount: Option<Text<'a>>,
    pub windows_options: Option<WindowsOptions<'a>>,
    pub app_armor_profile: Option<Profile<'a>>,
    pub seccomp_profile: Option<Profile<'a>>,
    pub se_linux_options: Option<SeLinux<'a>>,
}

filled!(ContainerSecurity<'a> {
    capabilities: "capabilities",
    privileged: "privileged",
    se_linux_options: "seLinuxOptions",
    windows_options: "windowsOptions",
    proc_mount: "procMount",
    seccomp_profile: "seccompProfile",
    app_armor_profile: "appArmorProfile",
});

/// Linux capabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities<'a> {
    /// In addition to the runtime's defaults.
    pub add: List<Text<'a>>,
}

filled!(Capabilities<'a> {
    add: "add",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsOptions<'a> {
    /// Whether it runs as a process of the node.
    pub host_process: Option<bool>,
    /// The name of a `gMSA` credential spec: an identity of the Windows domain.
    pub gmsa_credential_spec_name: Option<Text<'a>>,
    /// The contents of a `gMSA` credential spec.
    pub gmsa_credential_spec: Option<Text<'a>>,
}

filled!(WindowsOptions<'a> {
    gmsa_credential_spec_name: "gmsaCredentialSpecName",
    gmsa_credential_spec: "gmsaCredentialSpec",
    host_process: "hostProcess",
});
