//! The queue of log lines: a slow reader of the log must not stop reviews.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Size of the queue in bytes: some thousand lines.
const CAPACITY: usize = 1024 * 1024;
/// How long lines are collected, to write many at once. A line appears by this
/// much later.
const BATCH: Duration = Duration::from_millis(10);
/// How long a caller waits for a full queue before lines are dropped.
const MAX_WAIT: Duration = Duration::from_millis(50);

/// Queued lines and the thread that writes them.
///
/// If nothing reads standard error, the queue fills up. The first line that
/// finds it full waits for [`MAX_WAIT`]; after that, lines are counted and
/// dropped until a write succeeds. Then the log says how many were lost.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// A line was queued.
    queued: Condvar,
    /// A batch was written.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// A write is in progress.
    writing: bool,
    /// The queue stayed full for [`MAX_WAIT`]: lines are dropped.
    stalled: bool,
    /// [`Queue::flush`] is waiting: write at once.
    flushing: bool,
    /// Lines lost since the start.
    lost: u64,
    /// Lost lines that the log has not mentioned yet.
    unreported: u64,
}

impl Queue {
    /// Starts the writing thread.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self::default());
        let writer = Arc::clone(&queue);
        // Never joined: a write may block for ever, and the process must still end.
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
                .wait_timeout_while(state, MAX_WAIT, full)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.stalled = state.waiting.len() + line.len() > CAPACITY;
        }
        if state.stalled {
            state.lost += 1;
            state.unreported += 1;
            return;
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.queued.notify_all();
        }
    }

    fn run(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() {
                state = self
                    .queued
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let wait = |state: &mut State| !state.flushing && state.waiting.len() < CAPACITY / 4;
            let mut state = self
                .queued
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
                state.unreported += lines as u64;
            }
            let unreported = if failed {
                0
            } else {
                std::mem::take(&mut state.unreported)
            };
            drop(state);
            self.written.notify_all();
            if unreported > 0 {
                tracing::error!(
                    lines = unreported,
                    "log lines were lost: they could not be written to standard error"
                );
            }
        }
    }

    /// Waits until all queued lines are written, for at most `limit`.
    pub(super) fn flush(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        state.flushing = true;
        self.queued.notify_all();
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
        state.flushing = false;
    }

    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues one line per write: the formatter writes whole lines.
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

    /// Blocks its first write until the gate opens, then accepts everything.
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
    fn a_stuck_reader_loses_lines_but_blocks_no_caller() {
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
