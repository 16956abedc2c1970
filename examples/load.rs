//! Sends requests to one door over a few kept-alive HTTPS connections, and
//! prints one line: throughput, latencies, and the server's processor time and
//! memory.
//!
//! `load --connections 4 --seconds 5 --pid 123`

mod client;

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;

use client::{Dialer, Target, memory};

/// The unit of processor time in `/proc/<pid>/stat`; the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Parser)]
struct Load {
    #[command(flatten)]
    target: Target,
    /// Kept-alive connections, with one request at a time on each
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Duration of the run
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Requests on each connection, where the run may end before that
    #[arg(long)]
    requests: Option<usize>,
    /// Threads, which share the connections
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Process whose processor time and memory are measured
    #[arg(long)]
    pid: Option<u32>,
}

fn main() -> anyhow::Result<()> {
    let load = Load::parse();
    load.target.wait_until_listening()?;
    let idle = load
        .pid
        .map(|pid| memory(pid, "status", "VmRSS"))
        .transpose()?;
    let ticks_before = load.pid.map(ticks).transpose()?;
    let begun = Instant::now();
    let threads: Vec<_> = (0..load.threads.max(1))
        .map(|thread| {
            let load = load.clone();
            std::thread::spawn(move || run_thread(&load, thread))
        })
        .collect();
    let mut latencies = Vec::new();
    for thread in threads {
        let Ok(done) = thread.join() else {
            bail!("a thread panicked")
        };
        latencies.extend(done?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(!latencies.is_empty(), "nothing was answered");
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_micros();
    let mut line = format!(
        "connections={} requests={} throughput={:.0} p50_us={} p99_us={}",
        load.connections,
        latencies.len(),
        f64::from(u32::try_from(latencies.len())?) / seconds,
        at(50),
        at(99)
    );
    if let (Some(pid), Some(idle), Some(ticks_before)) = (load.pid, idle, ticks_before) {
        let ticks = f64::from(u32::try_from(ticks(pid)? - ticks_before)?);
        let per_request = ticks / TICKS_PER_SECOND / f64::from(u32::try_from(latencies.len())?);
        write!(line, " cpu_us={:.1}", per_request * 1e6)?;
        let (now, peak) = (
            memory(pid, "status", "VmRSS")?,
            memory(pid, "status", "VmHWM")?,
        );
        write!(line, " idle_kib={idle} loaded_kib={now} peak_kib={peak}")?;
    }
    anstream::println!("{line}");
    Ok(())
}

/// Runs one thread's share of the connections. Returns every latency.
fn run_thread(load: &Load, thread: usize) -> anyhow::Result<Vec<Duration>> {
    let connections = (0..load.connections)
        .filter(|connection| connection % load.threads == thread)
        .count();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let end = Instant::now() + Duration::from_secs(load.seconds);
    let request = Arc::new(load.target.request()?);
    let dialer = Dialer::new(load.target.address)?;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let request = Arc::clone(&request);
            let dialer = dialer.clone();
            let most = load.requests.unwrap_or(usize::MAX);
            tasks.spawn(async move { run_connection(&dialer, &request, end, most).await });
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            all.extend(done??);
        }
        Ok(all)
    })
}

async fn run_connection(
    dialer: &Dialer,
    request: &[u8],
    end: Instant,
    most: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = dialer.tls(dialer.tcp().await?).await?;
    let mut latencies = Vec::new();
    while latencies.len() < most && Instant::now() < end {
        let sent = Instant::now();
        let answer = connection.ask(request).await?;
        latencies.push(sent.elapsed());
        ensure!(answer.status == 200, "not a decision: {}", answer.status);
        if answer.closes {
            connection = dialer.tls(dialer.tcp().await?).await?;
        }
    }
    Ok(latencies)
}

/// User and system processor time of the process so far, in ticks.
fn ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name before it may contain blanks and brackets.
    let (_, rest) = stat.rsplit_once(") ").context("no such line")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || anyhow::Ok(fields.next().context("too short")?.parse::<u64>()?);
    Ok(next()? + next()?)
}
