//! A reviewer that decides nothing, to measure the server around it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use rolegate_core::policy::PolicyHash;

use crate::server::doors::BadReview;
use crate::server::doors::Record;
use crate::server::doors::Reviewed;
use crate::server::doors::Reviewer;
use rolegate_core::decision::Door;

/// Reads the envelope, allows everything, records what the engine would
/// record. The floor every real decision is measured against; never served.
#[derive(Clone, Debug, Default)]
pub struct EmptyAllow {
    policy: PolicyHash,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    uid: &'a str,
    resource: Resource<'a>,
    #[serde(default)]
    sub_resource: &'a str,
    #[serde(default)]
    name: &'a str,
    #[serde(default)]
    namespace: &'a str,
    operation: &'a str,
    user_info: User<'a>,
    #[serde(borrow, default, rename = "object")]
    _object: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "oldObject")]
    _old_object: Option<&'a RawValue>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Resource<'a> {
    resource: &'a str,
}

#[derive(Deserialize)]
struct User<'a> {
    username: &'a str,
}

impl Reviewer for EmptyAllow {
    fn review(&self, _door: Door, body: &[u8], _now: Timestamp) -> Result<Reviewed, BadReview> {
        let Envelope { request } = serde_json::from_slice(body).map_err(|_| BadReview {
            status: 400,
            message: "The body is no AdmissionReview.".to_owned(),
        })?;
        let answer = serde_json::json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": { "uid": request.uid, "allowed": true },
        });
        let record = Record {
            uid: request.uid.to_owned(),
            operation: ["CREATE", "UPDATE", "DELETE", "CONNECT"]
                .into_iter()
                .find(|known| *known == request.operation)
                .unwrap_or("other"),
            resource: request.resource.resource.to_owned(),
            subresource: request.sub_resource.to_owned(),
            namespace: request.namespace.to_owned(),
            name: request.name.to_owned(),
            user: request.user_info.username.to_owned(),
            class: "none",
            decision: "allow",
            findings: Vec::new(),
            dry_run: request.dry_run,
            policy: self.policy,
        };
        Ok(Reviewed {
            body: answer.to_string().into_bytes(),
            record,
        })
    }
}
