//! Certificate rotation as the kubelet does it: a new directory, and the
//! symlink `..data` swapped.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use prometheus_client::registry::Registry;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rolegate::certs::{CertificateFiles, CertificateMetrics};
use rolegate::server::Limits;
use rustls::crypto::aws_lc_rs;

use crate::client::Client;
use crate::harness::Server;

/// A folder laid out like a mounted Secret.
struct Volume(tempfile::TempDir);

impl Volume {
    fn new(certificate: &str, key: &str) -> Self {
        let volume = Self(tempfile::tempdir().unwrap());
        volume.swap("first", certificate, key);
        for file in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(file), volume.file(file)).unwrap();
        }
        volume
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn swap(&self, generation: &str, certificate: &str, key: &str) {
        let directory = format!("..{generation}");
        fs::create_dir(self.file(&directory)).unwrap();
        fs::write(self.file(&directory).join("tls.crt"), certificate).unwrap();
        fs::write(self.file(&directory).join("tls.key"), key).unwrap();
        let old = fs::read_link(self.file("..data")).ok();
        symlink(&directory, self.file("..data_tmp")).unwrap();
        fs::rename(self.file("..data_tmp"), self.file("..data")).unwrap();
        if let Some(old) = old {
            fs::remove_dir_all(self.0.path().join(old)).unwrap();
        }
    }

    fn files(&self) -> CertificateFiles {
        let provider = Arc::new(aws_lc_rs::default_provider());
        CertificateFiles::new(self.file("tls.crt"), self.file("tls.key"), provider)
    }
}

struct Issue {
    pem: String,
    key: String,
    der: Vec<u8>,
}

fn issue() -> Issue {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Issue {
        pem: cert.pem(),
        key: signing_key.serialize_pem(),
        der: cert.der().to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_loses_no_request() {
    let (first, second) = (issue(), issue());
    let volume = Volume::new(&first.pem, &first.key);
    let server = Server::start(Limits::default()).await;
    let metrics = CertificateMetrics::register(&mut Registry::default());
    let mut files = volume.files();
    server.certificates.replace(&files.load().unwrap());
    assert_eq!(
        Client::connect(server.address).await.certificate(),
        first.der
    );

    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let load: Vec<_> = (0..4)
        .map(|worker| {
            let (stop, answered, address) =
                (Arc::clone(&stop), Arc::clone(&answered), server.address);
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                while !stop.load(Ordering::Relaxed) {
                    // Half of the workers keep their connection, half open new ones.
                    if worker % 2 == 0 {
                        client = Client::connect(address).await;
                    }
                    assert_eq!(client.post("/mutate", "{}").await.status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let reach = async |goal: usize| {
        while answered.load(Ordering::Relaxed) < goal {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    reach(50).await;
    let mut kept = Client::connect(server.address).await;
    volume.swap("second", &second.pem, &second.key);
    files.reload(&server.certificates, &metrics);
    assert_eq!(
        Client::connect(server.address).await.certificate(),
        second.der,
        "the next handshake uses it"
    );
    assert_eq!(
        kept.post("/mutate", "{}").await.status,
        200,
        "and the old connection stays open"
    );
    let now = answered.load(Ordering::Relaxed);
    reach(now + 50).await;
    stop.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_pair_leaves_the_old_one_in_use() {
    let (first, second) = (issue(), issue());
    let volume = Volume::new(&first.pem, &first.key);
    let server = Server::start(Limits::default()).await;
    let mut registry = Registry::default();
    let metrics = CertificateMetrics::register(&mut registry);
    let mut files = volume.files();
    server.certificates.replace(&files.load().unwrap());
    let kept = |registry: &Registry| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        let line = text.lines().find_map(|line| {
            line.strip_prefix(r#"rolegate_certificate_reloads_total{result="kept"} "#)
        });
        line.unwrap().parse::<u32>().unwrap()
    };

    for (generation, certificate, key) in [
        ("mismatched", &second.pem, &first.key),
        ("no-key", &second.pem, &second.pem),
        ("nothing", &String::new(), &String::new()),
    ] {
        let before = kept(&registry);
        volume.swap(generation, certificate, key);
        for _ in 0..3 {
            files.reload(&server.certificates, &metrics);
        }
        assert_eq!(
            Client::connect(server.address).await.certificate(),
            first.der,
            "{generation}"
        );
        assert_eq!(kept(&registry), before + 1, "{generation} is reported once");
    }
    fs::remove_file(volume.file("tls.key")).unwrap();
    files.reload(&server.certificates, &metrics);
    assert_eq!(
        Client::connect(server.address).await.certificate(),
        first.der,
        "a missing file"
    );
    symlink("..data/tls.key", volume.file("tls.key")).unwrap();
    volume.swap("repaired", &second.pem, &second.key);
    files.reload(&server.certificates, &metrics);
    assert_eq!(
        Client::connect(server.address).await.certificate(),
        second.der
    );
}
