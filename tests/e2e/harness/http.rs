//! Raw requests to the API server: any method, path, body and content type.
//!
//! kubectl is the road people take; attackers take every other one the API
//! server offers, and those are reached only by hand.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::cluster::Cluster;
use super::every_pod;
use super::users::User;

/// Server-side apply.
pub(crate) const APPLY: &str = "application/apply-patch+yaml";
/// JSON merge patch.
pub(crate) const MERGE: &str = "application/merge-patch+json";
/// Strategic merge patch.
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
/// JSON patch.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";

/// As long as an answer gets: an object of 3 MiB, six bytes for each of its.
const MOST: u64 = 32 << 20;

/// The way to one API server; cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    agent: ureq::Agent,
    port: u16,
}

/// A client that trusts this authority and nobody else.
fn agent(ca: &str) -> ureq::Agent {
    let ca = Certificate::from_pem(ca.as_bytes()).expect("the run's own authority");
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[ca]))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_mins(1)))
        .build()
        .new_agent()
}

/// A short stable name for a token: a file name must not hold the token.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A request under construction; see [`Cluster::request`].
pub(crate) struct Request<'a> {
    api: &'a Api,
    method: &'a str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// What the API server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The request, for messages.
    asked: String,
}

impl Api {
    /// The API server on `port`, its certificate signed by `ca` (PEM).
    pub(super) fn new(port: u16, ca: &str) -> Self {
        Self {
            agent: agent(ca),
            port,
        }
    }

    /// A raw request by `user`. `path` carries its query.
    pub(crate) fn request<'a>(&'a self, user: &User, method: &'a str, path: &str) -> Request<'a> {
        Request {
            api: self,
            method,
            path: path.to_owned(),
            headers: vec![("Authorization".to_owned(), format!("Bearer {}", user.token))],
            body: None,
        }
    }
}

impl Cluster {
    /// A raw request by `user`. `path` carries its query.
    pub(crate) fn request<'a>(&'a self, user: &User, method: &'a str, path: &str) -> Request<'a> {
        self.api.request(user, method, path)
    }

    /// Creates an object as admin, and panics if it cannot.
    pub(crate) fn create(&self, path: &str, object: &Value) -> Value {
        self.request(self.admin(), "POST", path)
            .json(object)
            .send()
            .expect_status(201)
            .json()
    }

    /// Reads an object as admin, and panics if it cannot.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.request(self.admin(), "GET", path)
            .send()
            .expect_status(200)
            .json()
    }
}

impl Request<'_> {
    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks as somebody else, as `kubectl --as` does.
    pub(crate) fn impersonate(self, name: &str) -> Self {
        self.header("Impersonate-User", name)
    }

    /// A body of any type.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", content_type)
    }

    /// A JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends it; panics when no answer comes.
    pub(crate) fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        self.try_send().unwrap_or_else(|e| panic!("{asked}: {e}"))
    }

    /// Sends it; no answer is an error, any answer is not.
    pub(crate) fn try_send(self) -> Result<Answer, String> {
        let asked = format!("{} {}", self.method, self.path);
        let url = format!("https://127.0.0.1:{}{}", self.api.port, self.path);
        let mut request = ureq::http::Request::builder().method(self.method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        // A body with DELETE is Kubernetes' way to pass DeleteOptions.
        let agent = &self.api.agent;
        let sent = match self.body {
            Some(body) => {
                let request = request.body(body).map_err(|e| e.to_string())?;
                let request = agent
                    .configure_request(request)
                    .allow_non_standard_methods(true)
                    .build();
                agent.run(request)
            }
            None => agent.run(request.body(()).map_err(|e| e.to_string())?),
        };
        let mut answer = sent.map_err(|e| e.to_string())?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let body = answer.body_mut().with_config().limit(MOST).read_to_vec();
        let body = body.map_err(|e| e.to_string())?;
        let answer = Answer {
            status: answer.status().as_u16(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            asked,
        };
        if answer.status >= 400 {
            every_pod::panic_at_denial(&answer.asked, &answer.body);
        }
        Ok(answer)
    }
}

impl Answer {
    /// Panics, with the whole answer, unless it has this status.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.body);
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|e| panic!("{}: not JSON ({e}): {}", self.asked, self.body))
    }

    /// The `message` of a Status, or nothing.
    pub(crate) fn message(&self) -> String {
        let status: Value = serde_json::from_str(&self.body).unwrap_or_default();
        status["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The texts of the `Warning` headers, as kubectl would print them.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "warning")
            .map(|(_, value)| {
                // 299 - "text", with \ before each " and \ of the text.
                let text = value.split_once('"').map_or("", |(_, text)| text);
                let text = text.strip_suffix('"').unwrap_or(text);
                text.replace("\\\"", "\"").replace("\\\\", "\\")
            })
            .collect()
    }

    /// Whether an admission webhook refused it.
    pub(crate) fn refused_by_webhook(&self) -> bool {
        self.status == 403 && self.message().contains("admission webhook")
    }
}
