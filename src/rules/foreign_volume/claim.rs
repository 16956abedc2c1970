//! What a claim's name says about whose it is.

use crate::facts::{JobId, PodName};

/// A claim's name, as Spark gives them (`KubernetesVolumeUtils`,
/// `MountVolumesFeatureStep`: `<pod>-pvc-<number>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimName<'a> {
    /// Of the driver, or of the runner, of a job of EMR's.
    Job(JobId<'a>),
    /// Of a Spark pod whose name carries no job id: its pod's name.
    Spark(&'a str),
    /// Of somebody's own choosing.
    Other,
}

impl<'a> ClaimName<'a> {
    /// Reads a claim's name.
    pub(super) fn parse(name: &'a str) -> Self {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let pod = match name.rsplit_once("-pvc-") {
            Some((pod, count)) if number(count) => pod,
            // A driver's claim by any other ending is a driver's all the same.
            _ => {
                return PodName::parse(name).job_id().map_or(Self::Other, Self::Job);
            }
        };
        if let Some(id) = PodName::parse(pod).job_id() {
            return Self::Job(id);
        }
        if pod.ends_with("-driver") || executor_prefix(pod).is_some() {
            return Self::Spark(pod);
        }
        Self::Other
    }
}

/// What the executors of one Spark application have in common:
/// `<application>-<hash>` of `<application>-<hash>-exec-<number>`.
pub(super) fn executor_prefix(pod: &str) -> Option<&str> {
    let (prefix, number) = pod.rsplit_once("-exec-")?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !prefix.is_empty()).then_some(prefix)
}

/// The job whose presigned uploads a Secret holds:
/// `emr-containers-s3-<virtual cluster>-<job id>`.
pub(super) fn s3_secret(name: &str) -> Option<Option<JobId<'_>>> {
    let rest = name.strip_prefix("emr-containers-s3-")?;
    Some(rest.rsplit_once('-').and_then(|(_, id)| JobId::parse(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_claim_is() {
        let id = "0000000337okspsc913";
        let job = ClaimName::Job(JobId::parse(id).expect("an id"));
        for (name, expected) in [
            (format!("spark-{id}-driver-pvc-0"), job),
            (format!("spark-{id}-driver-2-pvc-10"), job),
            (format!("spark-{id}-driver"), job),
            (format!("spark-{id}-driver-data"), job),
            (format!("{id}-abcde-pvc-0"), job),
            (
                "pi-772b-exec-1-pvc-0".to_owned(),
                ClaimName::Spark("pi-772b-exec-1"),
            ),
            ("pi-driver-pvc-0".to_owned(), ClaimName::Spark("pi-driver")),
            ("data".to_owned(), ClaimName::Other),
            ("my-pvc-0".to_owned(), ClaimName::Other),
            ("pi-exec-x-pvc-0".to_owned(), ClaimName::Other),
            (String::new(), ClaimName::Other),
        ] {
            assert_eq!(ClaimName::parse(&name), expected, "{name}");
        }
    }
}
