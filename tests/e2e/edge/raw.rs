//! HTTPS by hand: bodies that a proper client would refuse to send.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::harness::rolegate::Rolegate;
use crate::harness::wait::PATIENCE;

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// What happens when the body is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It was all there is.
    Whole,
    /// The head promised one byte more, and the connection's sending half ends.
    Cut,
    /// The head promised one byte more, and nothing ever comes.
    Stalled,
}

/// POSTs a body and reads the answer.
pub(super) fn post(rolegate: &Rolegate, path: &str, body: &[u8], ending: Ending) -> Reply {
    let answer = exchange(rolegate, path, body, ending);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    Reply {
        status: status.unwrap_or_else(|| panic!("no HTTP answer: {answer:?}")),
        body: body.to_owned(),
    }
}

/// POSTs a body; whatever comes back, which is nothing where the handshake fails.
pub(super) fn exchange(rolegate: &Rolegate, path: &str, body: &[u8], ending: Ending) -> String {
    let mut stream = connect(rolegate);
    let length = body.len() + usize::from(ending != Ending::Whole);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // A server may answer and close before it has read everything.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body))
        .and_then(|()| stream.flush());
    if ending == Ending::Cut {
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
    let mut answer = Vec::new();
    // So too when it closes without saying so; the status tells.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The TLS settings of a client that trusts rolegate's authority.
pub(super) fn trusting(rolegate: &Rolegate) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(rolegate.ca.as_bytes()).expect("the run's authority");
    roots.add(ca).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider's own versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn connect(rolegate: &Rolegate) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
    let tls = ClientConnection::new(trusting(rolegate), name).expect("a name");
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, rolegate.port)).expect("it listens");
    tcp.set_read_timeout(Some(PATIENCE)).expect("not zero");
    StreamOwned::new(tls, tcp)
}
