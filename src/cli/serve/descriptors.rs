//! Each connection takes a file descriptor. Some systems start processes with a
//! limit of 1,024, less than the number of connections that rolegate accepts by
//! default: accepting would fail before a connection had to give way to another.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For files, the other port, the API server's client, and connections that are
/// still closing.
const RESERVE: u64 = 128;

/// How many of `wanted` connections fit. Raises the process's own limit first,
/// as far as it may, where it does not suffice.
pub(super) fn connections(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if fitting(wanted, current) == wanted {
        return wanted;
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    let fit = fitting(wanted, limit);
    if fit < wanted {
        tracing::warn!(
            wanted,
            connections = fit,
            "the limit of open files (ulimit -n) allows fewer connections than --max-connections"
        );
    } else {
        tracing::info!(
            from = current,
            to = maximum,
            "the limit of open files was raised for --max-connections"
        );
    }
    fit
}

/// `limit`: `None` if there is none.
fn fitting(wanted: usize, limit: Option<u64>) -> usize {
    let Some(limit) = limit else { return wanted };
    let fit = usize::try_from(limit.saturating_sub(RESERVE)).unwrap_or(usize::MAX);
    wanted.min(fit.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_remains() {
        for (limit, fit) in [
            (None, 4096),
            (Some(1 << 20), 4096),
            (Some(1024), 896),
            (Some(10), 1),
        ] {
            assert_eq!(fitting(4096, limit), fit, "{limit:?}");
        }
    }
}
