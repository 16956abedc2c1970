//! Many clients of one address at once, as an API server is one: each has one
//! request in flight, on a connection of its own. Prints one line: how many
//! requests were answered, refused and lost, how long they took, and the server's
//! memory. `benches/burst.sh` runs it.
//!
//! `burst --clients 400 --requests 70 --fresh --pid 123`

mod client;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use client::{Connection, Dialer, Target, memory};

/// The timeout of the shipped webhook configurations.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Clone, Parser)]
struct Burst {
    #[command(flatten)]
    target: Target,
    /// Clients that begin together
    #[arg(long, default_value_t = 400)]
    clients: usize,
    /// Requests of each client, one after the other
    #[arg(long, default_value_t = 20)]
    requests: usize,
    /// Open a connection for each request
    #[arg(long)]
    fresh: bool,
    /// Connections that are opened before, and do nothing
    #[arg(long, default_value_t = 0)]
    stalled: usize,
    /// How far those get
    #[arg(long, value_enum, default_value_t = Stall::Tls)]
    stall: Stall,
    /// Connections that are opened before, get one answer each, and are kept;
    /// in the end each asks again
    #[arg(long, default_value_t = 0)]
    hold: usize,
    /// Send SIGTERM to `--pid` when this many requests are answered
    #[arg(long)]
    stop_after: Option<usize>,
    /// Process whose memory is measured
    #[arg(long)]
    pid: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stall {
    /// A TCP connection
    Tcp,
    /// A TLS handshake
    Tls,
    /// Half a request
    Half,
}

/// What became of the requests.
#[derive(Debug, Default)]
struct Tally {
    latencies: Vec<Duration>,
    /// Answered with 429.
    refused: usize,
    /// Lost, and why.
    lost: BTreeMap<String, usize>,
    /// Connections that the server did not accept, after it was told to stop.
    turned_away: usize,
}

enum Outcome {
    Answered(Duration),
    Refused,
    Lost(String),
    TurnedAway,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Answered(latency) => self.latencies.push(latency),
            Outcome::Refused => self.refused += 1,
            Outcome::Lost(why) => *self.lost.entry(why).or_default() += 1,
            Outcome::TurnedAway => self.turned_away += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
        self.turned_away += other.turned_away;
        for (why, count) in other.lost {
            *self.lost.entry(why).or_default() += count;
        }
    }

    fn line(&mut self) -> String {
        self.latencies.sort_unstable();
        let at = |percent: usize| {
            let index = (self.latencies.len().max(1) - 1) * percent / 100;
            self.latencies.get(index).map_or(0, Duration::as_millis)
        };
        let lost: usize = self.lost.values().sum();
        let mut line = format!(
            "answered={} refused={} lost={lost} turned_away={} p50_ms={} p99_ms={} max_ms={}",
            self.latencies.len(),
            self.refused,
            self.turned_away,
            at(50),
            at(99),
            at(100)
        );
        for (why, count) in &self.lost {
            let _infallible = write!(line, " [{count}: {why}]");
        }
        line
    }
}

/// What all clients share.
struct Shared {
    dialer: Dialer,
    request: Vec<u8>,
    answered: AtomicUsize,
    stopped: AtomicBool,
    options: Burst,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Burst::parse();
    options.target.wait_until_listening()?;
    let shared = Arc::new(Shared {
        dialer: Dialer::new(options.target.address)?,
        request: options.target.request()?,
        answered: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        options: options.clone(),
    });
    let stalled = shared.stalled().await?;
    let (held, mut all) = shared.hold().await;
    all.add(shared.run().await?);
    if options.hold > 0 {
        // What is open now, and what has been freed is given back.
        sleep(Duration::from_secs(1)).await;
    }
    let memory = (
        memory(options.pid, "status", "VmRSS"),
        memory(options.pid, "smaps_rollup", "Pss"),
    );
    let kept = held.len();
    for mut connection in held {
        all.count(shared.ask(&mut connection, Instant::now()).await.0);
    }
    let mut line = all.line();
    if options.hold > 0 {
        write!(line, " held={kept}")?;
    }
    if let (Ok(rss), Ok(pss)) = memory {
        write!(line, " rss_kib={rss} pss_kib={pss}")?;
    }
    anstream::println!("{line}");
    drop(stalled);
    Ok(())
}

impl Shared {
    /// Opens the connections that do nothing.
    async fn stalled(self: &Arc<Self>) -> anyhow::Result<Vec<Stalled>> {
        let mut all = Vec::new();
        for _ in 0..self.options.stalled {
            let tcp = self.dialer.tcp().await?;
            all.push(match self.options.stall {
                Stall::Tcp => Stalled::Tcp(tcp),
                Stall::Tls => Stalled::Tls(Box::new(self.dialer.tls(tcp).await?)),
                Stall::Half => {
                    let mut connection = self.dialer.tls(tcp).await?;
                    let half = self.request.len() / 2;
                    connection.stream.write_all(&self.request[..half]).await?;
                    Stalled::Tls(Box::new(connection))
                }
            });
        }
        Ok(all)
    }

    /// Opens the connections that are kept.
    async fn hold(self: &Arc<Self>) -> (Vec<Connection>, Tally) {
        let (mut held, mut tally) = (Vec::new(), Tally::default());
        let mut tasks = JoinSet::new();
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..64 {
            let (shared, next) = (Arc::clone(self), Arc::clone(&next));
            tasks.spawn(async move {
                let (mut held, mut tally) = (Vec::new(), Tally::default());
                while next.fetch_add(1, Ordering::Relaxed) < shared.options.hold {
                    let (outcome, connection) = shared.fresh().await;
                    tally.count(outcome);
                    held.extend(connection);
                }
                (held, tally)
            });
        }
        for (connections, counted) in tasks.join_all().await {
            held.extend(connections);
            tally.add(counted);
        }
        (held, tally)
    }

    /// Runs the clients.
    async fn run(self: &Arc<Self>) -> anyhow::Result<Tally> {
        let together = Arc::new(Barrier::new(self.options.clients));
        let mut clients = JoinSet::new();
        for _ in 0..self.options.clients {
            let (shared, together) = (Arc::clone(self), Arc::clone(&together));
            clients.spawn(async move {
                together.wait().await;
                shared.client().await
            });
        }
        let mut all = Tally::default();
        while let Some(tally) = clients.join_next().await {
            all.add(tally.context("a client panicked")?);
        }
        Ok(all)
    }

    async fn client(&self) -> Tally {
        let (mut tally, mut kept) = (Tally::default(), None);
        for _ in 0..self.options.requests {
            let (outcome, connection) = match kept.take() {
                None => self.fresh().await,
                Some(mut connection) => {
                    let (outcome, closes) = self.ask(&mut connection, Instant::now()).await;
                    (outcome, (!closes).then_some(connection))
                }
            };
            let over = matches!(outcome, Outcome::TurnedAway);
            tally.count(outcome);
            kept = connection.filter(|_| !self.options.fresh);
            if over {
                break;
            }
        }
        tally
    }

    /// A request on a new connection.
    async fn fresh(&self) -> (Outcome, Option<Connection>) {
        let began = Instant::now();
        let stopped = self.stopped.load(Ordering::Relaxed);
        let tcp = match timeout(PATIENCE, self.dialer.tcp()).await {
            Ok(Ok(tcp)) => tcp,
            // Nobody has accepted it.
            Ok(Err(_)) | Err(_) if stopped || self.stopped.load(Ordering::Relaxed) => {
                return (Outcome::TurnedAway, None);
            }
            Ok(Err(error)) => return (Outcome::Lost(format!("to connect: {error}")), None),
            Err(_) => return (Outcome::Lost("to connect: too slow".to_owned()), None),
        };
        let mut connection = match timeout(PATIENCE, self.dialer.tls(tcp)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return (Outcome::Lost(format!("handshake: {error}")), None),
            Err(_) => return (Outcome::Lost("handshake: too slow".to_owned()), None),
        };
        let (outcome, closes) = self.ask(&mut connection, began).await;
        (outcome, (!closes).then_some(connection))
    }

    /// A request on an open connection, and whether that ends with it.
    async fn ask(&self, connection: &mut Connection, began: Instant) -> (Outcome, bool) {
        let left = PATIENCE.saturating_sub(began.elapsed());
        match timeout(left, connection.ask(&self.request)).await {
            Ok(Ok(answer)) if answer.status == 200 => {
                self.answered();
                (Outcome::Answered(began.elapsed()), answer.closes)
            }
            Ok(Ok(answer)) if answer.status == 429 => (Outcome::Refused, answer.closes),
            Ok(Ok(answer)) => (Outcome::Lost(format!("status {}", answer.status)), true),
            Ok(Err(error)) => (Outcome::Lost(format!("answer: {error}")), true),
            Err(_) => (Outcome::Lost("answer: too slow".to_owned()), true),
        }
    }

    fn answered(&self) {
        let before = self.answered.fetch_add(1, Ordering::Relaxed);
        if self.options.stop_after == Some(before + 1) {
            self.stopped.store(true, Ordering::Relaxed);
            let pid = i32::try_from(self.options.pid).ok().and_then(Pid::from_raw);
            if let Some(pid) = pid {
                let _gone = kill_process(pid, Signal::TERM);
            }
        }
    }
}

/// A connection that does nothing but stay open.
#[allow(dead_code, reason = "only held")]
enum Stalled {
    Tcp(TcpStream),
    Tls(Box<Connection>),
}
