//! Names that Spark gives its executors and the volume claims of its pods.

use super::unique;

/// What a claim's name says about the pod it was made for.
///
/// `<prefix>-driver-pvc-<n>` and `<prefix>-exec-<id>-pvc-<n>`, for claims that
/// are made on demand (apache/spark, `MountVolumesFeatureStep`). All claims of
/// a job have one prefix, which carries no job id. Spark makes up a driver's prefix
/// itself, `<application>-<16 hexadecimal digits>`; an executor's can be set
/// (`spark.kubernetes.executor.podNamePrefix`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimName<'a> {
    /// A driver's.
    Driver,
    /// An executor's, with the job's prefix.
    Executor(&'a str),
    /// Any other.
    Other,
}

impl<'a> ClaimName<'a> {
    /// Reads a claim's name.
    #[must_use]
    pub fn parse(name: &'a str) -> Self {
        let Some((pod, number)) = name.rsplit_once("-pvc-") else {
            return Self::Other;
        };
        if !is_number(number) {
            return Self::Other;
        }
        if pod.strip_suffix("-driver").is_some_and(unique::ends) {
            return Self::Driver;
        }
        executor_prefix(pod).map_or(Self::Other, Self::Executor)
    }
}

/// The job's prefix in an executor's pod name, `<prefix>-exec-<id>`.
#[must_use]
pub fn executor_prefix(pod: &str) -> Option<&str> {
    let (prefix, id) = pod.rsplit_once("-exec-")?;
    (!prefix.is_empty() && is_number(id)).then_some(prefix)
}

/// Whether it is the name of an executor's pod or a driver's with a prefix that
/// Spark made up, which nobody else's pod has by chance.
#[must_use]
pub fn is_sparks_pod(name: &str) -> bool {
    let prefix = executor_prefix(name).or_else(|| name.strip_suffix("-driver"));
    prefix.is_some_and(unique::ends)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{ClaimName, is_sparks_pod};

    #[test]
    fn pods_with_a_prefix_of_sparks() {
        for (name, expected) in [
            ("pi-772b9c81ae56a93d-exec-12", true),
            ("pi-772b9c81ae56a93d-driver", true),
            ("pi-exec-12", false),
            ("pi-driver", false),
            ("pi-772b9c81ae56a93-driver", false),
            ("pi-772b9c81ae56a93D-driver", false),
        ] {
            assert_eq!(is_sparks_pod(name), expected, "{name}");
        }
    }

    #[test]
    fn names() {
        for (name, expected) in [
            ("pi-772b9c81ae56a93d-driver-pvc-0", ClaimName::Driver),
            (
                "pi-772b9c81ae56a93d-exec-12-pvc-1",
                ClaimName::Executor("pi-772b9c81ae56a93d"),
            ),
            ("a-exec-1-exec-2-pvc-0", ClaimName::Executor("a-exec-1")),
            ("spark-772b9c81ae56a93d-driver-pvc-0", ClaimName::Driver),
            ("tpcds-driver-pvc-0", ClaimName::Other),
            ("driver-pvc-0", ClaimName::Other),
            ("-exec-1-pvc-0", ClaimName::Other),
            ("pi-exec-x-pvc-0", ClaimName::Other),
            ("pi-exec-1-pvc-", ClaimName::Other),
            ("pi-exec-1", ClaimName::Other),
            ("data", ClaimName::Other),
        ] {
            assert_eq!(ClaimName::parse(name), expected, "{name}");
        }
    }
}
