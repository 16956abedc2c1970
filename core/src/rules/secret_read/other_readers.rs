//! Objects other than pods that make somebody read a Secret on their
//! writer's behalf.

use std::collections::HashSet;

use serde_json::Value;

use crate::facts::Requester;
use crate::write::Write;
use crate::json::{self, Raw, Tree};
use crate::names::shown;
use crate::policy::RuleId;
use crate::request::{Operation, ReviewError, view};
use crate::rules::Finding;

use super::{INSTEAD, SOURCE, of_the_requester};

const WHY: &str = "a controller reads the Secret that such an object names, whatever the rights of \
                   whoever wrote the object";

/// An object can name hundreds; this many tell the story.
const MOST_FINDINGS: usize = 8;

/// One kind of object that has Secrets read.
struct Reader {
    groups: &'static [&'static str],
    resources: &'static [&'static str],
    /// Where it names them; `[]` after every element of a list.
    names: &'static [&'static str],
    /// Where it picks them by label: any could be meant.
    picks: &'static [&'static str],
    /// Whether annotations name them, too.
    annotations: bool,
}

/// Sources, in order: Kubernetes' API reference (`IngressTLS`) with the annotations
/// of ingress-nginx and of the AWS Load Balancer Controller; the Gateway API
/// (`ListenerTLSConfig`, `GatewayBackendTLS`); External Secrets Operator
/// (`PushSecretSelector`); Traefik (`IngressRoute`, `TLSStore`); Contour
/// (`HTTPProxy`); Istio (`ServerTLSSettings`).
static READERS: [Reader; 7] = [
    Reader {
        groups: &["networking.k8s.io", "extensions"],
        resources: &["ingresses"],
        names: &["spec.tls[].secretName"],
        picks: &[],
        annotations: true,
    },
    Reader {
        groups: &["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"],
        resources: &["gateways", "listenersets", "xlistenersets"],
        names: &[
            "spec.listeners[].tls.certificateRefs[].name",
            "spec.backendTLS.clientCertificateRef.name",
            "spec.tls.backend.clientCertificateRef.name",
        ],
        picks: &[],
        annotations: false,
    },
    Reader {
        groups: &["external-secrets.io"],
        resources: &["pushsecrets"],
        names: &["spec.selector.secret.name"],
        picks: &["spec.selector.secret.selector"],
        annotations: false,
    },
    Reader {
        groups: &["traefik.io", "traefik.containo.us"],
        resources: &["ingressroutes", "ingressroutetcps"],
        names: &["spec.tls.secretName"],
        picks: &[],
        annotations: false,
    },
    Reader {
        groups: &["traefik.io", "traefik.containo.us"],
        resources: &["tlsstores"],
        names: &[
            "spec.defaultCertificate.secretName",
            "spec.certificates[].secretName",
        ],
        picks: &[],
        annotations: false,
    },
    Reader {
        groups: &["projectcontour.io"],
        resources: &["httpproxies"],
        names: &["spec.virtualhost.tls.secretName"],
        picks: &[],
        annotations: false,
    },
    Reader {
        groups: &["networking.istio.io"],
        resources: &["gateways"],
        names: &["spec.servers[].tls.credentialName"],
        picks: &[],
        annotations: false,
    },
];

/// Judges an object of these kinds; on UPDATE what it names anew.
pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let updates = request.operation() == Operation::Update;
    let resource = &request.target.resource;
    if !(updates || request.operation() == Operation::Create) {
        return Ok(());
    }
    let Some(reader) = READERS.iter().find(|reader| {
        reader.resources.contains(&resource.resource.as_str())
            && reader.groups.contains(&resource.group.as_str())
    }) else {
        return Ok(());
    };
    // What is written to a status takes annotations along, and no spec.
    let whole = match request.target.subresource() {
        "" => true,
        "status" if reader.annotations => false,
        _ => return Ok(()),
    };
    let new: Vec<Named> = reader
        .read("request.object", request.object()?, whole)?
        .into_iter()
        .filter(|named| named.refusal(write).is_some())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let old = if updates {
        reader.read("request.oldObject", request.old_object()?, whole)?
    } else {
        Vec::new()
    };
    let before: HashSet<_> = old.iter().map(|old| &old.secret).collect();
    let brought = new.iter().filter(|named| !before.contains(&named.secret));
    let verb = if updates { "change" } else { "create" };
    findings.extend(brought.take(MOST_FINDINGS).filter_map(|named| {
        let refused = named.refusal(write)?;
        let secret = match &named.secret {
            Some(name) => format!("Secret {}", shown(name, 253)),
            None => "Secrets by their labels".to_owned(),
        };
        Some(Finding {
            rule: RuleId::SecretRead,
            seen: format!(
                "{} may not {verb} {} with {secret}: {refused}",
                write.who(),
                write.object(),
            ),
            path: Some(named.path.clone()),
            why: WHY,
            instead: INSTEAD.into(),
            source: SOURCE,
        })
    }));
    Ok(())
}

/// A Secret that an object names.
struct Named {
    path: String,
    /// `None`: any, by label.
    secret: Option<String>,
}

impl Named {
    fn refusal(&self, write: &Write<'_>) -> Option<String> {
        match &self.secret {
            Some(name) => of_the_requester(write, name),
            None => (!matches!(write.requester, Requester::System(_)))
                .then(|| "the policy lists Secrets by their names".to_owned()),
        }
    }
}

impl Reader {
    fn read(
        &self,
        part: &'static str,
        object: Raw<'_>,
        whole: bool,
    ) -> Result<Vec<Named>, ReviewError> {
        let Tree(object) = view::read(part, object)?;
        let mut found = Vec::new();
        for path in self.names.iter().filter(|_| whole) {
            walk(&object, path, String::new(), &mut |path, value| {
                if let Some(name) = value.as_str().filter(|name| !name.is_empty()) {
                    let secret = Some(name.to_owned());
                    found.push(Named { path, secret });
                }
            });
        }
        for path in self.picks.iter().filter(|_| whole) {
            walk(&object, path, String::new(), &mut |path, _| {
                found.push(Named { path, secret: None });
            });
        }
        if self.annotations {
            let annotations = object.pointer("/metadata/annotations");
            for (key, value) in annotations.and_then(Value::as_object).into_iter().flatten() {
                let secrets = value.as_str().map(|value| of_annotation(key, value));
                found.extend(secrets.into_iter().flatten().map(|secret| Named {
                    path: format!("metadata.annotations[{}]", shown(key, 120)),
                    secret: Some(secret),
                }));
            }
        }
        Ok(found)
    }
}

/// The Secrets behind an annotation: `…/auth-secret: [<namespace>/]<name>` and
/// the like, or the load balancer controller's JSON.
fn of_annotation(key: &str, value: &str) -> Vec<String> {
    let word = key.rsplit_once('/').map_or("", |(_, word)| word);
    let mut names = if word.ends_with("-secret") {
        vec![value.rsplit('/').next().unwrap_or(value).to_owned()]
    } else if word == "auth-idp-oidc" {
        of_settings(value)
    } else {
        Vec::new()
    };
    names.retain(|name| !name.is_empty());
    names
}

/// The Secrets in the controller's JSON, as Go reads it: fields in whatever
/// case, half characters and all. What cannot be read here may be readable
/// there, so it counts as a name that no list has.
fn of_settings(value: &str) -> Vec<String> {
    if value.trim().is_empty() {
        return Vec::new();
    }
    let Ok(Tree(Value::Object(settings))) = json::from_str(value) else {
        return vec!["(in settings that cannot be read)".to_owned()];
    };
    let named = settings
        .iter()
        // Upper case, for Go takes the long s and the Kelvin sign for letters.
        .filter(|(field, _)| field.to_uppercase() == "SECRETNAME")
        .filter_map(|(_, name)| name.as_str());
    named.map(str::to_owned).collect()
}

/// Every value at `path`, with the path it was found at.
fn walk(value: &Value, path: &str, at: String, found: &mut impl FnMut(String, &Value)) {
    if path.is_empty() {
        if !value.is_null() {
            found(at, value);
        }
        return;
    }
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, each) = match field.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (field, false),
    };
    let Some(inner) = value.get(name) else { return };
    let dot = if at.is_empty() { "" } else { "." };
    let at = format!("{at}{dot}{name}");
    if !each {
        return walk(inner, rest, at, found);
    }
    for (index, item) in inner.as_array().into_iter().flatten().enumerate() {
        walk(item, rest, format!("{at}[{index}]"), found);
    }
}
