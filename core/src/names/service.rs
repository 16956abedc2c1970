//! Names that Spark gives the Service of a driver, and Flink that of a cluster.

use super::{JobId, PodName, unique};

/// Whether only Spark or EMR gives a Service this name: that of a driver by a prefix
/// that Spark made up (`pi-772b9c81ae56a93d-driver-svc`, `DriverServiceFeatureStep`),
/// or one with a job's id (`spark-<job id>-ui-svc`). Other names prove nothing: `todo-ui-svc` may be anybody's.
#[must_use]
pub fn is_drivers_service(name: &str) -> bool {
    let prefix = name
        .strip_suffix("-driver-svc")
        .or_else(|| name.strip_suffix("-ui-svc"));
    prefix.is_some_and(unique::ends)
        || name.ends_with("-svc") && JobId::words(name).next().is_some()
}

/// The job whose Service has this name: `spark-<job id>-driver-svc`.
#[must_use]
pub fn run_of_service(name: &str) -> Option<JobId<'_>> {
    let of_pod = || PodName::parse(name.strip_suffix("-svc")?).job_id();
    of_pod().or_else(|| JobId::words(name).next())
}

/// The Flink cluster that would have a REST Service of this name
/// (`ExternalServiceDecorator`). Others call Services so, too: `orders-rest`.
#[must_use]
pub fn flink_cluster_of_service(name: &str) -> Option<&str> {
    name.strip_suffix("-rest")
        .filter(|cluster| !cluster.is_empty())
}

/// Whether it is the port of a Flink cluster's REST Service, by number or name
/// (`rest.port`, `Constants.REST_PORT_NAME`).
#[must_use]
pub fn is_flink_rest_port(port: &str) -> bool {
    matches!(port, "8081" | "rest")
}

#[cfg(test)]
mod tests {
    use super::{is_drivers_service, run_of_service};

    #[test]
    fn names() {
        for (name, drivers, id) in [
            (
                "spark-0000000337okspsc913-driver-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            (
                "spark-0000000337okspsc913-driver-2-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            (
                "spark-0000000337okspsc913-ui-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            ("pi-772b9c81ae56a93d-driver-svc", true, None),
            ("pi-772b9c81ae56a93d-ui-svc", true, None),
            (
                "jeg-0000000337okspsc913",
                false,
                Some("0000000337okspsc913"),
            ),
            ("ride-driver-svc", false, None),
            ("todo-ui-svc", false, None),
            ("driver-svc", false, None),
            ("orders-rest", false, None),
            ("", false, None),
        ] {
            assert_eq!(is_drivers_service(name), drivers, "{name}");
            let found = run_of_service(name).map(|id| id.to_string());
            assert_eq!(found.as_deref(), id, "{name}");
        }
    }
}
