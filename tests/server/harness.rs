//! A server in this process, on free ports.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::registry::Registry;
use rolegate::certs::{Certificates, in_memory};
use rolegate::cluster::Found;
use rolegate::runtime::Condition;
use rolegate::server::{BadReview, Door, Limits, Ports, Record, Reviewed, Reviewer, Round, Tls};
use rolegate_core::facts::{Known, Need};
use rolegate_core::policy::Mode;
use rolegate_core::policy::RuleId;
use rustls::crypto::aws_lc_rs;
use rustls::server::danger::ClientCertVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) health: SocketAddr,
    pub(crate) ports: Ports,
    pub(crate) certificates: Arc<Certificates>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    /// A server whose clients must show a certificate.
    pub(crate) async fn start_for(clients: Arc<dyn ClientCertVerifier>) -> Self {
        Self::start_with(Limits::default(), Some(clients)).await
    }

    async fn start_with(limits: Limits, clients: Option<Arc<dyn ClientCertVerifier>>) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificates = Certificates::new(&in_memory(Timestamp::now(), &provider).unwrap());
        let ports = Ports {
            limits,
            ..Ports::default()
        };
        let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, health) = (https.local_addr().unwrap(), plain.local_addr().unwrap());
        let mut registry = Registry::default();
        let served: Arc<Certificates> = Arc::clone(&certificates);
        let tls = Tls {
            provider,
            certificates: served,
            clients,
        };
        let reviews = ports.reviews(https, Scripted, tls, &mut registry).unwrap();
        tokio::spawn(reviews);
        tokio::spawn(ports.health(plain, registry));
        Self {
            address,
            health,
            ports,
            certificates,
        }
    }

    pub(crate) fn ready(&self) {
        self.ports.readiness.met(Condition::Policy);
        self.ports.readiness.met(Condition::Certificate);
    }

    /// A GET from the health port.
    pub(crate) async fn get(&self, path: &str) -> String {
        get(self.health, path).await
    }

    /// Waits until the metrics contain `line`.
    pub(crate) async fn metric(&self, line: &str) {
        for _ in 0..200 {
            if self
                .get("/metrics")
                .await
                .lines()
                .any(|found| found == line)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no `{line}` in\n{}", self.get("/metrics").await);
    }
}

/// A GET without TLS. Returns the answer's head and body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A reviewer that does what the first word of the body says.
struct Scripted;

impl Reviewer for Scripted {
    fn review(
        &self,
        door: Door,
        body: &[u8],
        _now: Timestamp,
        found: Option<&Found>,
    ) -> Result<Round, BadReview> {
        let text = String::from_utf8_lossy(body);
        let (step, _padding) = text.split_once(' ').unwrap_or((&text, ""));
        match step {
            // Without the panic hook: to write a backtrace can take longer than a review may.
            "panic" => std::panic::resume_unwind(Box::new("as the test asked")),
            "bad" => {
                return Err(BadReview {
                    status: 400,
                    message: "This is not an AdmissionReview.".to_owned(),
                });
            }
            "bad-with-status-200" => {
                return Err(BadReview {
                    status: 200,
                    message: "This was not decided.".to_owned(),
                });
            }
            "sleep" => std::thread::sleep(Duration::from_millis(1500)),
            _ => {}
        }
        if step == "needs" && found.is_none() {
            return Ok(Round::Needs(vec![Need::object("", "v1", "pods", "a", "p")]));
        }
        if step == "always-needs" {
            return Ok(Round::Needs(Vec::new()));
        }
        let record = Record {
            operation: "CREATE",
            decision: "deny",
            findings: vec![(RuleId::new("pod-exec"), Mode::Enforce)],
            ..Record::default()
        };
        let looked_up = found.map_or(0, |Found(all)| all.len());
        Ok(Round::Reviewed(Reviewed {
            body: format!("{{\"door\":\"{door}\",\"found\":{looked_up}}}").into_bytes(),
            record,
        }))
    }

    async fn look_up(&self, needs: Vec<Need>) -> Found {
        let unknown = |need| (need, Known::Unknown);
        Found(needs.into_iter().map(unknown).collect())
    }
}
