//! Secrets that Kubernetes fills with a service account's token.
//!
//! Of a Secret, only its type and the annotation that names the service account
//! are read.

use serde::Deserialize;

use crate::facts::{Requester, System};
use crate::json::{Pairs, Text};
use crate::names::shown;
use crate::request::{Object, Path, ReviewError};
use crate::rules::Finding;
use crate::rules::shared::startable::{Start, refusal};
use crate::write::Write;

use super::{ABOUT, ADVICE, protected};

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

impl Secret<'_> {
    /// The service account whose token it is to hold; empty where it names none.
    /// `None` for any other type of Secret.
    fn account(&self) -> Option<&str> {
        let named = || self.metadata.as_ref()?.annotations.get(ACCOUNT);
        (self.kind.as_deref() == Some(TYPE)).then(|| named().unwrap_or_default())
    }
}

pub(super) fn check(
    write: &Write<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let new = new.read::<Secret<'_>>()?;
    let Some(account) = new.account() else {
        return Ok(());
    };
    // A Secret's type never changes.
    let old = old.map(Object::read::<Secret<'_>>).transpose()?;
    let old = old.unwrap_or_default();
    let before = old.account();
    if before == Some(account) {
        return Ok(());
    }
    // The token controller, and before Kubernetes 1.24 the service account
    // controller.
    if matches!(
        write.requester,
        Requester::System(System::ControllerManager)
    ) {
        return Ok(());
    }
    let (verb, to) = match before {
        None => ("create", "for"),
        Some(_) => ("reassign", "to"),
    };
    let secret = format!("{verb} Secret {}", write.what());
    let token_of = |account: &str| format!("the token of service account {}", shown(account, 160));
    let taken = || {
        let before = before.filter(|before| !before.is_empty())?;
        Some((before, protected(write, before)?))
    };
    let (whose, act) = if account.is_empty() && write.is_managed {
        (account, format!("{secret}: it names no service account"))
    } else if let Some(refused) = refused_for(write, account) {
        (
            account,
            format!("{secret} {to} {}: {refused}", token_of(account)),
        )
    } else if let Some((before, refused)) = taken() {
        let act = format!("{secret}, which holds {}: {refused}", token_of(before));
        (before, act)
    } else {
        return Ok(());
    };
    let annotations = Path::root().key("metadata").key("annotations");
    findings.push(
        Finding::new(&ABOUT, &ADVICE, act)
            .at(annotations.key(ACCOUNT))
            .key(whose.to_owned()),
    );
    Ok(())
}

/// Why the requester may not have this service account's token: a job's is denied
/// to all, any other is allowed to those who may run pods under it.
fn refused_for(write: &Write<'_>, account: &str) -> Option<String> {
    protected(write, account).or_else(|| match write.requester {
        _ if !write.is_managed => None,
        Requester::Job(_) => Some("a job's own token is in its pod already".to_owned()),
        _ => refusal(write, account, Start::Pod { name: "" }),
    })
}
