//! Copies of pods, as dry runs in a namespace of the watcher's own: there no
//! quota, no ending namespace and no rule of a test's stands in the way, and
//! no test finds a request there that it did not make.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rolegate_core::mutation::Mutation;
use rolegate_core::policy::PolicyHash;
use serde_json::{Value, json};

use crate::harness::cast::service_account;
use crate::harness::dirs;
use crate::harness::http::{Answer, Api};
use crate::harness::users::User;

/// What the API server's call for a copy is answered with.
type Prepared = (Mutation, PolicyHash);

pub(super) struct Copies {
    api: Api,
    admin: User,
    namespace: String,
    accounts: Mutex<BTreeSet<String>>,
    prepared: Mutex<BTreeMap<String, Prepared>>,
}

impl Copies {
    pub(super) fn new(api: Api, admin: User, namespace: String) -> Self {
        Self {
            api,
            admin,
            namespace,
            accounts: Mutex::default(),
            prepared: Mutex::default(),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Has the API server admit a copy of this pod, with what rolegate answers
    /// as its last webhook's answer. Gives the API server's own answer.
    pub(super) fn send(&self, pod: &Value, prepared: Prepared) -> Result<Answer, String> {
        self.make_account(pod)?;
        let name = format!("copy-{:016x}", dirs::random());
        let mut copy = pod.clone();
        let metadata = &pod["metadata"];
        copy["metadata"] = json!({
            "name": name,
            "labels": metadata["labels"],
            "annotations": metadata["annotations"],
        });
        if let Some(copy) = copy.as_object_mut() {
            copy.remove("status");
        }
        let lock = || self.prepared.lock().expect("nobody panics with it");
        lock().insert(name.clone(), prepared);
        let path = format!("/api/v1/namespaces/{}/pods?dryRun=All", self.namespace);
        let request = self.api.request(&self.admin, "POST", &path).json(&copy);
        let answer = request.try_send();
        lock().remove(&name);
        answer
    }

    /// rolegate's answer, byte for byte, where the API server asks about a copy.
    pub(super) fn answer(&self, review: &Value) -> Option<Vec<u8>> {
        let request = &review["request"];
        if request["namespace"] != self.namespace {
            return None;
        }
        let name = request["object"]["metadata"]["name"].as_str()?;
        let prepared = self.prepared.lock().expect("nobody panics with it");
        let (mutation, policy) = prepared.get(name)?;
        let uid = request["uid"].as_str().unwrap_or_default();
        Some(mutation.to_json(uid, *policy))
    }

    /// The labels of a test's namespace.
    pub(super) fn labels_of(&self, namespace: &str) -> Result<Value, String> {
        let path = format!("/api/v1/namespaces/{namespace}");
        let answer = self.api.request(&self.admin, "GET", &path).try_send()?;
        if answer.status != 200 {
            return Err(format!(
                "the pod's namespace cannot be read: {}",
                answer.body
            ));
        }
        Ok(answer.json()["metadata"]["labels"].take())
    }

    /// The API server takes no pod under an account that is not there.
    fn make_account(&self, pod: &Value) -> Result<(), String> {
        let account = pod["spec"]["serviceAccountName"].as_str();
        let account = account.unwrap_or("default");
        let mut known = self.accounts.lock().expect("nobody panics with it");
        if account == "default" || known.contains(account) {
            return Ok(());
        }
        let path = format!("/api/v1/namespaces/{}/serviceaccounts", self.namespace);
        let object = service_account(account);
        let request = self.api.request(&self.admin, "POST", &path).json(&object);
        let answer = request.try_send()?;
        if answer.status != 201 {
            return Err(format!("no account for a copy: {}", answer.body));
        }
        known.insert(account.to_owned());
        Ok(())
    }
}
