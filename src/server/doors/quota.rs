//! A limit on log lines about requests without a decision: whoever reaches the
//! port can cause as many as there are requests, and must not push the lines
//! about decisions out of the log. The metrics count all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines per second and door. More than a cluster whose API server or policy
/// has a problem needs, to see what it is.
const LINES: u32 = 20;

#[derive(Debug, Default)]
pub(in crate::server) struct Quota(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Quota {
    /// Whether a line may be written, and how many were left out before it.
    pub(in crate::server) fn take(&self) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |since: Instant| since.elapsed() < Duration::from_secs(1);
        if !window.since.is_some_and(fresh) {
            window.since = Some(Instant::now());
            window.lines = 0;
        }
        if window.lines >= LINES {
            window.left_out += 1;
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lines_left_out_are_counted() {
        let quota = Quota::default();
        let taken = (0..50).filter(|_| quota.take() == Some(0)).count();
        assert_eq!(taken, 20);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((quota.take(), quota.take()), (Some(30), Some(0)));
    }
}
