//! A tiny HTTPS server: enough HTTP/1.1 for an API server that calls a webhook.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::tls::Authority;

/// Serves POST bodies with `answer` on a free loopback port, until the process
/// ends. Gives the port.
pub(super) fn serve(
    authority: &Authority,
    answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> u16 {
    let config = config(authority);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound listener").port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
            std::thread::spawn(move || {
                // A client that goes away is no concern of the server's.
                let _ = converse(stream, config, &*answer);
            });
        }
    });
    port
}

/// What a server on loopback needs, with a certificate of this authority.
pub(super) fn config(authority: &Authority) -> Arc<ServerConfig> {
    let pair = authority.issue(&["127.0.0.1"]);
    let certificate =
        CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("a certificate we made");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key we made");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key)
        })
        .expect("a certificate with its own key");
    Arc::new(config)
}

/// One connection, request after request: the API server keeps it alive.
fn converse(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answer: &dyn Fn(&[u8]) -> Vec<u8>,
) -> std::io::Result<()> {
    let tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(tls, stream));
    while let Some(length) = read_head(&mut stream)? {
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let answer = answer(&body);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        let out = stream.get_mut();
        out.write_all(head.as_bytes())?;
        out.write_all(&answer)?;
        out.flush()?;
    }
    Ok(())
}

/// The length of the body that follows, or nothing at the connection's end.
fn read_head(stream: &mut impl BufRead) -> std::io::Result<Option<usize>> {
    let mut length = 0;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            return Ok(Some(length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        line.clear();
    }
    Ok(None)
}
