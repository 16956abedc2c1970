//! The control plane's programs: built from `tests/e2e/controlplane` on first
//! use, or taken from `KUBEBUILDER_ASSETS`.
//!
//! `KUBEBUILDER_ASSETS` (controller-runtime's convention: kube-apiserver, etcd
//! and kubectl in one folder) lets the suite run against another Kubernetes
//! version. Such a folder holds no kube-controller-manager: that one is always
//! ours.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::dirs;

const NAMES: [&str; 4] = [
    "kube-apiserver",
    "etcd",
    "kube-controller-manager",
    "kubectl",
];
const GO_MOD: &str = include_str!("../controlplane/go.mod");
const GO_SUM: &str = include_str!("../controlplane/go.sum");
const MAIN_GO: &str = include_str!("../controlplane/main.go");

/// The path of one of the four programs.
pub(crate) fn program(name: &str) -> PathBuf {
    static OWN: LazyLock<PathBuf> = LazyLock::new(|| dirs::locked("controlplane", build));
    if name != "kube-controller-manager"
        && let Some(foreign) = std::env::var_os("KUBEBUILDER_ASSETS")
    {
        let path = Path::new(&foreign).join(name);
        assert!(
            path.is_file(),
            "KUBEBUILDER_ASSETS is set, but {} is missing: fill the folder with `setup-envtest use`, or unset it",
            path.display()
        );
        return path;
    }
    OWN.join(name)
}

fn build() -> PathBuf {
    let mut hash = DefaultHasher::new();
    (GO_MOD, GO_SUM, MAIN_GO, version_flags()).hash(&mut hash);
    let dir = dirs::base().join(format!("controlplane-{:016x}", hash.finish()));
    if dir.is_dir() {
        return dir;
    }
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/controlplane");
    require_go(&module);
    // Straight to the terminal: the test runner would keep it to itself, and
    // minutes of silence look like a hang.
    let _ = writeln!(
        std::io::stderr(),
        "building the test control plane, once: about five minutes on two cores ..."
    );
    let half_done = dir.with_extension("tmp");
    let _ = std::fs::remove_dir_all(&half_done);
    let done = Command::new("go")
        .current_dir(&module)
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags", &version_flags(), "-o"])
        .arg(half_done.join("controlplane"))
        .arg(".")
        .output()
        .expect("go ran a moment ago");
    assert!(
        done.status.success(),
        "go could not build {}:\n{}",
        module.display(),
        String::from_utf8_lossy(&done.stderr)
    );
    for name in NAMES {
        std::os::unix::fs::symlink("controlplane", half_done.join(name))
            .unwrap_or_else(|e| panic!("cannot link {name}: {e}"));
    }
    std::fs::rename(&half_done, &dir)
        .unwrap_or_else(|e| panic!("cannot name {}: {e}", dir.display()));
    dir
}

/// Panics with one sentence unless a Go that can build the module is there.
fn require_go(module: &Path) {
    let needed = go_mod_value("go ");
    let advice = format!(
        "the end-to-end tests build their control plane with Go {needed} or newer: install it from https://go.dev/dl/"
    );
    // Asked inside the module: Go may fetch the toolchain that go.mod wants.
    let found = Command::new("go")
        .current_dir(module)
        .args(["env", "GOVERSION"])
        .output()
        .unwrap_or_else(|e| panic!("{advice} (cannot run go: {e})"));
    let version = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    assert!(
        found.status.success() && number(&version) >= number(needed),
        "{advice} (found {version:?} {})",
        String::from_utf8_lossy(&found.stderr).trim()
    );
}

/// The major and minor number in `go1.26.8`, `1.26.0` or `v1.36.3`.
fn number(version: &str) -> (u32, u32) {
    let mut parts = version
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .split('.')
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Without the first three the API server calls itself v0.0.0, and what depends
/// on its version misbehaves; without the last all clients do, in audit logs.
fn version_flags() -> String {
    let version = go_mod_value("\tk8s.io/kubernetes ");
    let (major, minor) = number(version);
    let server = "k8s.io/component-base/version";
    let client = "k8s.io/client-go/pkg/version";
    format!(
        "-s -w -X {server}.gitVersion={version} -X {server}.gitMajor={major} \
         -X {server}.gitMinor={minor} -X {client}.gitVersion={version}"
    )
}

fn go_mod_value(prefix: &str) -> &'static str {
    GO_MOD
        .lines()
        .find_map(|line| line.strip_prefix(prefix))
        .unwrap_or_else(|| panic!("go.mod has no line that starts with {prefix:?}"))
        .trim()
}
