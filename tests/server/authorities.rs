//! `--client-ca`: clients without a certificate of the right authority get no
//! further than the handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prometheus_client::registry::Registry;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rolegate::certs::{AuthorityFile, AuthorityMetrics, ClientCertificates};
use rustls::crypto::aws_lc_rs;

use crate::client::Client;
use crate::harness::Server;

struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, both PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose, last_year: i32) -> Pair {
        let mut params = CertificateParams::new(["apiserver".to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Pair {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn client(&self) -> Pair {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth, 2999)
    }
}

/// Whether a client that shows `pair` gets an answer. In TLS 1.3 it learns only
/// after its own side of the handshake that the server refuses it.
async fn is_answered(server: &Server, pair: Option<&Pair>) -> bool {
    let client = match pair {
        Some(pair) => Client::showing(server.address, &pair.certificate, &pair.key).await,
        None => Client::offering(server.address, &[b"http/1.1"]).await,
    };
    let Ok(mut client) = client else { return false };
    let request = crate::client::post("/mutate", "{}");
    let sent = tokio::io::AsyncWriteExt::write_all(&mut client.stream, request.as_bytes()).await;
    sent.is_ok() && matches!(client.try_answer().await, Some(answer) if answer.status == 200)
}

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.crt");
        std::fs::write(&path, content).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    fn reader(&self) -> AuthorityFile {
        AuthorityFile::new(self.path.clone(), Arc::new(aws_lc_rs::default_provider()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_certificates_of_the_authority_get_an_answer() {
    let (ours, other) = (Authority::new(), Authority::new());
    let checked = ClientCertificates::new(File::new(&ours.pem()).reader().load().unwrap());
    let server = Server::start_for(checked).await;
    assert!(is_answered(&server, Some(&ours.client())).await);
    let server_only = ours.issue(ExtendedKeyUsagePurpose::ServerAuth, 2999);
    let expired = ours.issue(ExtendedKeyUsagePurpose::ClientAuth, 2001);
    for (name, pair) in [
        ("none", None),
        ("another authority's", Some(&other.client())),
        ("for servers", Some(&server_only)),
        ("expired", Some(&expired)),
    ] {
        assert!(!is_answered(&server, pair).await, "{name}");
    }
    server
        .metric(r#"rolegate_tls_handshake_failures_total{reason="failed"} 4"#)
        .await;
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.contains(r#"requests_total{door="mutate",operation="CREATE",decision="deny"} 1"#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_counts_and_a_broken_one_does_not() {
    let (first, second) = (Authority::new(), Authority::new());
    let file = File::new(&first.pem());
    let mut reader = file.reader();
    let checked = ClientCertificates::new(reader.load().unwrap());
    let server = Server::start_for(Arc::clone(&checked) as Arc<_>).await;
    let mut registry = Registry::default();
    let metrics = AuthorityMetrics::register(&mut registry);
    let (old, new) = (first.client(), second.client());

    let broken = second
        .pem()
        .replacen("BEGIN CERTIFICATE-----\n", "$&AAAA", 1);
    let leaf = second.client().certificate;
    for (kept, content) in ["", "-----BEGIN CERTIFICATE-----\n", &broken, &leaf]
        .into_iter()
        .enumerate()
    {
        std::fs::write(&file.path, content).unwrap();
        for _ in 0..3 {
            reader.reload(&checked, &metrics);
        }
        assert!(is_answered(&server, Some(&old)).await, "{content}");
        assert_eq!(
            count(&registry, "kept"),
            kept + 1,
            "reported once: {content}"
        );
    }
    std::fs::remove_file(&file.path).unwrap();
    for _ in 0..3 {
        reader.reload(&checked, &metrics);
    }
    assert!(is_answered(&server, Some(&old)).await, "a missing file");
    assert_eq!(count(&registry, "kept"), 5);

    std::fs::write(&file.path, first.pem() + &second.pem()).unwrap();
    reader.reload(&checked, &metrics);
    assert!(is_answered(&server, Some(&old)).await && is_answered(&server, Some(&new)).await);
    std::fs::write(&file.path, second.pem()).unwrap();
    reader.reload(&checked, &metrics);
    assert!(!is_answered(&server, Some(&old)).await && is_answered(&server, Some(&new)).await);
    assert_eq!(count(&registry, "replaced"), 2);
}

fn count(registry: &Registry, result: &str) -> usize {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    let name = format!("rolegate_client_ca_reloads_total{{result=\"{result}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap().parse().unwrap()
}

#[test]
fn at_start_a_bad_file_is_one_sentence() {
    let authority = Authority::new();
    for (content, wanted) in [
        (String::new(), "there is no certificate in PEM form in it"),
        (
            authority.client().certificate,
            "not the certificate of an authority",
        ),
        (authority.client().key, "there is no certificate"),
    ] {
        let file = File::new(&content);
        let error = format!("{:#}", file.reader().load().unwrap_err());
        assert!(
            error.contains(wanted) && error.contains("ca.crt") && error.lines().count() == 1,
            "{error}"
        );
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut missing = AuthorityFile::new(Path::new("/nonexistent/ca.crt").into(), provider);
    let error = format!("{:#}", missing.load().unwrap_err());
    assert!(error.contains("cannot read /nonexistent/ca.crt"), "{error}");
}
