//! Clients of rolegate's port that are not the API server, from addresses of
//! their own, each doing one costly or idle thing over and over.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::rolegate::Rolegate;

pub(super) const MIB: usize = 1024 * 1024;
const DOORS: [&str; 5] = [
    "/validate/cluster",
    "/mutate",
    "/validate/warn",
    "/validate/audit",
    "/validate/enforce",
];

/// What each client does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trick {
    /// Opens connections, says nothing, and keeps them.
    NoHandshake,
    /// Shakes hands and says nothing more.
    NoRequest,
    /// Gets one answer, and says nothing more.
    Worked,
    /// A head, byte by byte.
    HeadTrickle,
    /// Declares 32 MiB and sends one byte.
    OneByte,
    /// Declares 32 MiB and sends a byte now and then.
    Trickle,
    /// Sends all but the last byte of as many.
    AllButOne(usize),
    /// Sends as many bytes of nonsense, and does it again.
    Garbage(usize),
    /// Sends complete reviews of as many bytes, which take long, again and again.
    Reviews(usize),
    /// Sends requests without reading the answers.
    Pipelined,
    /// Shakes hands and goes away, as often as it can.
    Handshakes,
}

/// Attackers at work. They stop when it is dropped.
pub(super) struct Crowd(Option<Runtime>);

impl Crowd {
    /// `count` clients at the addresses 127.0.0.`from`.
    pub(super) fn start(rolegate: &Rolegate, trick: Trick, count: usize, from: &[u8]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let connector = TlsConnector::from(super::raw::trusting(rolegate));
        for number in 0..count {
            let attacker = Attacker {
                connector: connector.clone(),
                from: SocketAddr::from(([127, 0, 0, from[number % from.len()]], 0)),
                to: SocketAddr::from(([127, 0, 0, 1], rolegate.port)),
                path: DOORS[number % DOORS.len()],
            };
            runtime.spawn(async move {
                loop {
                    // Refused, displaced, timed out: it comes back.
                    let _ended = attacker.play(trick).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
        Self(Some(runtime))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct Attacker {
    connector: TlsConnector,
    from: SocketAddr,
    to: SocketAddr,
    path: &'static str,
}

impl Attacker {
    async fn tcp(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.from)?;
        socket.connect(self.to).await
    }

    async fn tls(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::from(self.to.ip());
        self.connector.connect(name, self.tcp().await?).await
    }

    fn head(&self, length: usize) -> String {
        format!(
            "POST {}?timeout=30s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n",
            self.path
        )
    }

    /// A valid review of a custom resource with this text in it, and its answer.
    async fn review(&self, stream: &mut TlsStream<TcpStream>, text: &str) -> std::io::Result<()> {
        let object = json!({"metadata": {"name": "x"}, "spec": {"text": "HERE"}});
        let review = super::bodies::review("edge.example/blobs", &object).to_string();
        let body = review.replace("HERE", text);
        stream.write_all(self.head(body.len()).as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.read(&mut [0; 1024]).await.map(drop)
    }

    async fn play(&self, trick: Trick) -> std::io::Result<()> {
        match trick {
            Trick::NoHandshake => end(&mut self.tcp().await?).await,
            Trick::NoRequest => end(&mut self.tls().await?).await,
            Trick::HeadTrickle => trickle(&mut self.tls().await?).await,
            Trick::OneByte => {
                let mut stream = self.tls().await?;
                stream
                    .write_all((self.head(32 * MIB) + "x").as_bytes())
                    .await?;
                end(&mut stream).await
            }
            Trick::Trickle => {
                let mut stream = self.tls().await?;
                stream.write_all(self.head(32 * MIB).as_bytes()).await?;
                trickle(&mut stream).await
            }
            Trick::AllButOne(bytes) => {
                let mut stream = self.tls().await?;
                stream.write_all(self.head(bytes + 1).as_bytes()).await?;
                blanks(&mut stream, bytes).await?;
                end(&mut stream).await
            }
            Trick::Garbage(bytes) => {
                let mut stream = self.tls().await?;
                stream.write_all(self.head(bytes).as_bytes()).await?;
                blanks(&mut stream, bytes).await?;
                let mut answer = [0; 1024];
                stream.read(&mut answer).await.map(drop)
            }
            Trick::Worked => {
                let mut stream = self.tls().await?;
                self.review(&mut stream, "").await?;
                end(&mut stream).await
            }
            Trick::Reviews(bytes) => {
                let mut stream = self.tls().await?;
                self.review(&mut stream, &"\\u003c".repeat(bytes / 6)).await
            }
            Trick::Pipelined => {
                let mut stream = self.tls().await?;
                let many = (self.head(2) + "{}").repeat(1000);
                loop {
                    stream.write_all(many.as_bytes()).await?;
                }
            }
            Trick::Handshakes => self.tls().await.map(drop),
        }
    }
}

/// Blanks are read to their end before anything is wrong.
async fn blanks(stream: &mut (impl AsyncWriteExt + Unpin), bytes: usize) -> std::io::Result<()> {
    static PIECE: [u8; 64 * 1024] = [b' '; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE.len());
        stream.write_all(&PIECE[..piece]).await?;
        left -= piece;
    }
    Ok(())
}

/// Waits until the other side closes.
async fn end(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<()> {
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

async fn trickle(stream: &mut (impl AsyncWriteExt + Unpin)) -> std::io::Result<()> {
    loop {
        stream.write_all(b"P").await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
