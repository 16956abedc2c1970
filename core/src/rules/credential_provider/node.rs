//! Access from a pod to its node, and to roles that an agent there hands out.
//!
//! The lists are those of the *baseline* level of Kubernetes' Pod Security
//! Standards (kubernetes/pod-security-admission, `policy/check_*.go`, newest
//! version of each check), plus the entries marked "more".

use crate::json::{Pairs, Text};
use crate::names::shown;
use crate::request::Path;
use crate::request::pod::{Container, Handler, Pod, Profile, SeLinux, Source, WindowsOptions};

use super::Violation;
use super::options::{Folders, Mounted};

/// Capabilities that container runtimes grant by default.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Kernel parameters that stay within the pod.
const SYSCTLS: [&str; 14] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// `SELinux` types of ordinary containers.
const SELINUX_TYPES: [&str; 5] = [
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

/// Kinds of seccomp and `AppArmor` profile that confine.
const CONFINING: [&str; 3] = ["", "RuntimeDefault", "Localhost"];

/// Annotations: the prefix of their keys, their harmless values (`*` at the end
/// matches anything), and what any other value means.
const ANNOTATIONS: [(&str, &[&str], &str); 4] = [
    (
        "container.apparmor.security.beta.kubernetes.io/",
        &["", "runtime/default", "localhost/*"],
        "a container that AppArmor does not confine",
    ),
    (
        "seccomp.security.alpha.kubernetes.io/pod",
        &["runtime/default", "docker/default", "localhost/*"],
        "containers that seccomp does not confine",
    ),
    (
        "container.seccomp.security.alpha.kubernetes.io/",
        &["runtime/default", "docker/default", "localhost/*"],
        "a container that seccomp does not confine",
    ),
    // More: kube2iam and kiam.
    (
        "iam.amazonaws.com/",
        &[],
        "a role asked of kube2iam or kiam",
    ),
];

/// What is wrong with a pod; `folders` of the node may be mounted.
pub(super) fn judge(pod: &Pod<'_>, folders: &Folders, violations: &mut Vec<Violation>) {
    let spec = &pod.spec;
    judge_annotations(&pod.metadata.annotations, violations);
    for (field, set, what) in [
        ("hostNetwork", spec.host_network, "the node's network"),
        ("hostPID", spec.host_pid, "the node's processes"),
        ("hostIPC", spec.host_ipc, "the node's shared memory"),
    ] {
        if set == Some(true) {
            push(violations, field, of_spec().key(field), what);
        }
    }
    if let Some(security) = &spec.security_context {
        let at = || of_spec().key("securityContext");
        let confinement = Confinement {
            app_armor: security.app_armor_profile.as_ref(),
            seccomp: security.seccomp_profile.as_ref(),
            se_linux: security.se_linux_options.as_ref(),
            windows: security.windows_options.as_ref(),
        };
        confinement.judge("", at, violations);
        for (index, sysctl) in security.sysctls.iter().enumerate() {
            let name = sysctl.name.as_str();
            if !SYSCTLS.contains(&name) {
                let path = at().key("sysctls").index(index);
                let what = format!("kernel parameter {} of the node", shown(name, 120));
                push(violations, format!("sysctl {name}"), path, what);
            } else if !is_kernel_number(&sysctl.value) {
                let path = at().key("sysctls").index(index).key("value");
                let what = format!(
                    "a value of kernel parameter {name} that is not made of numbers ({})",
                    shown(&sysctl.value, 60)
                );
                push(violations, format!("sysctl {name} value"), path, what);
            }
        }
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            if let Source::HostPath(path) = source {
                judge_host_path(index, path, pod, folders, violations);
            } else {
                judge_volume(index, source, violations);
            }
        }
    }
    // On the node's network every port is a port of the node.
    let ports = spec.host_network != Some(true);
    for (list, index, container) in spec.all_containers() {
        let at = || of_spec().key(list).index(index);
        judge_container(container, ports, at, violations);
        // In a user namespace, root of the container has no power over the node.
        if spec.host_users != Some(false) {
            judge_proc_mount(container, at, violations);
        }
    }
}

/// Whether a value consists of numbers and ranges only. More: a container runtime
/// has taken `1+kernel.core_pattern=…` for two parameters (CVE-2022-0811).
fn is_kernel_number(value: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_digit() || b" \t,-".contains(&byte);
    !value.is_empty() && value.bytes().all(fits)
}

fn of_spec() -> Path {
    Path::root().key("spec")
}

/// The violations in annotations alone.
pub(super) fn judge_annotations(annotations: &Pairs<'_>, violations: &mut Vec<Violation>) {
    for (key, value) in annotations.iter() {
        let (key, value) = (key.as_str(), value.as_str());
        let found = ANNOTATIONS
            .iter()
            .find(|(prefix, ..)| key.starts_with(prefix));
        let Some((_, harmless, what)) = found else {
            continue;
        };
        let is_harmless = harmless.iter().any(|fits| match fits.strip_suffix('*') {
            Some(prefix) => value.starts_with(prefix),
            None => value == *fits,
        });
        if !is_harmless {
            let annotations = Path::root().key("metadata").key("annotations");
            let path = annotations.key(key.to_owned());
            push(violations, format!("{key}={value}"), path, *what);
        }
    }
}

fn judge_host_path(
    index: usize,
    path: &str,
    pod: &Pod<'_>,
    folders: &Folders,
    violations: &mut Vec<Violation>,
) {
    let at = |field| of_spec().key("volumes").index(index).key(field);
    let folder = || format!("folder {} of the node", shown(path, 120));
    match folders.allow(path) {
        Mounted::Freely => {}
        Mounted::Never => push(
            violations,
            format!("hostPath {path}"),
            at("hostPath"),
            folder(),
        ),
        Mounted::ReadOnly => {
            let name = pod.spec.volumes.get(index).map(|volume| &volume.name);
            for (list, index, container) in pod.spec.all_containers() {
                for (mount, volume) in container.volume_mounts.iter().enumerate() {
                    if Some(&volume.name) != name || volume.read_only == Some(true) {
                        continue;
                    }
                    let here = of_spec().key(list).index(index);
                    push(
                        violations,
                        format!("{} writes to hostPath {path}", container.name.as_str()),
                        here.key("volumeMounts").index(mount),
                        format!(
                            "{}, which the policy lists for mounts with readOnly: true",
                            folder()
                        ),
                    );
                }
            }
        }
    }
}

fn judge_volume(index: usize, source: &Source<'_>, violations: &mut Vec<Violation>) {
    let (key, field, what) = match source {
        Source::GitRepo => (
            format!("gitRepo {index}"),
            "gitRepo",
            "a gitRepo volume, for which the node runs git".to_owned(),
        ),
        Source::Old {
            kind: kind @ "flexVolume",
            ..
        } => (
            format!("flexVolume {index}"),
            *kind,
            "a flexVolume, for which the node runs a program".to_owned(),
        ),
        _ => return,
    };
    let path = of_spec().key("volumes").index(index).key(field);
    push(violations, key, path, what);
}

fn judge_container(
    container: &Container<'_>,
    ports: bool,
    at: impl Fn() -> Path,
    violations: &mut Vec<Violation>,
) {
    let name = container.name.as_str();
    if let Some(security) = &container.security_context {
        let here = || at().key("securityContext");
        if security.privileged == Some(true) {
            let key = format!("{name} privileged");
            push(
                violations,
                key,
                here().key("privileged"),
                "a privileged container",
            );
        }
        for added in security
            .capabilities
            .iter()
            .flat_map(|list| list.add.iter())
        {
            let added = added.as_str();
            if !CAPABILITIES.contains(&added) {
                let path = here().key("capabilities").key("add");
                let what = format!("the capability {}", shown(added, 60));
                push(violations, format!("{name} capability {added}"), path, what);
            }
        }
        let confinement = Confinement {
            app_armor: security.app_armor_profile.as_ref(),
            seccomp: security.seccomp_profile.as_ref(),
            se_linux: security.se_linux_options.as_ref(),
            windows: security.windows_options.as_ref(),
        };
        confinement.judge(name, here, violations);
    }
    for (index, port) in container.ports.iter().enumerate().filter(|_| ports) {
        if let Some(number @ 1..) = port.host_port {
            let path = at().key("ports").index(index).key("hostPort");
            let what = format!("port {number} of the node");
            push(violations, format!("{name} hostPort {number}"), path, what);
        }
    }
    judge_handlers(container, at, violations);
}

fn judge_proc_mount(
    container: &Container<'_>,
    at: impl Fn() -> Path,
    violations: &mut Vec<Violation>,
) {
    let security = container.security_context.as_ref();
    let mount = security.and_then(|security| security.proc_mount.as_deref());
    if !matches!(mount, None | Some("" | "Default")) {
        let key = format!("{} procMount", container.name.as_str());
        let path = at().key("securityContext").key("procMount");
        push(violations, key, path, "the node's /proc");
    }
}

/// Probes and hooks with which the kubelet calls another host.
fn judge_handlers(
    container: &Container<'_>,
    at: impl Fn() -> Path,
    violations: &mut Vec<Violation>,
) {
    let name = container.name.as_str();
    let lifecycle = container.lifecycle.as_deref();
    let handlers: [(&[&'static str], _); 5] = [
        (&["livenessProbe"], container.liveness_probe.as_deref()),
        (&["readinessProbe"], container.readiness_probe.as_deref()),
        (&["startupProbe"], container.startup_probe.as_deref()),
        (
            &["lifecycle", "postStart"],
            lifecycle.and_then(|life| life.post_start.as_ref()),
        ),
        (
            &["lifecycle", "preStop"],
            lifecycle.and_then(|life| life.pre_stop.as_ref()),
        ),
    ];
    for (fields, handler) in handlers {
        let Some(host) = handler.and_then(called_host) else {
            continue;
        };
        let key = format!("{name} {} {host}", fields.join("."));
        let what = format!("{} called by the node", shown(host, 120));
        push(violations, key, below(at(), fields), what);
    }
}

/// The host that the kubelet calls, where it is not the pod itself.
fn called_host<'p>(handler: &'p Handler<'_>) -> Option<&'p str> {
    [&handler.http_get, &handler.tcp_socket]
        .into_iter()
        .flatten()
        .filter_map(|target| target.host.as_deref())
        .find(|host| !host.is_empty())
}

/// The settings that confine a container, of a pod or of a container.
struct Confinement<'p, 'a> {
    app_armor: Option<&'p Profile<'a>>,
    seccomp: Option<&'p Profile<'a>>,
    se_linux: Option<&'p SeLinux<'a>>,
    windows: Option<&'p WindowsOptions<'a>>,
}

impl Confinement<'_, '_> {
    fn judge(&self, name: &str, at: impl Fn() -> Path, violations: &mut Vec<Violation>) {
        let mut found = |fields: &[&'static str], what: &str| {
            let key = format!("{name} {}", fields.join("."));
            push(violations, key, below(at(), fields), what);
        };
        let frees = |profile: Option<&Profile<'_>>| {
            let kind = profile.and_then(|profile| profile.kind.as_deref());
            !CONFINING.contains(&kind.unwrap_or_default())
        };
        if frees(self.app_armor) {
            found(&["appArmorProfile"], "no confinement by AppArmor");
        }
        if frees(self.seccomp) {
            found(&["seccompProfile"], "no confinement by seccomp");
        }
        if let Some(labels) = self.se_linux {
            let given =
                |text: &Option<Text<'_>>| text.as_deref().is_some_and(|text| !text.is_empty());
            let kind = labels.kind.as_deref().unwrap_or_default();
            if !SELINUX_TYPES.contains(&kind) || given(&labels.user) || given(&labels.role) {
                found(&["seLinuxOptions"], "SELinux labels of its own choice");
            }
        }
        if let Some(windows) = self.windows {
            if windows.host_process == Some(true) {
                found(&["windowsOptions", "hostProcess"], "a process of the node");
            }
            // More: an identity of the domain.
            for (field, spec) in [
                ("gmsaCredentialSpecName", &windows.gmsa_credential_spec_name),
                ("gmsaCredentialSpec", &windows.gmsa_credential_spec),
            ] {
                if spec.as_deref().is_some_and(|spec| !spec.is_empty()) {
                    found(
                        &["windowsOptions", field],
                        "credentials of a Windows domain",
                    );
                }
            }
        }
    }
}

fn below(path: Path, fields: &[&'static str]) -> Path {
    fields.iter().fold(path, |path, field| path.key(*field))
}

fn push(
    violations: &mut Vec<Violation>,
    key: impl Into<String>,
    path: Path,
    seen: impl Into<String>,
) {
    violations.push(Violation {
        key: key.into(),
        path,
        seen: seen.into(),
    });
}
