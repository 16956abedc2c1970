//! The role session name of a chain, as `CloudTrail` records it.

use std::borrow::Cow;

use crate::facts::{Class, Requester};
use crate::names::{JobId, PodName};
use crate::request::generated_prefix;
use crate::request::pod::{Pod, PodMeta};

/// A `RoleSessionName`: 2 to 64 characters of `[\w+=,.@-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName(String);

impl SessionName {
    /// `emr-` and as much of `text` as STS accepts; other characters become `-`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let mut name = String::with_capacity(64);
        name.push_str("emr-");
        let room = 64 - name.len();
        // A job's id, as nearly always.
        if text.len() <= room && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            name.push_str(text);
        } else {
            let fit = |c: char| if fits(c) { c } else { '-' };
            name.extend(text.chars().map(fit).take(room));
        }
        Self(name)
    }

    /// The name for a pod's sessions: the job's id where one is known, else the pod's
    /// name, or its prefix while it is not generated.
    ///
    /// An id counts only as evidence that the rules check: the creator's token, then
    /// the name that the pod really gets (see [`PodName`]), and labels of EMR,
    /// Kubernetes and administrators only.
    pub(super) fn of_pod(requester: &Requester<'_>, pod: &Pod<'_>) -> Self {
        let (name, shown) = names(&pod.metadata);
        let trusted = matches!(
            requester.class(),
            Class::System | Class::EmrService | Class::Admin
        );
        let label = |key: &str| {
            let labels = trusted.then_some(&pod.metadata.labels)?;
            labels.get(key)
        };
        let creators = match requester {
            // Of whatever role: the pods of a cross-role job are that job's.
            Requester::Job(token) => token.job_id(),
            _ => None,
        };
        let id = creators
            .or_else(|| PodName::parse(&name).job_id())
            .or_else(|| JobId::parse(label("emr-containers.amazonaws.com/job.id")?))
            .or_else(|| JobId::parse(label("spark-app-selector")?.strip_prefix("spark-")?));
        match id {
            Some(id) => Self::of(id.as_str()),
            // A pod that is called like a job has no session of that job.
            None if JobId::parse(shown).is_some() => Self::of(&format!("pod-{shown}")),
            None => Self::of(shown),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name that a pod gets, or could get, and the part of it that two calls of the
/// webhook see alike: Kubernetes generates a name after the first.
fn names<'p>(metadata: &'p PodMeta<'_>) -> (Cow<'p, str>, &'p str) {
    let given = |text: Option<&'p str>| text.filter(|text| !text.is_empty());
    let name = given(metadata.name.as_deref());
    let prefix = given(metadata.generate_name.as_deref()).map(generated_prefix);
    let trimmed = |prefix: &'p str| prefix.trim_end_matches('-');
    match (name, prefix) {
        (Some(name), Some(prefix)) if is_generated(name, prefix) => (name.into(), trimmed(prefix)),
        (Some(name), _) => (name.into(), name),
        (None, Some(prefix)) => (format!("{prefix}xxxxx").into(), trimmed(prefix)),
        (None, None) => ("".into(), ""),
    }
}

/// Whether Kubernetes could have made the name from the prefix: Kubernetes takes
/// the name where a pod has both. Its letters: apimachinery, `pkg/util/rand`.
fn is_generated(name: &str, prefix: &str) -> bool {
    let random = |b: u8| b"bcdfghjklmnpqrstvwxz2456789".contains(&b);
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 5 && rest.bytes().all(random))
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
