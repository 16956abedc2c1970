//! The flags and files each part of the control plane is started with.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::cluster::Options;
use super::supervise::Supervised;
use super::tls::{self, Authority};
use super::users::{self, User};
use super::{assets, dirs};

// Every request, once, when it is answered: who, what, whether it was allowed,
// and the annotations that webhooks add.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

/// The files of one control plane, all in its folder, and its ports.
pub(super) struct Layout {
    dir: PathBuf,
    etcd_port: u16,
    pub(super) apiserver_port: u16,
}

impl Layout {
    /// Writes what the parts read at their start.
    pub(super) fn prepare(
        dir: &Path,
        authority: &Authority,
        people: &[User],
        options: &Options,
    ) -> Self {
        let file = |name: &str, content: &str| dirs::write(&dir.join(name), content);
        let serving = authority.issue(&["127.0.0.1", "localhost", "kubernetes.default.svc"]);
        let (private, public) = tls::signing_key();
        file("ca.crt", &authority.certificate());
        file("apiserver.crt", &serving.certificate);
        file("apiserver.key", &serving.key);
        file("sa.key", &private);
        file("sa.pub", &public);
        file("tokens.csv", &users::token_file(people));
        file("audit.yaml", AUDIT_POLICY);
        if let Some(config) = &options.authorization_config {
            file("authorization.yaml", config);
        }
        Self {
            dir: dir.to_owned(),
            etcd_port: dirs::free_port(),
            apiserver_port: dirs::free_port(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    pub(super) fn controller_kubeconfig(&self) -> PathBuf {
        self.dir.join("controller-manager.kubeconfig")
    }

    fn start(&self, name: &str, args: &[String], env: &[(&str, &str)]) -> Supervised {
        let log = self.dir.join(format!("{name}.log"));
        Supervised::start(name, &assets::program(name), args, env, &log)
    }
}

/// Never syncs to disk: the data lives as long as the run, and a machine under
/// test load has better use for its disk.
pub(super) fn etcd(layout: &Layout) -> Supervised {
    let client = format!("http://127.0.0.1:{}", layout.etcd_port);
    let args = [
        format!("--data-dir={}", layout.path("etcd")),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        "--unsafe-no-fsync=true".to_owned(),
        "--log-level=error".to_owned(),
    ];
    layout.start("etcd", &args, &[])
}

pub(super) fn apiserver(layout: &Layout, options: &Options) -> Supervised {
    let mut args = vec![
        format!("--etcd-servers=http://127.0.0.1:{}", layout.etcd_port),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", layout.apiserver_port),
        format!("--cert-dir={}", layout.path("certs")),
        format!("--tls-cert-file={}", layout.path("apiserver.crt")),
        format!("--tls-private-key-file={}", layout.path("apiserver.key")),
        format!("--client-ca-file={}", layout.path("ca.crt")),
        format!("--token-auth-file={}", layout.path("tokens.csv")),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", layout.path("sa.pub")),
        format!(
            "--service-account-signing-key-file={}",
            layout.path("sa.key")
        ),
        // As on EKS: a node may touch its own pods only.
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        format!("--audit-policy-file={}", layout.path("audit.yaml")),
        format!("--audit-log-path={}", layout.path("audit.log")),
        // The answer waits for its line: a test that has the one finds the other.
        "--audit-log-mode=blocking".to_owned(),
        "--audit-log-maxsize=100000".to_owned(),
    ];
    args.push(match options.authorization_config {
        Some(_) => format!(
            "--authorization-config={}",
            layout.path("authorization.yaml")
        ),
        None => "--authorization-mode=Node,RBAC".to_owned(),
    });
    args.extend(options.apiserver_flags.iter().cloned());
    layout.start("kube-apiserver", &args, &[])
}

pub(super) fn controller_manager(layout: &Layout) -> Supervised {
    let kubeconfig = layout.controller_kubeconfig().display().to_string();
    let args = [
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--leader-elect=false".to_owned(),
        // Each controller under its own service account, as everywhere.
        "--use-service-account-credentials=true".to_owned(),
        format!(
            "--service-account-private-key-file={}",
            layout.path("sa.key")
        ),
        format!("--root-ca-file={}", layout.path("ca.crt")),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", dirs::free_port()),
    ];
    layout.start("kube-controller-manager", &args, &[])
}

/// Writes a kubeconfig (JSON is YAML) that names no namespace: a test says in
/// which one it acts.
pub(super) fn kubeconfig(path: &Path, port: u16, ca: &Path, user: &User) {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "e2e",
        "clusters": [{"name": "e2e", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": ca,
        }}],
        "users": [{"name": "e2e", "user": {"token": user.token}}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e"}}],
    });
    dirs::write(path, config.to_string());
}
