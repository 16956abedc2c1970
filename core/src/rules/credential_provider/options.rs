//! `rules.credential-provider` of the policy file.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::{Flag, Given, Level, Mode, Policy, Reader, RuleEntry, RuleOptions, Text, kind};

/// Credentials other than the job's own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CredentialProvider")]
pub(in crate::rules) struct Entry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Whether a job's pod must come with the credentials of its role, as EKS
    /// puts them in, and with no others; true if not given.
    #[serde(default)]
    require_identity: Given<Flag>,
    /// Folders and sockets of the node that pods may mount, by whole path; none if not
    /// given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    host_paths: Given<Vec<Text<HostPath>>>,
    /// Folders and sockets of the node that pods may mount with `readOnly: true` only. That
    /// is enough to connect to a socket; none if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    read_only_host_paths: Given<Vec<Text<HostPath>>>,
}

/// Options of `credential-provider`.
#[derive(Debug)]
pub(super) struct Options {
    require_identity: bool,
    folders: Folders,
}

/// What of the node pods may mount. Only these exact paths: below a folder that pods
/// write to, a link could lead anywhere.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// As [`canonical`] writes them.
    writable: Vec<String>,
    /// Likewise.
    read_only: Vec<String>,
}

/// How pods may mount a path of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mounted {
    Freely,
    ReadOnly,
    Never,
}

impl Folders {
    pub(super) const NONE: &'static Self = &Self {
        writable: Vec::new(),
        read_only: Vec::new(),
    };

    /// How pods may mount this path.
    pub(super) fn allow(&self, path: &str) -> Mounted {
        let whole = canonical(path.strip_suffix('/').unwrap_or(path));
        let lists = |list: &[String]| list.iter().any(|listed| *listed == *whole);
        if lists(&self.writable) {
            Mounted::Freely
        } else if lists(&self.read_only) {
            Mounted::ReadOnly
        } else {
            Mounted::Never
        }
    }
}

impl Options {
    /// Whether a job's pod must come with the credentials of its role.
    pub(super) fn requires_identity(policy: &Policy) -> bool {
        let options = policy.options::<Self>();
        options.is_none_or(|options| options.require_identity)
    }

    /// What of the node pods may mount.
    pub(super) fn folders(policy: &Policy) -> &Folders {
        let options = policy.options::<Self>();
        options.map_or(Folders::NONE, |options| &options.folders)
    }
}

impl RuleOptions for Options {}

impl RuleEntry for Entry {
    fn mode(&self) -> Option<Mode> {
        self.mode.0
    }

    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>> {
        let required = self.require_identity.0.map(|Flag(required)| required);
        Some(Box::new(Options {
            require_identity: required.unwrap_or(true),
            folders: Folders {
                writable: reader.optional(self.host_paths),
                read_only: reader.optional(self.read_only_host_paths),
            },
        }))
    }
}

/// What `policy check` says about the options.
pub(super) fn notes(policy: &Policy) -> Vec<(Level, String)> {
    let mut notes = Vec::new();
    if !Options::requires_identity(policy) {
        let note = "rule credential-provider lets a job's pod start without the credentials of its role, as the policy says; the AWS SDK then goes on to the node's role";
        notes.push((Level::Note, note.to_owned()));
    }
    let folders = Options::folders(policy);
    let sockets = folders.writable.iter().filter(|path| is_in(path, "/run"));
    for path in sockets {
        let note = format!(
            "pods may replace the sockets in `{path}`, which all pods of the node then meet; to connect to a socket, a path under `readOnlyHostPaths` is enough"
        );
        notes.push((Level::Note, note));
    }
    let disks = folders.writable.iter().chain(&folders.read_only);
    for path in disks.filter(|path| is_in(STRIPED_DISKS, path)) {
        let note = format!(
            "where Karpenter or nodeadm stripes a node's disks (RAID0), `{path}` holds the kubelet's folder with the tokens of all pods; list a folder of your own below it"
        );
        notes.push((Level::Warning, note));
    }
    notes
}

/// Where the array of a node's disks is mounted, with the folders of the kubelet and of
/// containerd (awslabs/amazon-eks-ami, nodeadm's `localStorage`).
const STRIPED_DISKS: &str = "/mnt/k8s-disks/0";

kind!(
    /// A path of the node, as [`canonical`] writes it.
    HostPath: String = "a path of the node that pods may mount", "^(/[A-Za-z0-9._-]+)+$",
    |text: &str| {
        let fits = |part: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            !matches!(part, "" | "." | "..") && part.bytes().all(inner)
        };
        if !text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(fits)) {
            return Err("write the whole path, without a slash at the end: /local1".into());
        }
        let path = canonical(text);
        match NODES_OWN.iter().find(|own| is_in(&path, own) || is_in(own, &path)) {
            Some(own) => Err(format!("it would open {own}, by which a pod controls the node or reads other pods' tokens; list a folder of the disk or agent alone")),
            None => Ok(path.into_owned()),
        }
    }
);

/// The path without the link that nodes have at `/var/run`.
fn canonical(path: &str) -> Cow<'_, str> {
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}").into(),
        _ => path.into(),
    }
}

/// Whether `inner` is `outer` or below it.
fn is_in(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Folders and sockets that give control of the node, or hold the tokens of its pods:
/// programs and settings, devices, the kubelet, container runtimes and what plugs into
/// them, the init system, and clients of AWS with the node's role.
const NODES_OWN: [&str; 68] = [
    "/.bottlerocket",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/local/etc",
    "/local/var",
    "/mnt/k8s-disks/0/containerd",
    "/mnt/k8s-disks/0/kubelet",
    "/mnt/k8s-disks/0/pods",
    "/mnt/k8s-disks/0/soci-snapshotter",
    "/opt/amazon",
    "/opt/aws",
    "/opt/bin",
    "/opt/cni",
    "/opt/containerd",
    "/proc",
    "/root",
    "/run/api.sock",
    "/run/aws-node",
    "/run/buildkit",
    "/run/calico",
    "/run/cdi",
    "/run/cilium",
    "/run/containerd",
    "/run/containers",
    "/run/cri-dockerd.sock",
    "/run/crio",
    "/run/crun",
    "/run/dbus",
    "/run/docker",
    "/run/docker.sock",
    "/run/dockershim.sock",
    "/run/flannel",
    "/run/host-containerd",
    "/run/host-containers",
    "/run/initctl",
    "/run/k3s",
    "/run/netns",
    "/run/nri",
    "/run/podman",
    "/run/runc",
    "/run/snapd.socket",
    "/run/systemd",
    "/run/udev",
    "/run/user",
    "/sbin",
    "/srv/cni",
    "/sys",
    "/usr",
    "/var/lib/amazon",
    "/var/lib/bottlerocket",
    "/var/lib/cloud",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/crio",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/soci-snapshotter-grpc",
    "/var/lib/systemd",
    "/var/log",
    "/var/spool",
];

#[cfg(test)]
mod tests {
    use super::{Folders, HostPath, Mounted};
    use crate::policy::Kind as _;

    #[test]
    fn what_opens_the_node_cannot_be_listed() {
        for path in [
            "/var",
            "/var/run",
            "/run",
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/run/containerd",
            "/run/containerd/containerd.sock",
            "/var/run/containerd/containerd.sock",
            "/run/host-containerd/containerd.sock",
            "/var/run/nri",
            "/var/run/cdi",
            "/run/systemd/private",
            "/run/dbus/system_bus_socket",
            "/var/run/cilium",
            "/var/run/aws-node",
            "/var/lib",
            "/var/lib/kubelet",
            "/var/lib/kubelet/plugins/csi.spiffe.io",
            "/var/lib/kubelet/pods",
            "/var/lib/docker",
            "/var/log",
            "/var/log/pods",
            "/var/log/spark",
            "/var/spool/cron",
            "/etc",
            "/etc/kubernetes/secrets-store-csi-providers",
            "/proc/1/root",
            "/sys/fs/cgroup",
            "/dev/shm",
            "/opt",
            "/opt/cni/bin",
            "/home/ec2-user",
            "/usr/local/bin",
            "/mnt/k8s-disks/0/kubelet",
            "/",
            "/run/",
            "/run/../etc",
            "/run/./datadog",
            "//run/datadog",
            "run/datadog",
            "/run/data*",
            "",
        ] {
            assert!(HostPath::read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn folders_of_agents_and_disks_can() {
        for (path, kept) in [
            ("/var/run/datadog", "/run/datadog"),
            ("/run/datadog/apm.socket", "/run/datadog/apm.socket"),
            (
                "/var/run/secrets-store-csi-providers",
                "/run/secrets-store-csi-providers",
            ),
            ("/run/spire/sockets", "/run/spire/sockets"),
            ("/run/spire/agent-sockets", "/run/spire/agent-sockets"),
            ("/csi", "/csi"),
            ("/local1", "/local1"),
            ("/mnt/fast", "/mnt/fast"),
            ("/mnt/k8s-disks/1", "/mnt/k8s-disks/1"),
            ("/var/lib/spark", "/var/lib/spark"),
            ("/var/cache/spark", "/var/cache/spark"),
            ("/var/runner", "/var/runner"),
            ("/opt/datadog-packages", "/opt/datadog-packages"),
            ("/tmp/spark", "/tmp/spark"),
        ] {
            assert_eq!(HostPath::read(path).as_deref(), Ok(kept), "{path}");
        }
    }

    #[test]
    fn one_folder_by_both_of_its_paths() {
        let folders = Folders {
            writable: vec!["/run/datadog".to_owned()],
            read_only: vec!["/csi".to_owned()],
        };
        for (path, expected) in [
            ("/var/run/datadog", Mounted::Freely),
            ("/run/datadog/", Mounted::Freely),
            ("/run/datadog/apm.socket", Mounted::Never),
            ("/var/run/../run/datadog", Mounted::Never),
            ("/run/datadog//", Mounted::Never),
            ("/csi", Mounted::ReadOnly),
            ("", Mounted::Never),
            ("/", Mounted::Never),
        ] {
            assert_eq!(folders.allow(path), expected, "{path}");
        }
    }
}
