//! The role session name of a chain, as `CloudTrail` records it.

use std::fmt;

use crate::facts::Requester;
use crate::names::{JobId, PodName, Role};
use crate::request::pod::Pod;

/// A `RoleSessionName`: 2 to 64 characters of `[\w+=,.@-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName(String);

impl SessionName {
    /// `emr-` and as much of `text` as STS accepts; other characters become `-`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let fit = |c: char| match c {
            '_' | '+' | '=' | ',' | '.' | '@' | '-' => c,
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        };
        let mut name = String::with_capacity(64);
        name.push_str("emr-");
        name.extend(text.chars().map(fit).take(64 - name.len()));
        Self(name)
    }

    /// The name for a pod's sessions: the job's id where one is known.
    ///
    /// The creator's token and the pod's name are evidence (see [`PodName`]); labels
    /// are hints and decide nothing but this name. It must not change between two
    /// calls of the webhook, so of a generated name only the prefix counts.
    pub(super) fn of_pod(requester: &Requester<'_>, pod: &Pod<'_>, role: &Role) -> Self {
        let metadata = &pod.metadata;
        let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let name = given(metadata.generate_name.as_deref())
            .map(|prefix| prefix.trim_end_matches('-').to_owned())
            .or_else(|| given(metadata.name.as_deref()))
            .unwrap_or_default();
        let label = |key: &str| metadata.labels.get(key).unwrap_or_default();
        let creators = match requester {
            Requester::Job(token) if token.role == *role => token.job_id(),
            _ => None,
        };
        let id = creators
            .or_else(|| PodName::parse(&name).job_id())
            .or_else(|| JobId::parse(label("emr-containers.amazonaws.com/job.id")))
            .or_else(|| JobId::parse(label("spark-app-selector").strip_prefix("spark-")?));
        Self::of(id.map_or(&*name, JobId::as_str))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SessionName;

    #[test]
    fn whatever_comes_in_fits() {
        for (text, name) in [
            ("0000000337okspsc913", "emr-0000000337okspsc913"),
            ("", "emr-"),
            ("a b\nc\0d\te\r", "emr-a-b-c-d-e-"),
            ("äöü\u{2028}", "emr-----"),
            ("x_+=,.@-y", "emr-x_+=,.@-y"),
        ] {
            assert_eq!(SessionName::of(text).as_str(), name, "{text:?}");
        }
        assert_eq!(SessionName::of(&"x".repeat(200)).as_str().len(), 64);
    }
}
