//! Log lines on their way out, so that a slow reader never stops a review.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that may wait. Some thousand lines.
const CAPACITY: usize = 1024 * 1024;
/// Lines are collected this long: one write for many, at the price of a line
/// being that much younger than its time when it appears.
const BATCH: Duration = Duration::from_millis(10);
/// How long a full queue holds up whoever logs, before lines are lost.
const PATIENCE: Duration = Duration::from_millis(50);

/// Lines that wait and the thread that writes them.
///
/// If nobody reads, the queue fills; the first line that finds it full waits
/// for [`PATIENCE`], and from then on lines are counted instead of kept, until
/// the reader is back: then the log says how many it lost.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Something was queued.
    filled: Condvar,
    /// Something was written.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// A write is under way.
    writing: bool,
    /// The reader does not read.
    stalled: bool,
    /// Somebody waits for everything to be written.
    hurry: bool,
    lost: u64,
    /// Of these, not yet confessed in the log.
    unsaid: u64,
}

impl Queue {
    /// Starts the writing thread.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self::default());
        let writer = Arc::clone(&queue);
        // Never joined: it may hang in a write for ever, the process must not.
        thread::Builder::new()
            .name("log".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || writer.run(out))?;
        Ok(queue)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > CAPACITY && !state.stalled {
            let full =
                |state: &mut State| state.waiting.len() + line.len() > CAPACITY && !state.stalled;
            state = self
                .written
                .wait_timeout_while(state, PATIENCE, full)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.stalled = state.waiting.len() + line.len() > CAPACITY;
        }
        if state.stalled {
            state.lost += 1;
            state.unsaid += 1;
            return;
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.filled.notify_all();
        }
    }

    fn run(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() {
                state = self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let wait = |state: &mut State| !state.hurry && state.waiting.len() < CAPACITY / 4;
            let mut state = self
                .filled
                .wait_timeout_while(state, BATCH, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            std::mem::swap(&mut state.waiting, &mut batch);
            state.writing = true;
            drop(state);
            let failed = out.write_all(&batch).and_then(|()| out.flush()).is_err();
            let lines = memchr::memchr_iter(b'\n', &batch).count();
            batch.clear();
            batch.shrink_to(CAPACITY / 4);
            let mut state = self.lock();
            state.writing = false;
            state.stalled = false;
            if failed {
                state.lost += lines as u64;
                state.unsaid += lines as u64;
            }
            let unsaid = if failed {
                0
            } else {
                std::mem::take(&mut state.unsaid)
            };
            drop(state);
            self.written.notify_all();
            if unsaid > 0 {
                tracing::error!(
                    lines = unsaid,
                    "log lines were lost: standard error did not take them"
                );
            }
        }
    }

    /// Waits until everything queued is written, or `patience` is over.
    pub(super) fn flush(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut state = self.lock();
        state.hurry = true;
        self.filled.notify_all();
        while state.writing || !state.waiting.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .written
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.hurry = false;
    }

    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one line a write, which is how the formatter hands them over.
#[derive(Clone, Debug)]
pub(super) struct Sink(pub(super) Arc<Queue>);

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Hangs until it is let go, then takes everything.
    struct Stuck {
        gate: Receiver<()>,
        open: bool,
        out: SyncSender<Vec<u8>>,
    }

    impl Write for Stuck {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            if !self.open {
                let _closed = self.gate.recv();
                self.open = true;
            }
            self.out.send(data.to_vec()).map_err(io::Error::other)?;
            Ok(data.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_reader_costs_lines_not_reviews() {
        let (go, gate) = sync_channel(1);
        let (out, taken) = sync_channel(1000);
        let queue = Queue::start(Stuck {
            gate,
            open: false,
            out,
        })
        .unwrap();
        let line = vec![b'x'; CAPACITY / 8];
        let begun = Instant::now();
        for _ in 0..200 {
            queue.push(&line);
        }
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "never blocks for long"
        );
        assert!(queue.lost() > 150, "{}", queue.lost());
        let lost = queue.lost();
        go.send(()).unwrap();
        queue.flush(Duration::from_secs(5));
        queue.push(b"after\n");
        queue.flush(Duration::from_secs(5));
        assert_eq!(
            queue.lost(),
            lost,
            "nothing more is lost once it reads again"
        );
        drop(queue);
        let all: Vec<u8> = taken.try_iter().flatten().collect();
        assert!(all.ends_with(b"after\n"));
        assert_eq!(all.len() as u64, (200 - lost) * line.len() as u64 + 6);
    }
}
