//! EMR releases: `emr-7.12.0`.

use std::fmt;

/// An EMR release, ordered from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Release {
    /// Reads `emr-<major>.<minor>.<patch>`, else `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix("emr-")?.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        });
        let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "emr-{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn reads_releases_in_order() {
        assert!(Release::parse("emr-6.9.0") < Release::parse("emr-6.15.0"));
        assert_eq!(
            Release::parse("emr-7.12.0")
                .map(|r| r.to_string())
                .as_deref(),
            Some("emr-7.12.0")
        );
        for text in [
            "7.12.0",
            "emr-7",
            "emr-7.1",
            "emr-7.1.0-latest",
            "emr-7.1.0.0",
            "emr-7.+1.0",
            "emr-7..0",
            "emr-70000.1.0",
        ] {
            assert_eq!(Release::parse(text), None, "{text}");
        }
    }
}
