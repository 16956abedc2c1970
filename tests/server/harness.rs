//! A server in this process, on ports the system picks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::registry::Registry;
use rolegate::certs::{Certificates, in_memory};
use rolegate::runtime::Condition;
use rolegate::server::{BadReview, Door, Limits, Ports, Record, Reviewed, Reviewer};
use rolegate_core::policy::Mode;
use rolegate_core::policy::RuleId;
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) health: SocketAddr,
    pub(crate) stack: Ports,
    pub(crate) certificates: Arc<Certificates>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificates = Certificates::new(&in_memory(Timestamp::now(), &provider).unwrap());
        let stack = Ports {
            limits,
            ..Ports::default()
        };
        let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, health) = (https.local_addr().unwrap(), plain.local_addr().unwrap());
        let mut registry = Registry::default();
        let served: Arc<Certificates> = Arc::clone(&certificates);
        let reviews = stack
            .reviews(https, Obedient, provider, served, &mut registry)
            .unwrap();
        tokio::spawn(reviews);
        tokio::spawn(stack.health(plain, registry));
        Self {
            address,
            health,
            stack,
            certificates,
        }
    }

    pub(crate) fn ready(&self) {
        self.stack.readiness.met(Condition::Policy);
        self.stack.readiness.met(Condition::Certificate);
    }

    /// What the health port says.
    pub(crate) async fn get(&self, path: &str) -> String {
        get(self.health, path).await
    }

    /// Waits until the metrics say so.
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

/// A plain GET; the whole answer as text.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Does what the body says.
struct Obedient;

impl Reviewer for Obedient {
    fn review(&self, door: Door, body: &[u8], _now: Timestamp) -> Result<Reviewed, BadReview> {
        let text = String::from_utf8_lossy(body);
        let (order, _padding) = text.split_once(' ').unwrap_or((&text, ""));
        match order {
            "panic" => panic!("as told"),
            "bad" => {
                return Err(BadReview {
                    status: 400,
                    message: "This is no AdmissionReview.".to_owned(),
                });
            }
            "liar" => {
                return Err(BadReview {
                    status: 200,
                    message: "This was not decided.".to_owned(),
                });
            }
            "sleep" => std::thread::sleep(Duration::from_millis(1500)),
            _ => {}
        }
        let record = Record {
            operation: "CREATE",
            decision: "deny",
            findings: vec![(RuleId::new("pod-exec"), Mode::Enforce)],
            ..Record::default()
        };
        Ok(Reviewed {
            body: format!("{{\"door\":\"{door}\"}}").into_bytes(),
            record,
        })
    }
}
