//! Somebody who writes in one namespace and expects every answer to be yes.

use serde_json::{Value, json};

use crate::harness::Namespace;
use crate::harness::accounts::Pod;
use crate::harness::http::{APPLY, Answer, MERGE};
use crate::harness::users::User;

/// A user at work in a namespace.
pub(super) struct Client<'n> {
    pub(super) namespace: &'n Namespace<'static>,
    pub(super) user: User,
}

impl<'n> Client<'n> {
    pub(super) fn new(namespace: &'n Namespace<'static>, user: &User) -> Self {
        let user = user.clone();
        Self { namespace, user }
    }

    /// Any request, any answer.
    pub(super) fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> Answer {
        self.namespace
            .cluster
            .request(&self.user, method, path)
            .body(kind, body.to_string())
            .send()
    }

    /// Creates an object; `kind` and `apiVersion` are in it.
    #[track_caller]
    pub(super) fn create(&self, resource: &str, object: &Value) -> Value {
        let path = self.path(object, resource);
        let answer = self.send("POST", &path, "application/json", object);
        answer.expect_status(201).json()
    }

    /// [`Client::create`], where an earlier job may have made the same object.
    #[track_caller]
    pub(super) fn create_once(&self, resource: &str, object: &Value) {
        let path = self.path(object, resource);
        let answer = self.send("POST", &path, "application/json", object);
        if answer.status != 409 {
            answer.expect_status(201);
        }
    }

    /// Creates a pod.
    #[track_caller]
    pub(super) fn create_pod(&self, pod: &Value) -> Pod {
        pod_of(&self.create("pods", pod))
    }

    /// Server-side apply of an object that is not there yet.
    #[track_caller]
    pub(super) fn apply(&self, resource: &str, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let query = "fieldManager=fabric8&force=true";
        let path = format!("{}/{name}?{query}", self.path(object, resource));
        self.send("PATCH", &path, APPLY, object).expect_status(201);
    }

    /// A merge patch.
    #[track_caller]
    pub(super) fn patch(&self, path: &str, change: &Value) -> Value {
        let answer = self.send("PATCH", path, MERGE, change);
        answer.expect_status(200).json()
    }

    /// Deletes one object or, with a selector, a collection.
    #[track_caller]
    pub(super) fn delete(&self, path: &str, propagation: &str) {
        let options =
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation});
        self.send("DELETE", path, "application/json", &options)
            .expect_status(200);
    }

    /// The collection that `object` belongs to.
    fn path(&self, object: &Value, resource: &str) -> String {
        match object["apiVersion"].as_str() {
            Some("v1") | None => self.namespace.core(resource),
            Some(group) => self.namespace.group(group, resource),
        }
    }
}

/// Name and uid of a stored pod.
pub(super) fn pod_of(stored: &Value) -> Pod {
    let text = |key: &str| {
        stored["metadata"][key]
            .as_str()
            .expect("every object has one")
    };
    Pod {
        name: text("name").to_owned(),
        uid: text("uid").to_owned(),
    }
}
