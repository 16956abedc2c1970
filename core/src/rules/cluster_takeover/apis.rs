//! API groups that another server answers, and conversion webhooks.

use serde::Deserialize;

use crate::json::Text;
use crate::request::{Object, ReviewError};
use crate::write::Write;

use super::{Judged, finding, is_in_kube_system, named, of_spec};

/// Where the API server sends requests to. Whether it checks the answering server's
/// certificate is compared too; the CA bundle is not, because cert-manager and
/// similar software write it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Backend<'a> {
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

impl Backend<'_> {
    /// Whether requests leave the API server.
    fn is_elsewhere(&self) -> bool {
        self.service.is_some() || self.url.is_some()
    }

    fn shown(&self) -> String {
        match &self.service {
            Some(service) => named(&service.namespace, &service.name),
            // A URL may hold a secret.
            None => "a server outside the cluster".to_owned(),
        }
    }
}

pub(super) fn service(write: &Write<'_>) -> Judged {
    #[derive(Default, Deserialize)]
    struct ApiService<'a> {
        #[serde(borrow)]
        spec: Option<Backend<'a>>,
    }
    fn spec(object: Object<'_>) -> Result<Backend<'_>, ReviewError> {
        Ok(object.read::<ApiService<'_>>()?.spec.unwrap_or_default())
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_in_kube_system(write) {
        return Ok(None);
    }
    let new = spec(new)?;
    let old = old.map(spec).transpose()?.unwrap_or_default();
    Ok((new.is_elsewhere() && new != old).then(|| {
        let server = new.shown();
        let act = format!("have {} answered by {server}", write.object());
        finding(format!("answered by {server}"), act).at(of_spec().key("service"))
    }))
}

pub(super) fn conversion(write: &Write<'_>) -> Judged {
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
        client_config: Option<Backend<'a>>,
    }
    impl<'a> Definition<'a> {
        /// The webhook that converts its objects; `None` where none does.
        fn webhook(self) -> Option<Backend<'a>> {
            let conversion = self.spec?.conversion?;
            (*conversion.strategy == *"Webhook")
                .then(|| conversion.webhook?.client_config)
                .map(Option::unwrap_or_default)
        }
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_in_kube_system(write) {
        return Ok(None);
    }
    let new = new.read::<Definition<'_>>()?.webhook();
    let old = old.map(Object::read::<Definition<'_>>).transpose()?;
    let old = old.and_then(Definition::webhook);
    Ok(new.filter(|new| old.as_ref() != Some(new)).map(|new| {
        let server = new.shown();
        let act = format!(
            "have the objects of {} converted by {server}",
            write.object()
        );
        finding(format!("converted by {server}"), act).at(of_spec().key("conversion"))
    }))
}
