//! Job ids, and the pod names that carry one.
//!
//! A job's token says which pod it is bound to and nothing else about the job,
//! so the pod's *name* is what ties a requester to its job. The name proves this
//! only because no requester can choose such a name freely: see [`PodName::parse`] and
//! the rule `foreign-service-account`.

use std::fmt;

/// The id of a job run: 19 characters of `0-9a-z`, as in `0000000337okspsc913`. It
/// counts up in base 36, so every known id begins with zeros, which no word of a
/// language does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobId<'a>(&'a str);

const LENGTH: usize = 19;

impl<'a> JobId<'a> {
    /// Reads a job id, else `None`.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // Without a way out in the middle, which lets it look at many bytes at once.
        let fits = || text.bytes().fold(true, |all, byte| all & is_base36(byte));
        (text.len() == LENGTH && text.starts_with("000") && fits()).then_some(Self(text))
    }

    /// The ids that are whole words of a name, as in `spark-<id>-data`.
    pub fn words(name: &'a str) -> impl Iterator<Item = Self> {
        name.split(['-', '.']).filter_map(Self::parse)
    }

    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for JobId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for JobId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn is_base36(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_lowercase()
}

/// What a pod's name says about its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodName<'a> {
    /// `<job id>-<5 random>`: the job runner, named by the job controller after EMR's Job.
    Runner(JobId<'a>),
    /// `spark-<job id>-driver[-suffix]`: the driver, with the suffix EMR adds on a retry.
    Driver(JobId<'a>),
    /// Carries no job id: executors, task managers, anything else.
    Other,
}

impl<'a> PodName<'a> {
    /// Reads a pod's name.
    #[must_use]
    pub fn parse(name: &'a str) -> Self {
        if let Some((id, suffix)) = after_id(name)
            && suffix.len() == 5
            && suffix.bytes().all(is_base36)
        {
            return Self::Runner(id);
        }
        if let Some(rest) = name.strip_prefix("spark-")
            && let Some((id, suffix)) = after_id(rest)
            && (suffix == "driver" || suffix.starts_with("driver-"))
        {
            return Self::Driver(id);
        }
        Self::Other
    }

    /// The job id, where the name carries one.
    #[must_use]
    pub const fn job_id(self) -> Option<JobId<'a>> {
        match self {
            Self::Runner(id) | Self::Driver(id) => Some(id),
            Self::Other => None,
        }
    }
}

/// A job id, and what follows it and a dash.
fn after_id(text: &str) -> Option<(JobId<'_>, &str)> {
    let (id, rest) = text.split_at_checked(LENGTH)?;
    Some((JobId::parse(id)?, rest.strip_prefix('-')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let id = JobId::parse("000000030s8cnaq04ql").expect("an id");
        for (name, expected) in [
            ("000000030s8cnaq04ql-tvlv6", PodName::Runner(id)),
            ("spark-000000030s8cnaq04ql-driver", PodName::Driver(id)),
            ("spark-000000030s8cnaq04ql-driver-2", PodName::Driver(id)),
            ("spark-000000030s8cnaq04ql-driver-a-b", PodName::Driver(id)),
            ("spark-000000030s8cnaq04ql-driverx", PodName::Other),
            ("spark-000000030s8cnaq04ql", PodName::Other),
            ("000000030s8cnaq04ql", PodName::Other),
            ("000000030s8cnaq04ql-tvlv", PodName::Other),
            ("000000030s8cnaq04ql-tvlv6-x", PodName::Other),
            ("000000030s8cnaq04qL-tvlv6", PodName::Other),
            ("pi-772b9c81ae56a93d-exec-1", PodName::Other),
            ("", PodName::Other),
        ] {
            assert_eq!(PodName::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn ids_in_names() {
        for (name, expected) in [
            (
                "spark-000000030s8cnaq04ql-data",
                &["000000030s8cnaq04ql"][..],
            ),
            ("000000030s8cnaq04ql", &["000000030s8cnaq04ql"]),
            (
                "a.000000030s8cnaq04ql-000000030s8cnaq04qm",
                &["000000030s8cnaq04ql", "000000030s8cnaq04qm"],
            ),
            ("a000000030s8cnaq04ql", &[]),
            ("abcdefghijklmnopqrs", &[]),
            ("claim-jonathanwilliams123", &[]),
            ("data-20260101120000000a1", &[]),
            ("", &[]),
        ] {
            let found: Vec<_> = JobId::words(name).map(JobId::as_str).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
