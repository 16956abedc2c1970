//! Names that Spark gives the volume claims of its pods.

/// What a claim's name says about the pod it was made for.
///
/// `<prefix>-driver-pvc-<n>` and `<prefix>-exec-<id>-pvc-<n>`, for claims that
/// are made on demand (apache/spark, `MountVolumesFeatureStep`). All claims of
/// a job have one prefix, which carries no job id.
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
        if pod.ends_with("-driver") {
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

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::ClaimName;

    #[test]
    fn names() {
        for (name, expected) in [
            ("pi-772b9c81ae56a93d-driver-pvc-0", ClaimName::Driver),
            (
                "pi-772b9c81ae56a93d-exec-12-pvc-1",
                ClaimName::Executor("pi-772b9c81ae56a93d"),
            ),
            ("a-exec-1-exec-2-pvc-0", ClaimName::Executor("a-exec-1")),
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
