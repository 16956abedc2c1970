//! Secrets that Kubernetes fills with a service account's token.
//!
//! Nothing of a Secret is read but its type and the annotation that names the
//! account.

use serde::Deserialize;

use crate::facts::{Requester, System};
use crate::json::Pairs;
use crate::json::Raw;
use crate::json::Text;
use crate::names::shown;
use crate::request::{Operation, ReviewError, view};
use crate::rules::Finding;
use crate::rules::shared::startable::{Start, refusal};
use crate::write::Write;

use super::{finding, guarded};

/// The type of such a Secret.
const TYPE: &str = "kubernetes.io/service-account-token";
/// The annotation that says whose token it is.
const ACCOUNT: &str = "kubernetes.io/service-account.name";

#[derive(Default, Deserialize)]
struct Secret<'a> {
    #[serde(borrow)]
    metadata: Option<Meta<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    annotations: Pairs<'a>,
}

impl<'a> Secret<'a> {
    fn read(what: &'static str, object: Raw<'a>) -> Result<Self, ReviewError> {
        view::read(what, object)
    }

    /// The account whose token it is to hold; empty where it names none.
    /// `None` for any other type of Secret.
    fn account(&self) -> Option<&str> {
        let named = || self.metadata.as_ref()?.annotations.get(ACCOUNT);
        (self.kind.as_deref() == Some(TYPE)).then(|| named().unwrap_or_default())
    }
}

pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let new = Secret::read("request.object", request.object()?)?;
    let Some(account) = new.account() else {
        return Ok(());
    };
    // The type never changes, so a Secret that has another one was none of these.
    let old = match request.operation() {
        Operation::Update => Secret::read("request.oldObject", request.old_object()?)?,
        _ => Secret::default(),
    };
    let before = old.account();
    if before == Some(account) {
        return Ok(());
    }
    // The token controller, and below Kubernetes 1.24 the service account's own.
    if matches!(
        write.requester,
        Requester::System(System::ControllerManager)
    ) {
        return Ok(());
    }
    let taken = before
        .filter(|before| !before.is_empty())
        .and_then(|before| Some((before, guarded(write, before)?)));
    let (whose, refused) = match (refused_for(write, account), taken) {
        (Some(refused), _) => (account, refused),
        (None, Some(taken)) => taken,
        (None, None) => return Ok(()),
    };
    let verb = match before {
        None => "create",
        Some(_) => "turn over",
    };
    let whose = match whose {
        "" => "no service account by name".to_owned(),
        name => format!("the token of service account {}", shown(name, 160)),
    };
    findings.push(finding(
        format!(
            "{} may not {verb} Secret {}, to hold {whose}: {refused}",
            write.who(),
            write.what()
        ),
        Some(format!("metadata.annotations[\"{ACCOUNT}\"]")),
    ));
    Ok(())
}

/// Why the requester may not have this account's token: whoever may run as an
/// account may, and nobody for a job's.
fn refused_for(write: &Write<'_>, account: &str) -> Option<String> {
    if account.is_empty() {
        return Some("it does not say whose token it is".to_owned());
    }
    guarded(write, account).or_else(|| match write.requester {
        Requester::Job(_) => Some("a job's own token is in its pod already".to_owned()),
        _ => refusal(write, account, Start::Pod { name: "" }),
    })
}
