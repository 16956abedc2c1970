//! AWS as a pod meets it: STS, EKS's Pod Identity agent, and the services that
//! a job uses.
//!
//! moto gives the answers. In front of it stands what moto leaves out: the
//! trust policies, so that a role that may not be assumed is not; the check
//! that a call is made with credentials handed out before; and the record of
//! who called what. Tokens and keys are compared and never written anywhere.

mod call;
mod form;
mod loopback;
pub(super) mod moto;
pub(crate) mod token;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub(crate) use call::Call;
use form::Form;
use loopback::{Request, Response, Server};
pub(crate) use moto::python;
pub(crate) use trust::Trust;

use super::http;

/// Every endpoint in one, with a record of its own.
pub(crate) struct Aws {
    server: Server,
    state: Arc<State>,
}

struct State {
    trust: Trust,
    calls: Mutex<Vec<Call>>,
    /// Access key id: whose it is, and the hash of its session token.
    issued: Mutex<HashMap<String, (String, u64)>>,
    moto: String,
    http: ureq::Agent,
}

impl Aws {
    /// Starts it, with these trust policies.
    pub(crate) fn start(trust: Trust) -> Self {
        let state = Arc::new(State {
            trust,
            calls: Mutex::default(),
            issued: Mutex::default(),
            moto: format!("http://127.0.0.1:{}", moto::port()),
            http: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .proxy(None)
                .build()
                .new_agent(),
        });
        let answering = Arc::clone(&state);
        Self {
            server: Server::start(move |request| answering.answer(request)),
            state,
        }
    }

    /// Where it is, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The same by HTTPS, for clients that take no other endpoint of STS.
    pub(crate) fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.server.port)
    }

    /// The certificate that such a client must trust, in PEM.
    pub(crate) fn authority() -> String {
        loopback::authority()
    }

    /// What was called so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().expect("no call panics").clone()
    }

    /// The same, a line a call: `role-1 AssumeRole role-2`.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.calls().iter().map(Call::shown).collect()
    }

    /// Does something in the account of `role`, before the job comes or after
    /// it: neither asked whether it may nor recorded. Gives what was answered.
    pub(crate) fn beside(
        &self,
        role: &str,
        service: &str,
        (method, path): (&str, &str),
        body: &[u8],
    ) -> String {
        let credentials = self.state.assume(role);
        let key = credentials["AccessKeyId"].as_str().expect("a key id");
        let content_type = match service {
            "s3" => "application/octet-stream",
            _ => "application/x-www-form-urlencoded",
        };
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: HashMap::from([
                ("authorization".to_owned(), signed(key, service)),
                ("content-type".to_owned(), content_type.to_owned()),
            ]),
            body: body.to_owned(),
        };
        let answer = self.state.forward(&request);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{service} {method} {path}: {body}");
        body
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let (call, answer) = if request.path == "/v1/credentials" {
            self.agent(request)
        } else {
            self.service(request)
        };
        self.calls.lock().expect("no call panics").push(call);
        answer
    }

    fn service(&self, request: &Request) -> (Call, Response) {
        let in_query = form_of_query(request);
        let request = in_query.as_ref().unwrap_or(request);
        let form = Form::parse(request.header("content-type"), &request.body);
        let scope = scope(request);
        let service = scope.map_or("sts", |(_, service)| service);
        let mut call = Call::read(service, request, &form);
        let permitted = match scope {
            None => self.permit_unsigned(&form, &call),
            Some((key, _)) => self.signer(request, key).and_then(|caller| {
                call.by = Some(caller.clone());
                let permitted = self.trust.permits(&caller, service, &call);
                permitted.then_some(()).ok_or("AccessDenied")
            }),
        };
        call.refused = permitted.err();
        let answer = match call.refused {
            Some(code) => refusal(code),
            None => self.forward(request),
        };
        if let (Some(role), 200) = (&call.role, answer.status) {
            self.remember(role, &String::from_utf8_lossy(&answer.body));
        }
        (call, answer)
    }

    fn permit_unsigned(&self, form: &Form, call: &Call) -> Result<(), &'static str> {
        if call.action != "AssumeRoleWithWebIdentity" {
            return Err("MissingAuthenticationToken");
        }
        let token = form.text("WebIdentityToken").unwrap_or_default();
        let subject = token::subject(&token, "sts.amazonaws.com").ok_or("InvalidIdentityToken")?;
        let role = call.role.as_deref().unwrap_or_default();
        let permitted = self.trust.permits_web_identity(role, &subject);
        permitted.then_some(()).ok_or("AccessDenied")
    }

    /// The role whose credentials the call is signed with: key id and session
    /// token must have been handed out together.
    fn signer(&self, request: &Request, key: &str) -> Result<String, &'static str> {
        let token = http::hash(request.header("x-amz-security-token"));
        let issued = self.issued.lock().expect("no call panics");
        match issued.get(key) {
            Some((role, handed_out)) if *handed_out == token => Ok(role.clone()),
            _ => Err("InvalidClientTokenId"),
        }
    }

    /// Answers as the Pod Identity agent on a node does: it gives the association's
    /// role to each client that presents a valid token.
    fn agent(&self, request: &Request) -> (Call, Response) {
        let subject = token::subject(request.header("authorization"), "pods.eks.amazonaws.com");
        let role = subject.and_then(|subject| self.trust.associated(&subject));
        let answer = match role {
            None => refusal("AccessDenied"),
            Some(role) => Response::new(200, "application/json", self.assume(role).to_string()),
        };
        (Call::agent(role), answer)
    }

    /// New credentials of a role, straight from moto.
    fn assume(&self, role: &str) -> Value {
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", "eks-e2e-pod"),
        ];
        let answer = read(
            self.http
                .post(format!("{}/", self.moto))
                .header("authorization", signed("AKIAANYBODY", "sts"))
                .send_form(form),
        );
        assert_eq!(answer.status, 200, "moto refuses to give out {role}");
        self.remember(role, &String::from_utf8_lossy(&answer.body))
    }

    /// Notes whose the credentials in an answer of STS are; gives them as the
    /// agent does.
    fn remember(&self, role: &str, xml: &str) -> Value {
        let [key, secret, token, expiration] = [
            "AccessKeyId",
            "SecretAccessKey",
            "SessionToken",
            "Expiration",
        ]
        .map(|name| element(xml, name));
        let mut issued = self.issued.lock().expect("no call panics");
        issued.insert(key.to_owned(), (role.to_owned(), http::hash(token)));
        json!({"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": expiration})
    }

    /// moto's answer.
    fn forward(&self, request: &Request) -> Response {
        let mut onward = ureq::http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.moto, request.path));
        for (name, value) in &request.headers {
            // The connection's own are made anew.
            if !["host", "connection", "content-length", "expect"].contains(&name.as_str()) {
                onward = onward.header(name, value);
            }
        }
        let onward = onward
            .body(request.body.clone())
            .expect("a request that came in");
        let onward = self
            .http
            .configure_request(onward)
            .allow_non_standard_methods(true)
            .build();
        read(self.http.run(onward))
    }
}

/// The form that a request of STS has in its query, as Rust's `object_store` sends it: moto
/// looks in the body only.
fn form_of_query(request: &Request) -> Option<Request> {
    let (path, query) = request.path.split_once('?')?;
    let is_form = request.body.is_empty() && query.contains("Action=");
    (is_form && scope(request).is_none()).then(|| {
        let mut headers = request.headers.clone();
        let form = "application/x-www-form-urlencoded".to_owned();
        headers.insert("content-type".to_owned(), form);
        Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers,
            body: query.as_bytes().to_owned(),
        }
    })
}

/// Access key id and service of a signature.
fn scope(request: &Request) -> Option<(&str, &str)> {
    let (_, scope) = request.header("authorization").split_once("Credential=")?;
    let mut parts = scope.split('/');
    Some((parts.next()?, parts.nth(2)?))
}

/// The header of a signed request. moto looks for key and service in it and
/// does not check the signature.
fn signed(key: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261122/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

fn read(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Response {
    let mut answer = sent.unwrap_or_else(|e| panic!("moto does not answer: {e}"));
    let own = ["connection", "transfer-encoding", "date", "server"];
    let headers = answer.headers().iter().filter_map(|(name, value)| {
        let kept = !own.contains(&name.as_str());
        kept.then(|| Some((name.to_string(), value.to_str().ok()?.to_owned())))?
    });
    Response {
        status: answer.status().as_u16(),
        headers: headers.collect(),
        body: answer
            .body_mut()
            .read_to_vec()
            .unwrap_or_else(|e| panic!("moto's answer: {e}")),
    }
}

/// STS's own way to say no, which S3's clients understand as well.
fn refusal(code: &str) -> Response {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>refused by the test's trust policies</Message></Error>\
         <RequestId>0</RequestId></ErrorResponse>"
    );
    Response::new(403, "text/xml", body)
}

/// The text of the first element of this name.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let text = || {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(text, _)| text)
    };
    text().unwrap_or_else(|| panic!("moto's answer has no {name}"))
}
