//! One request that can be made in any namespace.

use serde_json::Value;

use super::http::{Answer, Request};
use super::namespace::Namespace;
use super::users::User;
use super::wait;

/// A request without its namespace and its user.
#[derive(Clone, Debug)]
pub(crate) struct Road {
    method: &'static str,
    group_version: &'static str,
    rest: String,
    body: Option<(&'static str, String)>,
}

impl Road {
    /// `group_version`: `v1`, `apps/v1`; `rest`: what follows the namespace,
    /// query included.
    pub(crate) fn new(
        method: &'static str,
        group_version: &'static str,
        rest: impl Into<String>,
    ) -> Self {
        Self {
            method,
            group_version,
            rest: rest.into(),
            body: None,
        }
    }

    /// POST of an object.
    pub(crate) fn create(
        group_version: &'static str,
        resource: impl Into<String>,
        object: &Value,
    ) -> Self {
        Self::new("POST", group_version, resource).json(object)
    }

    /// PATCH of one content type.
    pub(crate) fn patch(
        group_version: &'static str,
        rest: impl Into<String>,
        content_type: &'static str,
        patch: &Value,
    ) -> Self {
        Self::new("PATCH", group_version, rest).body(content_type, patch)
    }

    pub(crate) fn json(self, object: &Value) -> Self {
        self.body("application/json", object)
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: &Value) -> Self {
        self.body = Some((content_type, body.to_string()));
        self
    }

    /// The same with one more query parameter.
    pub(crate) fn query(mut self, parameter: &str) -> Self {
        let separator = if self.rest.contains('?') { '&' } else { '?' };
        self.rest.push(separator);
        self.rest.push_str(parameter);
        self
    }

    /// The same as a dry-run.
    pub(crate) fn dry(&self) -> Self {
        self.clone().query("dryRun=All")
    }

    /// The path in a namespace.
    pub(crate) fn path(&self, namespace: &Namespace<'_>) -> String {
        match self.group_version {
            "v1" => namespace.core(&self.rest),
            group_version => namespace.group(group_version, &self.rest),
        }
    }

    /// The request by `user`, not yet sent.
    pub(crate) fn request<'n>(&self, user: &User, namespace: &Namespace<'n>) -> Request<'n> {
        let cluster = namespace.cluster;
        let request = cluster.request(user, self.method, &self.path(namespace));
        match &self.body {
            Some((content_type, body)) => request.body(content_type, body.clone()),
            None => request,
        }
    }

    /// Makes the request.
    pub(crate) fn by(&self, user: &User, namespace: &Namespace<'_>) -> Answer {
        self.request(user, namespace).send()
    }

    /// What it looks like, for messages.
    pub(crate) fn shown(&self) -> String {
        let kind = self.body.as_ref().map_or("", |(kind, _)| kind);
        format!(
            "{} {} {} {kind}",
            self.method, self.group_version, self.rest
        )
    }
}

/// Waits until RBAC lets `user` read `rest`: a new binding takes a moment to
/// reach the authorizer, and its refusal must not be taken for rolegate's.
pub(crate) fn wait_for_rights(namespace: &Namespace<'_>, user: &User, rest: &str) {
    let road = Road::new("GET", "v1", rest);
    wait::until("RBAC to know the binding", || {
        let answer = road.request(user, namespace).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
}
