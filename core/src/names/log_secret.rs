//! Names of the Secrets that EMR makes for a job's log sidecar, and of those that
//! Spark makes for a driver.

use super::{JobId, is_reserved};

/// What the names of Spark's Secrets end with, after a prefix that Spark makes up
/// (apache/spark, `DriverKubernetesCredentialsFeatureStep`,
/// `KerberosConfDriverFeatureStep`).
pub const SPARK_SECRET_ENDS: [&str; 2] = ["kubernetes-credentials", "delegation-tokens"];

/// What those names begin with.
pub const LOG_SECRET_PREFIX: &str = "emr-containers-s3-";

/// The name of a Secret with which a job's log sidecar writes to S3:
/// `emr-containers-s3-<virtual cluster>-<job id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSecret<'a> {
    /// The id of the virtual cluster. EMR always gives one; `None` in a name that
    /// somebody else made up.
    pub virtual_cluster: Option<&'a str>,
    pub job: JobId<'a>,
}

/// Whether only a policy that gives the whole name hands the Secret to somebody: no
/// pattern matches it.
#[must_use]
pub fn is_reserved_secret(name: &str) -> bool {
    name.starts_with(LOG_SECRET_PREFIX) || is_reserved(name)
}

/// Whether Spark makes a Secret of this name for a driver.
#[must_use]
pub fn is_sparks_secret(name: &str) -> bool {
    SPARK_SECRET_ENDS.iter().any(|end| {
        name.strip_suffix(end)
            .is_some_and(|rest| rest.ends_with('-'))
    })
}

impl<'a> LogSecret<'a> {
    /// Reads a Secret's name; `None` where it names no job.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(LOG_SECRET_PREFIX)?;
        let (virtual_cluster, job) = match rest.rsplit_once('-') {
            Some((virtual_cluster, job)) => (Some(virtual_cluster), job),
            None => (None, rest),
        };
        Some(Self {
            virtual_cluster,
            job: JobId::parse(job)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LogSecret;

    #[test]
    fn names() {
        for (name, virtual_cluster, job) in [
            (
                "emr-containers-s3-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc913",
                Some("jk518skp01ys9ka8b0npx9nt0"),
                Some("0000000337okspsc913"),
            ),
            (
                "emr-containers-s3-0000000337okspsc913",
                None,
                Some("0000000337okspsc913"),
            ),
            ("emr-containers-s3-x-0000000337okspsc913-y", None, None),
            ("emr-containers-s3-x", None, None),
            ("app-0000000337okspsc913", None, None),
        ] {
            let read = LogSecret::parse(name);
            assert_eq!(read.map(|secret| secret.job.as_str()), job, "{name}");
            let of_cluster = read.and_then(|secret| secret.virtual_cluster);
            assert_eq!(of_cluster, virtual_cluster, "{name}");
        }
    }
}
