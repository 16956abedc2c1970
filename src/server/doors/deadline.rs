//! How long a review may take.

use std::time::Duration;

use crate::server::duration::parse_duration;
use crate::server::limits::Limits;

/// The time for one review, from its head to its decision: what the API server
/// allows (`?timeout=`) less the way back, and never more than our own limit.
/// A parameter that is absent or unreadable counts as none.
pub(in crate::server) fn budget(query: Option<&str>, limits: &Limits) -> Duration {
    query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(parse_duration)
        // Go's zero is "no timeout".
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
    fn takes_the_shorter_of_the_two() {
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
