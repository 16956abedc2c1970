//! Objects other than pods whose controller reads a Secret for the object's writer.

use std::collections::HashSet;

use serde_json::Value;

use crate::facts::Requester;
use crate::json::{self, Tree};
use crate::names::shown;
use crate::request::{Act, Object, Path, ReviewError};
use crate::rules::shared::violation::MOST;
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, INSTEAD, SOURCE, refusal_to_requester};

static ADVICE: Advice = Advice {
    why: "a controller reads the Secret that such an object names by its own permissions, not by \
          those of the object's writer",
    instead: INSTEAD,
    source: SOURCE,
};

/// One kind of object whose controller reads Secrets.
struct Reader {
    groups: &'static [&'static str],
    resources: &'static [&'static str],
    /// The fields that name a Secret; `[]` stands for every element of a list.
    names: &'static [&'static str],
    /// The fields that select Secrets by label: any Secret could be meant.
    selectors: &'static [&'static str],
    /// Whether annotations name Secrets too.
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
        selectors: &[],
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
        selectors: &[],
        annotations: false,
    },
    Reader {
        groups: &["external-secrets.io"],
        resources: &["pushsecrets"],
        names: &["spec.selector.secret.name"],
        selectors: &["spec.selector.secret.selector"],
        annotations: false,
    },
    Reader {
        groups: &["traefik.io", "traefik.containo.us"],
        resources: &["ingressroutes", "ingressroutetcps"],
        names: &["spec.tls.secretName"],
        selectors: &[],
        annotations: false,
    },
    Reader {
        groups: &["traefik.io", "traefik.containo.us"],
        resources: &["tlsstores"],
        names: &[
            "spec.defaultCertificate.secretName",
            "spec.certificates[].secretName",
        ],
        selectors: &[],
        annotations: false,
    },
    Reader {
        groups: &["projectcontour.io"],
        resources: &["httpproxies"],
        names: &["spec.virtualhost.tls.secretName"],
        selectors: &[],
        annotations: false,
    },
    Reader {
        groups: &["networking.istio.io"],
        resources: &["gateways"],
        names: &["spec.servers[].tls.credentialName"],
        selectors: &[],
        annotations: false,
    },
];

/// Judges an object of these kinds; of an UPDATE only the Secrets that the stored
/// object does not name.
pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let target = &write.target;
    let Some(reader) = READERS.iter().find(|reader| {
        reader.resources.contains(&target.resource()) && reader.groups.contains(&target.group())
    }) else {
        return Ok(());
    };
    // A write to `status` stores the annotations, but not the spec.
    let whole = match target.subresource() {
        "" => true,
        "status" if reader.annotations => false,
        _ => return Ok(()),
    };
    let named = reader.read(new, whole)?;
    let refused: Vec<(Named, String)> = named
        .into_iter()
        .filter_map(|named| named.refusal(write).map(|why| (named, why)))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let old = old.map(|old| reader.read(old, whole)).transpose()?;
    let before: HashSet<_> = old
        .into_iter()
        .flatten()
        .map(|named| named.secret)
        .collect();
    let verb = match write.act {
        Act::Update { .. } => "change",
        _ => "create",
    };
    let brought = refused
        .into_iter()
        .filter(|(named, _)| !before.contains(&named.secret));
    findings.extend(brought.take(MOST).map(|(named, why)| {
        let secret = match &named.secret {
            Some(name) => format!("Secret {}", shown(name, 253)),
            None => "Secrets by their labels".to_owned(),
        };
        let act = format!("{verb} {} with {secret}: {why}", write.object());
        Finding::new(&ABOUT, &ADVICE, act)
            .at(named.path)
            .key(named.secret.unwrap_or_else(|| "any Secret".to_owned()))
    }));
    Ok(())
}

/// A Secret that an object names.
struct Named {
    path: Path,
    /// `None`: any, by label.
    secret: Option<String>,
}

impl Named {
    /// Why the requester may not have it read; `None` where it may.
    fn refusal(&self, write: &Write<'_>) -> Option<String> {
        match &self.secret {
            Some(name) => refusal_to_requester(write, name),
            None => (!matches!(write.requester, Requester::System(_)))
                .then(|| "the policy lists Secrets by their names".to_owned()),
        }
    }
}

impl Reader {
    /// The Secrets that an object names; in its annotations only, unless `whole`.
    fn read(&self, object: Object<'_>, whole: bool) -> Result<Vec<Named>, ReviewError> {
        let Tree(object) = object.read()?;
        let mut found = Vec::new();
        for field in self.names.iter().filter(|_| whole) {
            walk(&object, field, Path::root(), &mut |path, value| {
                if let Some(name) = value.as_str().filter(|name| !name.is_empty()) {
                    let secret = Some(name.to_owned());
                    found.push(Named { path, secret });
                }
            });
        }
        for field in self.selectors.iter().filter(|_| whole) {
            walk(&object, field, Path::root(), &mut |path, _| {
                found.push(Named { path, secret: None });
            });
        }
        if self.annotations {
            let annotations = object.pointer("/metadata/annotations");
            for (key, value) in annotations.and_then(Value::as_object).into_iter().flatten() {
                let secrets = value.as_str().map(|value| of_annotation(key, value));
                found.extend(secrets.into_iter().flatten().map(|secret| {
                    let annotations = Path::root().key("metadata").key("annotations");
                    Named {
                        path: annotations.key(key.clone()),
                        secret: Some(secret),
                    }
                }));
            }
        }
        Ok(found)
    }
}

/// The Secrets that an annotation names: in `…/auth-secret: [<namespace>/]<name>`
/// and the other `…-secret` keys, or in the load balancer controller's JSON.
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

/// The Secrets in the controller's JSON, as Go reads it: field names in any case,
/// and unpaired surrogates accepted. Text that cannot be read here may be readable
/// there, so it counts as a name that no policy lists.
fn of_settings(value: &str) -> Vec<String> {
    if value.trim().is_empty() {
        return Vec::new();
    }
    let Ok(Tree(Value::Object(settings))) = json::from_str(value) else {
        return vec!["(in settings that cannot be read)".to_owned()];
    };
    let named = settings
        .iter()
        // In upper case, because Go's comparison also accepts the long s and the
        // Kelvin sign as letters.
        .filter(|(field, _)| field.to_uppercase() == "SECRETNAME")
        .filter_map(|(_, name)| name.as_str());
    named.map(str::to_owned).collect()
}

/// Calls `found` with every value at `field`, and the path it was found at.
fn walk(value: &Value, field: &str, at: Path, found: &mut impl FnMut(Path, &Value)) {
    if field.is_empty() {
        if !value.is_null() {
            found(at, value);
        }
        return;
    }
    let (step, rest) = field.split_once('.').unwrap_or((field, ""));
    let (name, each) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (step, false),
    };
    let Some(inner) = value.get(name) else { return };
    let at = at.key(name.to_owned());
    if !each {
        return walk(inner, rest, at, found);
    }
    for (index, item) in inner.as_array().into_iter().flatten().enumerate() {
        walk(item, rest, at.clone().index(index), found);
    }
}
