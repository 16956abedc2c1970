//! The time of a log line, written as tracing-subscriber writes it, whose own way
//! formats seven numbers.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime as Usual};

const SECONDS_A_DAY: u64 = 24 * 60 * 60;
/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_AN_ERA: u64 = 400 * 365 + 97;
/// The days from March 1st of the year 0 to 1970.
const DAYS_BEFORE_1970: u64 = 719_468;

/// The time in UTC, to the microsecond.
#[derive(Debug)]
pub(super) struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let text = since.and_then(text);
        match text.as_ref().map(|text| str::from_utf8(text)) {
            Some(Ok(text)) => writer.write_str(text),
            // Before 1970, or after 9999.
            _ => Usual.format_time(writer),
        }
    }
}

/// `2026-11-30T23:59:59.123456Z`, of a time since 1970; `None` after the year 9999.
fn text(since: Duration) -> Option<[u8; 27]> {
    let (day, second) = (
        since.as_secs() / SECONDS_A_DAY,
        since.as_secs() % SECONDS_A_DAY,
    );
    let (year, month, day) = date(day);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    put(&mut text, 0..4, year)?;
    put(&mut text, 5..7, month)?;
    put(&mut text, 8..10, day)?;
    put(&mut text, 11..13, second / 3600)?;
    put(&mut text, 14..16, second / 60 % 60)?;
    put(&mut text, 17..19, second % 60)?;
    put(&mut text, 20..26, since.subsec_micros().into())?;
    Some(text)
}

/// Writes a number into its place; `None` where it has more digits than that.
fn put(text: &mut [u8], place: std::ops::Range<usize>, mut number: u64) -> Option<()> {
    for digit in text.get_mut(place)?.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).ok()?;
        number /= 10;
    }
    (number == 0).then_some(())
}

/// Year, month and day of a day since 1970. Years are counted from March here, so that
/// the day that only some of them have is their last.
fn date(day: u64) -> (u64, u64, u64) {
    let day = day.saturating_add(DAYS_BEFORE_1970);
    let (era, day) = (day / DAYS_OF_AN_ERA, day % DAYS_OF_AN_ERA);
    // Without the leap days before it.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    (era * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seconds: u64, micros: u32) -> Option<String> {
        let text = text(Duration::new(seconds, micros * 1000))?;
        Some(String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn times() {
        for (seconds, micros, expected) in [
            (0, 0, Some("1970-01-01T00:00:00.000000Z")),
            (951_782_399, 999_999, Some("2000-02-28T23:59:59.999999Z")),
            (951_782_400, 1, Some("2000-02-29T00:00:00.000001Z")),
            (951_868_800, 0, Some("2000-03-01T00:00:00.000000Z")),
            (1_735_689_599, 120, Some("2024-12-31T23:59:59.000120Z")),
            (1_772_323_199, 0, Some("2026-02-28T23:59:59.000000Z")),
            (4_107_542_400, 0, Some("2100-03-01T00:00:00.000000Z")),
            (
                253_402_300_799,
                999_999,
                Some("9999-12-31T23:59:59.999999Z"),
            ),
            (253_402_300_800, 0, None),
            (u64::MAX, 0, None),
        ] {
            assert_eq!(shown(seconds, micros).as_deref(), expected, "{seconds}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = (1969, 12, 31);
        for day in 0..DAYS_OF_AN_ERA {
            let (year, month, last) = date(day);
            let follows = if last > 1 {
                before == (year, month, last - 1)
            } else {
                let (year_before, month_before, last_before) = before;
                let leap =
                    year_before % 4 == 0 && (year_before % 100 != 0 || year_before % 400 == 0);
                let days = match month_before {
                    2 if leap => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                let next = (year_before + month_before / 12, month_before % 12 + 1);
                last_before == days && next == (year, month)
            };
            assert!(follows, "{before:?}, then {year}-{month}-{last}");
            before = (year, month, last);
        }
    }

    #[test]
    fn the_same_as_tracing_subscriber_writes() {
        let written = |clock: &dyn FormatTime| {
            let mut text = String::new();
            clock.format_time(&mut Writer::new(&mut text)).unwrap();
            text
        };
        // Some of the time is the same in both, unless a minute ends in between.
        let same = || {
            let (ours, theirs) = (written(&Clock), written(&Usual));
            ours.len() == theirs.len() && ours.get(..16) == theirs.get(..16)
        };
        assert!(same() || same());
    }
}
