//! AWS as a pod meets it: STS, and EKS's Pod Identity agent.
//!
//! moto gives the answers. In front of it stands what moto leaves out: the
//! trust policies, so that a role that may not be assumed is not, the check
//! that a call is made with credentials handed out before, and the record of
//! who called what. Tokens and keys are compared and never written anywhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::loopback::{Request, Response, Server};
use super::{http, moto};

/// What the roles of a test trust: everything else is refused, as in AWS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Roles that a service account's token becomes, with the token's subject.
    web_identity: Vec<(String, String)>,
    /// The role that EKS Pod Identity gives out, with the subject.
    pod_identity: Option<(String, String)>,
    /// Who may assume which role, and with which external id.
    roles: Vec<(String, String, Option<String>)>,
}

impl Trust {
    /// Role `role` trusts the cluster's service account `subject` (IRSA).
    pub(crate) fn web_identity(mut self, role: &str, subject: &str) -> Self {
        self.web_identity.push((role.into(), subject.into()));
        self
    }

    /// An EKS Pod Identity association.
    pub(crate) fn pod_identity(mut self, role: &str, subject: &str) -> Self {
        self.pod_identity = Some((role.into(), subject.into()));
        self
    }

    /// Role `to` trusts role `from`.
    pub(crate) fn role(mut self, from: &str, to: &str) -> Self {
        self.roles.push((from.into(), to.into(), None));
        self
    }

    /// Role `to` trusts role `from` when it says `external_id`.
    pub(crate) fn role_with_external_id(mut self, from: &str, to: &str, id: &str) -> Self {
        self.roles.push((from.into(), to.into(), Some(id.into())));
        self
    }
}

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The role whose credentials signed it; `None` for an unsigned call.
    pub(crate) by: Option<String>,
    /// `AssumeRole`, ...; the agent's is `PodIdentity`.
    pub(crate) action: String,
    /// The ARN of the role asked for.
    pub(crate) role: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) duration: Option<String>,
    /// The error code of a refusal.
    pub(crate) refused: Option<&'static str>,
}

impl Call {
    /// `role-1 AssumeRole role-2`, with `: AccessDenied` after a refusal.
    fn shown(&self) -> String {
        let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let by = self.by.as_deref().map_or("nobody".to_owned(), name);
        let role = self.role.as_deref().map(|arn| format!(" {}", name(arn)));
        let refused = self.refused.map(|code| format!(": {code}"));
        let [role, refused] = [role, refused].map(Option::unwrap_or_default);
        format!("{by} {}{role}{refused}", self.action)
    }
}

/// The two endpoints, with a record of their own.
pub(crate) struct Sts {
    server: Server,
    state: Arc<State>,
}

struct State {
    trust: Trust,
    calls: Mutex<Vec<Call>>,
    /// Access key id: whose it is, and the hash of its session token.
    issued: Mutex<HashMap<String, (String, u64)>>,
    moto: String,
    agent: ureq::Agent,
}

impl Sts {
    /// Starts both, with these trust policies.
    pub(crate) fn start(trust: Trust) -> Self {
        let state = Arc::new(State {
            trust,
            calls: Mutex::default(),
            issued: Mutex::default(),
            moto: format!("http://127.0.0.1:{}/", moto::port()),
            agent: ureq::Agent::config_builder()
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

    /// Where both are.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// What was called so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().expect("no call panics").clone()
    }

    /// The same, a line a call: `role-1 AssumeRole role-2`.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.calls().iter().map(Call::shown).collect()
    }
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/") => self.sts(request),
            ("GET", "/v1/credentials") => self.agent(request),
            _ => refusal(404, "UnknownOperation"),
        }
    }

    fn sts(&self, request: &Request) -> Response {
        let form = Form::parse(&request.body);
        let mut call = Call {
            by: None,
            action: form.text("Action").unwrap_or_default(),
            role: form.text("RoleArn"),
            session: form.text("RoleSessionName"),
            external_id: form.text("ExternalId"),
            duration: form.text("DurationSeconds"),
            refused: None,
        };
        let permitted = self.permit(request, &form, &mut call);
        let answer = match permitted {
            Ok(()) => self.forward(request, &call),
            Err(code) => refusal(
                if code == "ExpiredTokenException" {
                    400
                } else {
                    403
                },
                code,
            ),
        };
        call.refused = permitted.err();
        self.calls.lock().expect("no call panics").push(call);
        answer
    }

    /// What IAM decides. Fills in who calls.
    fn permit(&self, request: &Request, form: &Form, call: &mut Call) -> Result<(), &'static str> {
        let role = call.role.as_deref().unwrap_or_default();
        if call.action == "AssumeRoleWithWebIdentity" {
            let token = form.text("WebIdentityToken").unwrap_or_default();
            let subject = subject(&token, "sts.amazonaws.com").ok_or("InvalidIdentityToken")?;
            let trusts =
                |(trusting, trusted): &(String, String)| trusting == role && *trusted == subject;
            return self
                .trust
                .web_identity
                .iter()
                .any(trusts)
                .then_some(())
                .ok_or("AccessDenied");
        }
        let caller = self.signer(request)?;
        call.by = Some(caller.clone());
        match call.action.as_str() {
            "GetCallerIdentity" => Ok(()),
            "AssumeRole" => self
                .trust
                .roles
                .iter()
                .any(|(from, to, id)| {
                    *from == caller && to == role && (id.is_none() || *id == call.external_id)
                })
                .then_some(())
                .ok_or("AccessDenied"),
            _ => Err("UnknownOperation"),
        }
    }

    /// The role whose credentials the call is signed with: key id and session
    /// token must have been handed out together.
    fn signer(&self, request: &Request) -> Result<String, &'static str> {
        let key = request
            .header("authorization")
            .split_once("Credential=")
            .and_then(|(_, scope)| scope.split_once('/'))
            .ok_or("MissingAuthenticationToken")?
            .0;
        let token = http::hash(request.header("x-amz-security-token"));
        let issued = self.issued.lock().expect("no call panics");
        match issued.get(key) {
            Some((role, handed_out)) if *handed_out == token => Ok(role.clone()),
            _ => Err("InvalidClientTokenId"),
        }
    }

    /// moto's answer. Remembers the credentials in it.
    fn forward(&self, request: &Request, call: &Call) -> Response {
        let mut onward = self.agent.post(&self.moto);
        for name in [
            "authorization",
            "content-type",
            "x-amz-date",
            "x-amz-security-token",
        ] {
            if !request.header(name).is_empty() {
                onward = onward.header(name, request.header(name));
            }
        }
        let (status, body) = read(onward.send(request.body.as_slice()));
        if let Some(role) = &call.role {
            self.remember(role, &body);
        }
        Response {
            status,
            content_type: "text/xml",
            body: body.into_bytes(),
        }
    }

    /// Notes whose the credentials in an answer of STS are; gives them.
    fn remember(&self, role: &str, xml: &str) -> Value {
        let credentials = json!({
            "AccessKeyId": element(xml, "AccessKeyId"),
            "SecretAccessKey": element(xml, "SecretAccessKey"),
            "Token": element(xml, "SessionToken"),
            "Expiration": element(xml, "Expiration"),
        });
        self.issued.lock().expect("no call panics").insert(
            element(xml, "AccessKeyId").to_owned(),
            (role.to_owned(), http::hash(element(xml, "SessionToken"))),
        );
        credentials
    }

    /// What the Pod Identity agent on the node does: it gives the association's
    /// role to whoever shows a token for it.
    fn agent(&self, request: &Request) -> Response {
        let subject = subject(request.header("authorization"), "pods.eks.amazonaws.com");
        let role = match (&self.trust.pod_identity, subject) {
            (Some((role, trusted)), Some(subject)) if *trusted == subject => Some(role.clone()),
            _ => None,
        };
        self.calls.lock().expect("no call panics").push(Call {
            by: None,
            action: "PodIdentity".to_owned(),
            role: role.clone(),
            session: None,
            external_id: None,
            duration: None,
            refused: role.is_none().then_some("AccessDenied"),
        });
        let Some(role) = role else {
            return refusal(403, "AccessDenied");
        };
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", &role),
            ("RoleSessionName", "eks-e2e-pod"),
        ];
        // moto wants to know the service from a signature; it does not check it.
        let signed = "AWS4-HMAC-SHA256 Credential=AKIAEKSAGENT/20261122/us-west-2/sts/aws4_request, \
                      SignedHeaders=host, Signature=0";
        let (status, body) = read(
            self.agent
                .post(&self.moto)
                .header("authorization", signed)
                .send_form(form),
        );
        assert_eq!(status, 200, "moto refused the agent: {body}");
        Response {
            status,
            content_type: "application/json",
            body: self.remember(&role, &body).to_string().into_bytes(),
        }
    }
}

fn read(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, String) {
    let mut answer = sent.unwrap_or_else(|e| panic!("moto does not answer: {e}"));
    let body = answer.body_mut().read_to_string();
    (
        answer.status().as_u16(),
        body.unwrap_or_else(|e| panic!("moto's answer: {e}")),
    )
}

/// STS's own way to say no.
fn refusal(status: u16, code: &str) -> Response {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>refused by the test's trust policies</Message></Error>\
         <RequestId>0</RequestId></ErrorResponse>"
    );
    Response {
        status,
        content_type: "text/xml",
        body: body.into_bytes(),
    }
}

/// A service account token as a kubelet would project it: the claims are right,
/// the signature is not, and nobody here checks it.
pub(super) fn token(audience: &str, subject: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
        "aud": [audience], "sub": subject, "exp": 4_102_444_800_u64,
    });
    let header = part(json!({"alg": "RS256", "typ": "JWT"}));
    format!(
        "{header}.{}.{}",
        part(claims),
        URL_SAFE_NO_PAD.encode("signed")
    )
}

/// The subject of a token for this audience.
fn subject(token: &str, audience: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let right = claims["aud"].as_array()?.iter().any(|aud| aud == audience);
    right.then(|| claims["sub"].as_str().map(str::to_owned))?
}

/// The text of the first element of this name.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let text = |xml: &'x str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(text, _)| text)
    };
    text(xml).unwrap_or_else(|| panic!("moto's answer has no {name}"))
}

/// A form body.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    fn text(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone())
    }
}

/// Without percent signs and plus signs.
fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next(), bytes.next()].map(Option::unwrap_or_default);
                let digits = String::from_utf8_lossy(&digits).into_owned();
                u8::from_str_radix(&digits, 16).unwrap_or_else(|e| panic!("{text:?}: {e}"))
            }
            byte => byte,
        });
    }
    String::from_utf8(out).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}
