//! Waiting: poll until something holds, never sleep and hope.

use std::time::{Duration, Instant};

/// How long anything on this control plane may take before it counts as
/// broken. Generous: continuous integration machines are slow and shared.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Calls `attempt` until it gives a value; panics with `what` and the last
/// reason after [`PATIENCE`].
pub(crate) fn until<T>(what: &str, attempt: impl FnMut() -> Result<T, String>) -> T {
    until_within(PATIENCE, what, attempt)
}

/// [`until`], with a limit of its own.
pub(crate) fn until_within<T>(
    limit: Duration,
    what: &str,
    attempt: impl FnMut() -> Result<T, String>,
) -> T {
    within(limit, attempt).unwrap_or_else(|reason| {
        panic!(
            "gave up after {}s waiting for {what}: {reason}",
            limit.as_secs()
        )
    })
}

/// Calls `attempt` until it gives a value; after `limit` its last reason.
pub(crate) fn within<T>(
    limit: Duration,
    mut attempt: impl FnMut() -> Result<T, String>,
) -> Result<T, String> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(reason) if start.elapsed() > limit => return Err(reason),
            Err(_) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}
