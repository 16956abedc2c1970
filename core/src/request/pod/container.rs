//! Containers.

use super::{Env, EnvFrom, EnvVar, Profile, SeLinux, env};
use crate::json::List;
use crate::json::Text;
use crate::json::filled;

/// One container: a main, init or ephemeral one.
#[derive(Clone, Debug, Default)]
pub struct Container<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its image.
    pub image: Text<'a>,
    /// Variables.
    pub env: Env<'a>,
    /// Whole objects as variables.
    pub env_from: List<EnvFrom<'a>>,
    /// Ports.
    pub ports: List<Port>,
    /// Mounts.
    pub volume_mounts: List<VolumeMount<'a>>,
    /// Security settings.
    pub security_context: Option<Box<ContainerSecurity<'a>>>,
    /// Asked while it runs.
    pub liveness_probe: Option<Box<Handler<'a>>>,
    /// Asked before it gets traffic.
    pub readiness_probe: Option<Box<Handler<'a>>>,
    /// Asked while it starts.
    pub startup_probe: Option<Box<Handler<'a>>>,
    /// Called when it starts and ends.
    pub lifecycle: Option<Box<Lifecycle<'a>>>,
}

filled!(Container<'a> {
    name: "name",
    image: "image",
    ports: "ports",
    env_from: "envFrom",
    env: "env",
    volume_mounts: "volumeMounts",
    liveness_probe: "livenessProbe",
    readiness_probe: "readinessProbe",
    startup_probe: "startupProbe",
    lifecycle: "lifecycle",
    security_context: "securityContext",
});

impl<'a> Container<'a> {
    /// The variable that wins at run time: the last of that name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&EnvVar<'a>> {
        self.numbered_variable(name).map(|(_, variable)| variable)
    }

    /// The same, with its place in the list.
    #[must_use]
    pub fn numbered_variable(&self, name: &str) -> Option<(usize, &EnvVar<'a>)> {
        debug_assert!(env::is_looked_at(name), "{name} is not in env.rs");
        let mut kept = self.env.kept().rev();
        kept.find(|(_, variable)| variable.name.as_str() == name)
    }
}

/// `lifecycle`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle<'a> {
    /// After its start.
    pub post_start: Option<Handler<'a>>,
    /// Before its end.
    pub pre_stop: Option<Handler<'a>>,
}

filled!(Lifecycle<'a> {
    post_start: "postStart",
    pre_stop: "preStop",
});

/// A probe or a hook: what the kubelet calls, from the node's own network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handler<'a> {
    /// By HTTP.
    pub http_get: Option<Target<'a>>,
    /// By opening a connection.
    pub tcp_socket: Option<Target<'a>>,
}

filled!(Handler<'a> {
    http_get: "httpGet",
    tcp_socket: "tcpSocket",
});

/// Whom a probe or a hook calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// Another host than the pod.
    pub host: Option<Text<'a>>,
}

filled!(Target<'a> {
    host: "host",
});

/// `ports[]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// A port of the node.
    pub host_port: Option<i64>,
}

filled!(Port {
    host_port: "hostPort",
});

/// `volumeMounts[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeMount<'a> {
    /// The volume.
    pub name: Text<'a>,
    /// Where.
    pub mount_path: Text<'a>,
    /// Which part of the volume.
    pub sub_path: Option<Text<'a>>,
    /// The same, with variables in it.
    pub sub_path_expr: Option<Text<'a>>,
    /// Whether it cannot be written.
    pub read_only: Option<bool>,
}

filled!(VolumeMount<'a> {
    name: "name",
    read_only: "readOnly",
    mount_path: "mountPath",
    sub_path: "subPath",
    sub_path_expr: "subPathExpr",
});

/// `securityContext` of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerSecurity<'a> {
    /// The node's root.
    pub privileged: Option<bool>,
    /// Linux capabilities.
    pub capabilities: Option<Capabilities<'a>>,
    /// `Unmasked` shows the node's `/proc`.
    pub proc_mount: Option<Text<'a>>,
    /// Windows.
    pub windows_options: Option<WindowsOptions<'a>>,
    /// Confinement by `AppArmor`.
    pub app_armor_profile: Option<Profile<'a>>,
    /// Confinement by seccomp.
    pub seccomp_profile: Option<Profile<'a>>,
    /// Confinement by `SELinux`.
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

/// `securityContext.capabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities<'a> {
    /// Given on top of the runtime's own.
    pub add: List<Text<'a>>,
}

filled!(Capabilities<'a> {
    add: "add",
});

/// `securityContext.windowsOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsOptions<'a> {
    /// A process of the node.
    pub host_process: Option<bool>,
    /// An identity of the domain.
    pub gmsa_credential_spec_name: Option<Text<'a>>,
    /// The same, written out.
    pub gmsa_credential_spec: Option<Text<'a>>,
}

filled!(WindowsOptions<'a> {
    gmsa_credential_spec_name: "gmsaCredentialSpecName",
    gmsa_credential_spec: "gmsaCredentialSpec",
    host_process: "hostProcess",
});
