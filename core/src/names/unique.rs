//! The prefix that Spark makes up for an application's objects:
//! `<application>-<16 hexadecimal digits>`, or `spark-<16 digits>` where the
//! application's name is too long (apache/spark, `KubernetesConf.getResourceNamePrefix`,
//! `KubernetesUtils.uniqueID`).

/// Whether `prefix` ends like one.
pub(super) fn ends(prefix: &str) -> bool {
    let digits = |text: &str| {
        text.len() == 16
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    prefix
        .rsplit_once('-')
        .is_some_and(|(application, unique)| !application.is_empty() && digits(unique))
}
