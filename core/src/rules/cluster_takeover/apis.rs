//! Whole API groups, and the conversion of one, in somebody's hands.

use serde::Deserialize;

use crate::write::Write;
use crate::json::Text;
use crate::request::{Operation, ReviewError, view};

use super::{Violation, is_in_kube_system, named};

/// Where the API server sends requests to. Whether the certificate of whoever
/// answers is looked at counts too; which bundle it is checked by does not, it
/// is put there by cert-manager and its like.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target<'a> {
    #[serde(borrow)]
    service: Option<Service<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(rename = "insecureSkipTLSVerify")]
    insecure: Option<bool>,
}

#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Service<'a> {
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    port: Option<i64>,
}

impl Target<'_> {
    /// Whether requests leave the API server.
    fn is_elsewhere(&self) -> bool {
        self.service.is_some() || self.url.is_some()
    }

    fn shown(&self) -> String {
        match &self.service {
            Some(service) => named(&service.namespace, &service.name),
            // A URL may hold what nobody should read.
            None => "a server outside the cluster".to_owned(),
        }
    }
}

pub(super) fn service(write: &Write<'_>) -> Result<Violation, ReviewError> {
    #[derive(Default, Deserialize)]
    struct ApiService<'a> {
        #[serde(borrow)]
        spec: Option<Target<'a>>,
    }
    let request = write.request();
    if request.operation() == Operation::Delete || is_in_kube_system(write) {
        return Ok(None);
    }
    let new: ApiService<'_> = view::read("request.object", request.object()?)?;
    let old = match request.operation() {
        Operation::Update => view::read("request.oldObject", request.old_object()?)?,
        _ => ApiService::default(),
    };
    let (new, old) = (new.spec.unwrap_or_default(), old.spec.unwrap_or_default());
    Ok((new.is_elsewhere() && new != old).then(|| {
        (
            format!("have {} answered by {}", write.object(), new.shown()),
            Some("spec.service".to_owned()),
        )
    }))
}

pub(super) fn conversion(write: &Write<'_>) -> Result<Violation, ReviewError> {
    #[derive(Default, Deserialize)]
    struct Definition<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Spec<'a> {
        #[serde(borrow)]
        conversion: Option<Conversion<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Conversion<'a> {
        #[serde(borrow)]
        strategy: Text<'a>,
        #[serde(borrow)]
        webhook: Option<Webhook<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Webhook<'a> {
        #[serde(borrow)]
        client_config: Option<Target<'a>>,
    }
    impl<'a> Definition<'a> {
        /// The webhook that converts its objects; `None` where none does.
        fn webhook(self) -> Option<Target<'a>> {
            let conversion = self.spec?.conversion?;
            (*conversion.strategy == *"Webhook")
                .then(|| conversion.webhook?.client_config)
                .map(Option::unwrap_or_default)
        }
    }
    let request = write.request();
    if request.operation() == Operation::Delete || is_in_kube_system(write) {
        return Ok(None);
    }
    let new = view::read::<Definition<'_>>("request.object", request.object()?)?.webhook();
    let old = match request.operation() {
        Operation::Update => {
            view::read::<Definition<'_>>("request.oldObject", request.old_object()?)?.webhook()
        }
        _ => None,
    };
    Ok(match new {
        Some(new) if old.as_ref() != Some(&new) => Some((
            format!(
                "have the objects of {} converted by {}",
                write.object(),
                new.shown()
            ),
            Some("spec.conversion".to_owned()),
        )),
        _ => None,
    })
}
