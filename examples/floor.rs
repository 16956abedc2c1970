//! The floor: rolegate's own server with a reviewer that allows everything. It
//! has the flags and the log line of `rolegate serve`; `benches/floor.sh`
//! compares the two.
//!
//! For measurements only: it allows every request.

use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use rolegate::cli::serve::{ServeArgs, run_with};
use rolegate::cluster::Found;
use rolegate::server::{BadReview, Door, Record, Reviewed, Reviewer, Round};
use rolegate_core::policy::PolicyHash;
use serde::Deserialize;
use serde_json::value::RawValue;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Floor {
    #[command(flatten)]
    serve: ServeArgs,
}

fn main() -> ExitCode {
    run_with(&Floor::parse().serve, |_policy, _cluster| {
        EmptyAllow::default()
    })
}

/// Parses the envelope, allows everything, and fills the record as the engine does.
#[derive(Default)]
struct EmptyAllow {
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
    fn review(
        &self,
        _door: Door,
        body: &[u8],
        _now: Timestamp,
        _found: Option<&Found>,
    ) -> Result<Round, BadReview> {
        let Envelope { request } = serde_json::from_slice(body).map_err(|_| BadReview {
            status: 400,
            message: "The body is not an AdmissionReview.".to_owned(),
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
        Ok(Round::Reviewed(Reviewed {
            body: answer.to_string().into_bytes(),
            record,
        }))
    }
}
