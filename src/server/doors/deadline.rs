//! How long a review may take.

use std::time::Duration;

use crate::server::duration::parse_duration;
use crate::server::limits::Limits;

/// The time for one review, from its head to its decision: the API server's
/// `?timeout=` minus a margin for the answer, and at most our own limit. A
/// missing or invalid parameter means our own limit.
pub(in crate::server) fn budget(query: Option<&str>, limits: &Limits) -> Duration {
    query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(parse_duration)
        // In Go, zero means "no timeout".
        .filter(|timeout| !timeout.is_zero())
        .map_or(limits.review, |timeout| {
            timeout
                .saturating_sub(limits.review_margin)
                .min(limits.review)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_limit_holds() {
        let limits = Limits::default();
        for (query, millis) in [
            (None, 2500),
            (Some(""), 2500),
            (Some("timeout=10s"), 2500),
            (Some("timeout=1s"), 700),
            (Some("a=b&timeout=1.5s"), 1200),
            (Some("timeout=0s"), 2500),
            (Some("timeout=soon"), 2500),
            (Some("timeout=100ms"), 0),
        ] {
            assert_eq!(
                budget(query, &limits),
                Duration::from_millis(millis),
                "{query:?}"
            );
        }
    }
}
