//! `certs/dev.sh`, against a stand-in for `kubectl` that keeps one `caBundle`.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Answers `get` with the bundle, takes it from patches, and keeps the Secret's order.
const KUBECTL: &str = r#"#!/bin/sh
case "$1 $2" in
"get MutatingWebhookConfiguration") exit 0 ;;
"get "*) case "$*" in
  *caBundle*) cat "$STATE/bundle" 2>/dev/null; echo ;;
  *) echo "enforce.rolegate.dev warn.rolegate.dev " ;;
  esac ;;
"patch "*) shift; while [ $# -gt 0 ]; do
    if [ "$1" = --patch-file ]; then sed -n 's/^ *caBundle: //p' "$2" | sort -u >"$STATE/bundle"; fi
    shift
  done; echo patch >>"$STATE/order" ;;
"apply "*) cat >/dev/null; echo secret >>"$STATE/order" ;;
*) echo "kind: Secret" ;;
esac
"#;

struct Cluster(tempfile::TempDir);

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kubectl = folder.path().join("kubectl");
        fs::write(&kubectl, KUBECTL).expect("written");
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).expect("executable");
        Self(folder)
    }

    /// Runs the script with certificates of its own clone; returns its CA.
    fn apply(&self, clone: &Path, more: &[&str]) -> String {
        let output = self.run(clone, more);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        fs::read_to_string(clone.join("ca.crt")).expect("a CA")
    }

    fn run(&self, clone: &Path, more: &[&str]) -> Output {
        let path = std::env::var("PATH").expect("a path");
        Command::new("bash")
            .arg("certs/dev.sh")
            .arg("--out")
            .arg(clone)
            .arg("--apply")
            .args(more)
            .env("PATH", format!("{}:{path}", self.0.path().display()))
            .env("STATE", self.0.path())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("bash runs")
    }

    /// The certificates that the API server trusts.
    fn trusted(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.path().join("bundle")).expect("a bundle");
        let pem = BASE64_STANDARD.decode(text.trim()).expect("base64");
        let pem = String::from_utf8(pem).expect("PEM");
        let certificates = pem.split_inclusive("-----END CERTIFICATE-----\n");
        certificates.map(str::to_owned).collect()
    }
}

#[test]
fn what_the_cluster_trusts_stays_trusted() {
    let cluster = Cluster::new();
    let (one, other) = (tempfile::tempdir(), tempfile::tempdir());
    let (one, other) = (one.expect("a folder"), other.expect("a folder"));
    let first = cluster.apply(one.path(), &[]);
    assert_eq!(cluster.trusted(), std::slice::from_ref(&first));
    // Another clone: pods still serve a certificate of the first CA.
    let second = cluster.apply(other.path(), &[]);
    assert_eq!(cluster.trusted(), [second.clone(), first.clone()]);
    // Again, nothing is added.
    assert_eq!(cluster.apply(other.path(), &[]), second);
    assert_eq!(cluster.trusted(), [second.clone(), first.clone()]);
    // On purpose.
    let third = cluster.apply(other.path(), &["--new-ca"]);
    assert_ne!(third, second);
    assert_eq!(cluster.trusted(), [third, second, first]);
    let order = fs::read_to_string(cluster.0.path().join("order")).expect("an order");
    assert!(
        order.starts_with("patch\nsecret\n"),
        "trust comes first: {order}"
    );
}

/// A cluster that does not answer changes nothing, a CA on this machine included.
#[test]
fn without_an_answer_nothing_changes() {
    let cluster = Cluster::new();
    let clone = tempfile::tempdir().expect("a folder");
    let ca = cluster.apply(clone.path(), &[]);
    fs::write(cluster.0.path().join("kubectl"), "#!/bin/sh\nexit 1\n").expect("written");
    let output = cluster.run(clone.path(), &["--new-ca"]);
    assert!(!output.status.success());
    let kept = fs::read_to_string(clone.path().join("ca.crt")).expect("a CA");
    assert_eq!(kept, ca);
}

#[test]
fn what_is_no_longer_valid_goes() {
    let cluster = Cluster::new();
    let folder = tempfile::tempdir().expect("a folder");
    let expired = folder.path().join("expired.crt");
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", "-days", "1",
        ])
        .args([
            "-not_before",
            "20200101000000Z",
            "-not_after",
            "20200102000000Z",
        ])
        .arg("-keyout")
        .arg(folder.path().join("key"))
        .arg("-out")
        .arg(&expired)
        .output()
        .expect("openssl runs");
    // Older versions of openssl cannot make an expired certificate; then text that is
    // no certificate stands for it.
    let old = if made.status.success() {
        fs::read(&expired).expect("a certificate")
    } else {
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()
    };
    fs::write(cluster.0.path().join("bundle"), BASE64_STANDARD.encode(old)).expect("written");
    let ca = cluster.apply(&folder.path().join("clone"), &[]);
    assert_eq!(cluster.trusted(), [ca]);
}
