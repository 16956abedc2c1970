//! Names that EMR, Spark and Flink give their `ConfigMaps`.

use super::JobId;

/// The `ConfigMap` with the API server's certificate authority, which every pod
/// mounts with its token. `root-ca-cert-publisher` keeps it in each namespace.
pub const ROOT_CA: &str = "kube-root-ca.crt";

/// Who gives a `ConfigMap` such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapName<'a> {
    /// EMR: pod templates, Spark's defaults and the log sidecar's configuration of a
    /// run (ssup2/blog-software, recorded `ConfigMaps` of `StartJobRun`).
    Emr,
    /// Spark: `spark-drv-…`, `spark-exec-…`, `…-driver-podspec-conf-map`
    /// (`KubernetesClientUtils`, `PodTemplateConfigMapStep`; with `HADOOP_CONF_DIR` or a
    /// krb5.conf in the job runner also `HadoopConfDriverFeatureStep`,
    /// `KerberosConfDriverFeatureStep`).
    Spark,
    /// Flink: configuration and high availability of a cluster
    /// (`FlinkConfMountDecorator`, `PodTemplateMountDecorator`,
    /// `KubernetesLeaderElectionHaServices`).
    Flink(FlinkMap<'a>),
    /// Kubernetes: [`ROOT_CA`].
    RootCa,
    /// Any other.
    Other,
}

/// A `ConfigMap` of Flink's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlinkMap<'a> {
    /// The cluster that its name says; `None` where the name only looks like Flink's.
    pub cluster: Option<&'a str>,
}

impl<'a> MapName<'a> {
    /// Reads a `ConfigMap`'s name.
    #[must_use]
    pub fn parse(name: &'a str) -> Self {
        if name == ROOT_CA {
            return Self::RootCa;
        }
        if name.starts_with("podtemplate-")
            || name.ends_with("-spark-defaults")
            || name.starts_with("fluentd-")
        {
            return Self::Emr;
        }
        if name.starts_with("spark-drv-")
            || name.starts_with("spark-exec-")
            || name.ends_with("-driver-podspec-conf-map")
            || name.ends_with("-hadoop-config")
            || name.ends_with("-krb5-file")
        {
            return Self::Spark;
        }
        let cluster = cluster_of(name);
        // Serialized Java that a job manager reads is in both of the latter.
        if cluster.is_some() || name.ends_with("-config-map") || name.ends_with("-leader") {
            return Self::Flink(FlinkMap { cluster });
        }
        Self::Other
    }

    /// Whether no pattern of the policy can hand it to a tenant.
    #[must_use]
    pub fn is_reserved(self) -> bool {
        self != Self::Other
    }
}

/// The Flink cluster whose job manager writes a map of this name.
fn cluster_of(name: &str) -> Option<&str> {
    for prefix in ["flink-config-", "pod-template-", "hadoop-config-"] {
        if let Some(cluster) = name.strip_prefix(prefix) {
            return Some(cluster).filter(|cluster| !cluster.is_empty());
        }
    }
    for end in [
        "-cluster-config-map",
        "-dispatcher-leader",
        "-resourcemanager-leader",
        "-restserver-leader",
    ] {
        if let Some(cluster) = name.strip_suffix(end) {
            return Some(cluster).filter(|cluster| !cluster.is_empty());
        }
    }
    let job = name
        .strip_suffix("-config-map")
        .or_else(|| name.strip_suffix("-jobmanager-leader"))?;
    let (cluster, id) = job.rsplit_once('-')?;
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && !cluster.is_empty()).then_some(cluster)
}

/// The name's job, where EMR made the map for a run: `podtemplate-<job id>`,
/// `<job id>-spark-defaults`, `fluentd-<virtual cluster>-<job id>`.
#[must_use]
pub fn run_of_map(name: &str) -> Option<JobId<'_>> {
    JobId::words(name).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flinks_maps() {
        let id = "0123456789abcdef0123456789abcdef";
        for (name, cluster) in [
            ("etl-cluster-config-map".to_owned(), Some("etl")),
            (format!("etl-{id}-config-map"), Some("etl")),
            (format!("etl-{id}-jobmanager-leader"), Some("etl")),
            ("flink-config-etl".to_owned(), Some("etl")),
            ("etl-b-cluster-config-map".to_owned(), Some("etl-b")),
            ("flink-config-etl-b".to_owned(), Some("etl-b")),
            ("shop-leader".to_owned(), None),
            ("shop-config-map".to_owned(), None),
        ] {
            let expected = MapName::Flink(FlinkMap { cluster });
            assert_eq!(MapName::parse(&name), expected, "{name}");
        }
        assert_eq!(MapName::parse("etl"), MapName::Other);
    }

    #[test]
    fn reserved_names() {
        for (name, expected) in [
            ("podtemplate-0000000337okspsc913", MapName::Emr),
            ("0000000337okspsc913-spark-defaults", MapName::Emr),
            (
                "fluentd-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc913",
                MapName::Emr,
            ),
            ("spark-drv-0123456789abcdef-conf-map", MapName::Spark),
            ("spark-exec-0123456789abcdef-conf-map", MapName::Spark),
            (
                "pi-0123456789abcdef-driver-podspec-conf-map",
                MapName::Spark,
            ),
            ("kube-root-ca.crt", MapName::RootCa),
            ("app-settings", MapName::Other),
        ] {
            assert_eq!(MapName::parse(name), expected, "{name}");
            assert_eq!(MapName::parse(name).is_reserved(), name != "app-settings");
        }
    }
}
