//! An event of a Kubernetes audit log, read so that the engine can judge it again.

use serde::Deserialize;

use crate::json::{self, Raw};

use super::{
    Access, Act, Object, Request, Resource, ReviewError, Selectors, Target, Text, UserInfo, Version,
};

/// An event of any stage and level.
#[derive(Debug)]
pub struct AuditEvent<'a> {
    /// The id of the request: the same for all its stages.
    pub id: Text<'a>,
    /// `RequestReceived`, `ResponseStarted`, `ResponseComplete`, `Panic`.
    pub stage: Text<'a>,
    /// The acting user: the impersonated user, if there is one.
    pub user: UserInfo<'a>,
    /// The user who impersonated the acting user, if any.
    pub impersonated_by: Option<Text<'a>>,
    pub verb: Text<'a>,
    pub target: Target<'a>,
    /// The HTTP status; 0 if the event has none yet.
    pub code: u16,
    request_object: Option<Raw<'a>>,
    response_object: Option<Raw<'a>>,
    /// The path of a proxy request, as the options of a CONNECT.
    proxy_options: Option<String>,
}

/// An event as the engine judges it.
#[derive(Debug)]
pub enum Judgeable<'a> {
    /// A write, with the objects that rules judge.
    Write(Request<'a>),
    /// A read, or a write without its objects in the log.
    Access(Access<'a>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default, rename = "auditID")]
    audit_id: Text<'a>,
    #[serde(borrow, default)]
    stage: Text<'a>,
    #[serde(borrow, default)]
    verb: Text<'a>,
    #[serde(borrow, default, rename = "requestURI")]
    request_uri: Text<'a>,
    #[serde(borrow, default)]
    user: Option<UserInfo<'a>>,
    #[serde(borrow, default)]
    impersonated_user: Option<UserInfo<'a>>,
    #[serde(borrow, default)]
    object_ref: Option<WireReference<'a>>,
    #[serde(default)]
    response_status: Option<WireStatus>,
    #[serde(borrow, default)]
    request_object: Option<Raw<'a>>,
    #[serde(borrow, default)]
    response_object: Option<Raw<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReference<'a> {
    #[serde(borrow, default)]
    api_group: Text<'a>,
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    resource: Text<'a>,
    #[serde(borrow, default)]
    subresource: Text<'a>,
    #[serde(borrow, default)]
    namespace: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct WireStatus {
    #[serde(default)]
    code: Option<u16>,
}

/// The status of a write that made a new object.
const CREATED: u16 = 201;

const API_GROUP: &str = "audit.k8s.io/";

impl<'a> AuditEvent<'a> {
    /// Parses an event. `None` for a URL that is not a resource (`/healthz`).
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if the text is not an audit event or lacks a required
    /// field. It contains no values: an event can hold a Secret.
    pub fn parse(text: &'a str) -> Result<Option<Self>, ReviewError> {
        const WHAT: &str = "the audit event";
        let event: WireEvent<'a> =
            json::from_str(text).map_err(|error| ReviewError::json(WHAT, error))?;
        let version = event.api_version.as_deref().unwrap_or_default();
        if event.kind.as_deref() != Some("Event") || !version.starts_with(API_GROUP) {
            return Err(ReviewError::NotAnAuditEvent);
        }
        let authenticated = event.user.ok_or(ReviewError::Missing("user"))?;
        if event.verb.is_empty() {
            return Err(ReviewError::Missing("verb"));
        }
        let Some(reference) = event.object_ref else {
            return Ok(None);
        };
        if reference.resource.is_empty() {
            return Err(ReviewError::Missing("objectRef.resource"));
        }
        let (user, impersonated_by) = match event.impersonated_user {
            Some(user) => (user, Some(authenticated.username)),
            None => (authenticated, None),
        };
        let proxy_options = (reference.subresource.as_str() == "proxy")
            .then(|| proxy_options(&event.request_uri, &reference))
            .flatten();
        Ok(Some(Self {
            id: event.audit_id,
            stage: event.stage,
            user,
            impersonated_by,
            verb: event.verb,
            code: event
                .response_status
                .and_then(|status| status.code)
                .unwrap_or_default(),
            target: Target {
                resource: Resource {
                    group: reference.api_group,
                    version: reference.api_version,
                    resource: reference.resource,
                },
                subresource: reference.subresource,
                namespace: reference.namespace,
                name: reference.name,
                ..Target::default()
            },
            request_object: event.request_object,
            response_object: event.response_object,
            proxy_options,
        }))
    }

    /// The event as the engine judges it. `old` is the object that an update
    /// replaced or a delete removed. No update's event contains it, and few
    /// deletes' do; without it, they are an [`Access`].
    #[must_use]
    pub fn judgeable(&'a self, old: Option<Object<'a>>) -> Judgeable<'a> {
        let act = match self.verb.as_str() {
            _ if self.connects() => Some(Act::Connect(self.options())),
            "create" => self.written().map(Act::Create),
            // An apply, or a replace, of what was not there.
            "update" | "patch" if self.code == CREATED => self.answered().map(Act::Create),
            "update" => old.and_then(|old| {
                Some(Act::Update {
                    old,
                    new: self.written()?,
                })
            }),
            // The request of a patch is the patch: only the response has the object.
            "patch" => old.and_then(|old| {
                Some(Act::Update {
                    old,
                    new: self.answered()?,
                })
            }),
            "delete" => self.answered().or(old).map(Act::Delete),
            _ => None,
        };
        match act {
            Some(act) => {
                Judgeable::Write(Request::new(self.user.clone(), self.target.clone(), act))
            }
            None => Judgeable::Access(Access {
                user: self.user.clone(),
                verb: self.verb.clone(),
                target: self.target.clone(),
                selectors: Selectors::default(),
            }),
        }
    }

    fn connects(&self) -> bool {
        let pods = self.target.is("", "pods");
        let streams = matches!(self.target.subresource(), "exec" | "attach" | "portforward");
        pods && streams || self.target.subresource() == "proxy"
    }

    fn options(&'a self) -> Option<Object<'a>> {
        let raw = Raw::parse(self.proxy_options.as_deref()?).ok()?;
        Some(Object::new(raw, Version::New))
    }

    /// The stored object: from the response, which has it after mutation, else from
    /// the request.
    fn written(&self) -> Option<Object<'a>> {
        let sent = self
            .request_object
            .map(|raw| Object::new(raw, Version::New));
        self.answered().or(sent)
    }

    fn answered(&self) -> Option<Object<'a>> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            kind: Option<Text<'a>>,
        }
        let object = Object::new(self.response_object?, Version::New);
        let kind = object.read::<Answer<'_>>().ok()?.kind;
        let is_status = kind.as_deref() == Some("Status");
        ((200..300).contains(&self.code) && !is_status).then_some(object)
    }
}

/// The `path` of a proxy request: the part of its URL after `/proxy`.
fn proxy_options(uri: &str, reference: &WireReference<'_>) -> Option<String> {
    let path = uri.split('?').next().unwrap_or_default();
    let target = format!("/{}/{}/proxy", reference.resource, reference.name);
    let (_, rest) = path.split_once(&target)?;
    Some(serde_json::json!({ "path": rest }).to_string())
}
