//! Measures the time from starting a server until `/readyz` answers 200, and
//! prints one line.
//!
//! `start --runs 50 -- target/release/rolegate serve --cluster off`

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use clap::Parser;

/// The pause between two requests to `/readyz`: much shorter than a start, and
/// long enough to leave the server a processor.
const PAUSE: Duration = Duration::from_micros(200);
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Parser)]
struct Start {
    /// Number of runs
    #[arg(long, default_value_t = 50)]
    runs: usize,
    /// Measure the time until the program exits, and add no arguments
    #[arg(long)]
    exit: bool,
    /// Program and arguments; `--listen` and `--health-listen` are added
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let start = Start::parse();
    ensure!(start.runs > 0, "nothing to run");
    let mut times = (0..start.runs)
        .map(|_| once(&start))
        .collect::<anyhow::Result<Vec<Duration>>>()?;
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    anstream::println!(
        "runs={} least_ms={:.1} median_ms={:.1} p90_ms={:.1}",
        times.len(),
        at(0),
        at(50),
        at(90)
    );
    Ok(())
}

fn once(start: &Start) -> anyhow::Result<Duration> {
    let mut command = Command::new(&start.command[0]);
    command
        .args(&start.command[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if start.exit {
        let begun = Instant::now();
        let status = command.status()?;
        ensure!(status.success(), "it failed: {status}");
        return Ok(begun.elapsed());
    }
    // Both are bound at once: otherwise the system may return the same port twice.
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0"));
    let [https, health] = free.map(|socket| socket?.local_addr());
    let (https, health) = (https?, health?);
    command.args(["--listen", &https.to_string()]);
    command.args(["--health-listen", &health.to_string()]);
    let begun = Instant::now();
    let mut child = Killed(command.spawn()?);
    while !is_ready(health) {
        if let Some(status) = child.0.try_wait()? {
            bail!("it ended: {status}");
        }
        ensure!(begun.elapsed() < TIMEOUT, "not ready in time");
        std::thread::sleep(PAUSE);
    }
    Ok(begun.elapsed())
}

fn is_ready(health: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(health)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| answer == *b"HTTP/1.1 200")
}

/// A process that is killed when dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}
