//! A small HTTP server on loopback that serves until it is dropped. On the same port it
//! serves HTTPS: a connection whose first byte begins a TLS handshake gets TLS.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::{https, tls::Authority};

/// The first byte of a TLS connection.
const HANDSHAKE: u8 = 22;

/// One request.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The value of a header; empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// One answer.
pub(super) struct Response {
    pub(super) status: u16,
    /// Without those that concern the connection only, such as `Connection`.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A response whose only header is its content type.
    pub(super) fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into_bytes(),
        }
    }
}

/// A running server.
pub(super) struct Server {
    pub(super) port: u16,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Serves on a free port.
    pub(super) fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound listener").port();
        let stopped = Arc::new(AtomicBool::new(false));
        let (answer, stop) = (Arc::new(answer), Arc::clone(&stopped));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || {
                    // An error here means that the client closed the connection.
                    let _ = converse(stream, &*answer);
                });
            }
        });
        Self { port, stopped }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The listener waits for a connection; after this one it sees `stopped` and ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// The authority that signs the server's certificate.
static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("AWS of the tests"));

/// Its certificate, which a client must trust to use HTTPS.
pub(super) fn authority() -> String {
    AUTHORITY.certificate()
}

/// Serves one connection, with TLS or without.
fn converse(stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> std::io::Result<()> {
    static CONFIG: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| https::config(&AUTHORITY));
    let mut first = [0];
    stream.peek(&mut first)?;
    if first == [HANDSHAKE] {
        let tls = ServerConnection::new(Arc::clone(&CONFIG)).map_err(std::io::Error::other)?;
        return serve(StreamOwned::new(tls, stream), answer);
    }
    serve(stream, answer)
}

/// Answers the requests of a connection, one after the other, until the client closes it.
fn serve(stream: impl Read + Write, answer: &dyn Fn(&Request) -> Response) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        let response = answer(&request);
        let mut head = format!("HTTP/1.1 {} .\r\n", response.status);
        for (name, value) in &response.headers {
            // A response to HEAD has no body, but the length that the body would have.
            if name != "content-length" || request.method == "HEAD" {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        if request.method != "HEAD" {
            let _ = write!(head, "content-length: {}\r\n", response.body.len());
        }
        head.push_str("\r\n");
        let out = stream.get_mut();
        out.write_all(&[head.as_bytes(), &response.body].concat())?;
        out.flush()?;
    }
    Ok(())
}

/// The next request; `None` if the client has closed the connection.
fn read(stream: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next(), words.next());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    assert!(
        !headers.contains_key("transfer-encoding"),
        "the request is chunked; no AWS SDK sends such requests to STS"
    );
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse())
        .map_err(std::io::Error::other)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(Request {
        method: method.unwrap_or_default(),
        path: path.unwrap_or_default(),
        headers,
        body,
    }))
}
