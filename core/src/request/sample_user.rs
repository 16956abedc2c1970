//! A requester with all its evidence, as an API server would send it: for what a file under
//! review and a workload's pods are judged by.

use serde_json::{Map, Value, json};

use crate::names::SERVICE_ACCOUNT_PREFIX;

/// `userInfo` that no API server has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleUser {
    pub username: String,
    pub groups: Vec<String>,
    pub uid: Option<String>,
    /// `userInfo.extra`: one pair of key and value per value.
    pub extra: Vec<(String, String)>,
}

const AUTHENTICATED: &str = "system:authenticated";

/// The uid of everything that has none of its own, pods included.
pub const SAMPLE_UID: &str = "00000000-0000-4000-8000-000000000001";

impl SampleUser {
    /// A user of the cluster.
    #[must_use]
    pub fn person(username: impl Into<String>, groups: &[String]) -> Self {
        let mut groups = groups.to_vec();
        if !groups.iter().any(|group| group == AUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Self {
            username: username.into(),
            groups,
            uid: None,
            extra: Vec::new(),
        }
    }

    /// A service account by a token of its own.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let groups = [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ];
        Self {
            uid: Some(SAMPLE_UID.to_owned()),
            ..Self::person(
                format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"),
                &groups,
            )
        }
    }

    /// The same by the token of a pod.
    #[must_use]
    pub fn in_pod(namespace: &str, name: &str, pod: &str) -> Self {
        let of_pod = |key: &str, value: &str| {
            (
                format!("authentication.kubernetes.io/{key}"),
                value.to_owned(),
            )
        };
        Self {
            extra: vec![of_pod("pod-name", pod), of_pod("pod-uid", SAMPLE_UID)],
            ..Self::service_account(namespace, name)
        }
    }

    /// `userInfo` of an AdmissionReview.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut extra = Map::new();
        for (key, value) in &self.extra {
            let values = extra.entry(key).or_insert_with(|| json!([]));
            if let Some(values) = values.as_array_mut() {
                values.push(json!(value));
            }
        }
        json!({
            "username": self.username,
            "uid": self.uid,
            "groups": self.groups,
            "extra": extra,
        })
    }
}
