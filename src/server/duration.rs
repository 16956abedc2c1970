//! Go's duration syntax, used by `?timeout=` and by the command line.

use std::time::Duration;

/// Parses `10s`, `1.5s`, `500ms`, `1m30s`. Negative durations and those without
/// a unit are `None`, except `0`, which Go accepts too.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let amount: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(amount * seconds).ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Parses a duration given on the command line.
///
/// # Errors
///
/// A sentence that shows the syntax.
pub fn duration_flag(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| format!("`{text}` is not a duration; examples are 500ms, 10s and 1m30s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_parsed() {
        for (text, millis) in [
            ("10s", 10_000),
            ("3s", 3000),
            ("1.5s", 1500),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
        assert_eq!(parse_duration("2h"), Some(Duration::from_hours(2)));
        assert_eq!(parse_duration("5µs"), Some(Duration::from_micros(5)));
    }

    #[test]
    fn other_text_is_rejected() {
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.s.",
            "1d",
            "..s",
            "1e3s",
            "99999999999999999999h",
            "10 s",
            "NaNs",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
