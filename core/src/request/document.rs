//! Input files: AdmissionReviews or manifests, JSON or YAML, one document or many.
//! A manifest is wrapped in the review that an API server would send.

mod merged;
mod misfit;
mod yaml;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::json::{self, Raw};

use super::spans::{File, Place, Spans, Syntax};
use super::{Operation, ReviewError, SampleUser, envelope};
use crate::names::shown;
pub use misfit::Misfit;
pub use yaml::{Twice, given_twice};

/// One document of a file as JSON text, with its positions in the file.
#[derive(Debug)]
pub struct Document {
    text: String,
    number: usize,
    spans: Spans,
}

/// A document as an AdmissionReview, with the positions of its object in the file.
#[derive(Debug)]
pub struct Sent {
    /// The AdmissionReview's JSON.
    pub review: String,
    /// The positions of the object's parts in the file, by their paths in the object.
    /// Later changes of the object do not change them.
    pub spans: Spans,
    /// Whether the file holds the object alone.
    is_wrapped: bool,
}

/// The parts of a request that a manifest does not contain.
#[derive(Clone, Debug)]
pub struct Wrap {
    pub user: SampleUser,
    /// For manifests without a namespace.
    pub namespace: String,
    pub operation: Operation,
    /// The stored object of an UPDATE.
    pub old: Option<Value>,
    /// The name of the target of a CONNECT.
    pub name: Option<String>,
}

/// An error in an input file.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file is not UTF-8, or not valid JSON.
    #[error(transparent)]
    Review(#[from] ReviewError),
    #[error("it is not YAML: line {line}, column {column}{}", yaml::after(key))]
    Yaml {
        /// From 1; 0 if unknown.
        line: u64,
        /// From 1; 0 if unknown.
        column: u64,
        /// The last key before it, escaped; empty if there is none.
        key: String,
    },
    #[error(
        "it is a template, not YAML: line {line}{}; render it first, as `helm template … | \
         rolegate review -`",
        yaml::after(key)
    )]
    Template {
        /// From 1.
        line: u64,
        key: String,
    },
    #[error("it contains no document")]
    Empty,
    #[error("it contains more than one document; pass one")]
    Many,
    #[error("it is a {found}, not a manifest; {}", misfit::manifest(found))]
    NotAMapping {
        /// The type of the document.
        found: &'static str,
    },
    #[error("it is neither an AdmissionReview nor a manifest: `{0}` is missing")]
    NotAnObject(&'static str),
}

/// The documents of a file as `kubectl` reads it; a `List` is replaced by its items, so
/// that there may be none.
///
/// # Errors
///
/// A [`DocumentError`] for the whole file: a part of a file is never judged.
pub fn split(bytes: &[u8]) -> Result<Vec<Document>, DocumentError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ReviewError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parts = Vec::new();
    let mut documents = 0;
    let trimmed = text.trim_start();
    let as_json = if trimmed.starts_with('{') && !trimmed.starts_with("{{") {
        // Kept unchanged, so that it is judged byte for byte like a request.
        json::values(text).collect::<Result<Vec<_>, _>>()
    } else {
        Ok(Vec::new())
    };
    let syntax = match as_json {
        Ok(values) if !values.is_empty() => {
            for value in values {
                push(&mut parts, documents, value.get().to_owned());
                documents += 1;
            }
            Syntax::Json
        }
        not_json => {
            let values = match (yaml::values(text), not_json) {
                (Ok(values), _) => values,
                // Text that begins with a brace was meant as JSON.
                (Err(_), Err(error)) => return Err(ReviewError::json("the file", error).into()),
                (Err(error), Ok(_)) => return Err(error),
            };
            for value in values.into_iter().filter(|value| !value.is_null()) {
                if !value.is_object() {
                    return Err(DocumentError::NotAMapping {
                        found: misfit::type_of(&value),
                    });
                }
                push(&mut parts, documents, value.to_string());
                documents += 1;
            }
            Syntax::Yaml
        }
    };
    if documents == 0 {
        return Err(DocumentError::Empty);
    }
    let file = Arc::new(File::new(text, syntax, documents));
    let documents = parts.into_iter().zip(1..).map(|((place, text), number)| {
        let spans = Spans::new(Arc::clone(&file), place);
        Document {
            text,
            number,
            spans,
        }
    });
    Ok(documents.collect())
}

/// The one object of a file.
///
/// # Errors
///
/// A [`DocumentError`], also if the file has several documents.
pub fn single(bytes: &[u8]) -> Result<Value, DocumentError> {
    let mut documents = split(bytes)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(Document { text, .. }), true) => {
            json::from_str(&text).map_err(|error| ReviewError::json("the document", error).into())
        }
        _ => Err(DocumentError::Many),
    }
}

/// Adds a document as one part, or each item of a list as a part of its own.
fn push(parts: &mut Vec<(Place, String)>, document: usize, text: String) {
    #[derive(serde::Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        kind: crate::json::Text<'a>,
        #[serde(borrow)]
        items: Vec<Raw<'a>>,
    }
    let place = |item| Place { document, item };
    match json::from_str::<List<'_>>(&text) {
        Ok(list) if list.kind.ends_with("List") => {
            let items = list.items.iter().enumerate();
            parts.extend(items.map(|(item, raw)| (place(Some(item)), raw.get().to_owned())));
        }
        _ => parts.push((place(None), text)),
    }
}

impl Document {
    /// Its number in the file, from 1. Each item of a `List` counts.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The document as JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is an object, and not the AdmissionReview of one.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.kind()
            .is_ok_and(|kind| kind.as_deref() != Some(envelope::KIND))
    }

    fn kind(&self) -> Result<Option<json::Text<'_>>, ReviewError> {
        #[derive(serde::Deserialize)]
        struct Kind<'a> {
            #[serde(borrow)]
            kind: Option<json::Text<'a>>,
        }
        let read: Result<Kind<'_>, _> = json::from_str(&self.text);
        let read = read.map_err(|error| ReviewError::json("the document", error))?;
        Ok(read.kind)
    }

    /// The object.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if it is no JSON.
    pub fn object(&self) -> Result<Value, ReviewError> {
        json::from_str(&self.text).map_err(|error| ReviewError::json("the document", error))
    }

    /// The same document as other JSON, with the positions that its parts have in the file.
    #[must_use]
    pub fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// The positions of its parts in the file.
    #[must_use]
    pub const fn spans(&self) -> &Spans {
        &self.spans
    }

    /// The positions of its parts in the file, without the text.
    #[must_use]
    pub fn into_spans(self) -> Spans {
        self.spans
    }

    /// The document as an AdmissionReview: itself, or the review that an API server
    /// would send for the manifest.
    ///
    /// # Errors
    ///
    /// A [`DocumentError`] if it is neither a review nor a manifest.
    pub fn into_review(self, wrap: &Wrap) -> Result<Sent, DocumentError> {
        let is_review = match self.kind()?.as_deref() {
            Some(envelope::KIND) => true,
            Some(_) => false,
            None => return Err(DocumentError::NotAnObject("kind")),
        };
        if !is_review {
            let review = wrap.review(self.object()?)?;
            return Ok(Sent {
                review,
                spans: self.spans,
                is_wrapped: true,
            });
        }
        Ok(Sent {
            spans: self.spans.in_review(),
            review: self.text,
            is_wrapped: false,
        })
    }
}

impl Wrap {
    /// The review that an API server would send for `object`.
    fn review(&self, object: Value) -> Result<String, DocumentError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let api_version =
            text(&object["apiVersion"]).ok_or(DocumentError::NotAnObject("apiVersion"))?;
        let kind = text(&object["kind"]).ok_or(DocumentError::NotAnObject("kind"))?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let connect = connect(&kind);
        let (resource, sub_resource) = match connect {
            Some(both) => both,
            None => (&*plural(&kind), ""),
        };
        let name = self
            .name
            .clone()
            .or_else(|| text(&object["metadata"]["name"]));
        let namespace =
            text(&object["metadata"]["namespace"]).unwrap_or_else(|| self.namespace.clone());
        let cluster_scoped = CLUSTER_SCOPED.contains(&kind.as_str());
        let (operation, object, old) = match (connect, self.operation) {
            (Some(_), _) => (Operation::Connect, object, Value::Null),
            (None, Operation::Delete) => (Operation::Delete, Value::Null, object),
            (None, Operation::Update) => {
                let nothing = || json!({ "metadata": { "name": name, "namespace": namespace } });
                let old = self.old.clone().unwrap_or_else(nothing);
                (Operation::Update, object, old)
            }
            (None, operation) => (operation, object, Value::Null),
        };
        Ok(json!({
            "apiVersion": envelope::API_VERSION,
            "kind": envelope::KIND,
            "request": {
                "uid": "review",
                "kind": { "group": group, "version": version, "kind": kind },
                "resource": { "group": group, "version": version, "resource": resource },
                "subResource": sub_resource,
                "name": name,
                // The API server sets the namespace of a Namespace to its own name.
                "namespace": if kind == "Namespace" { name.clone() } else if cluster_scoped { None } else { Some(namespace) },
                "operation": operation.as_str(),
                "userInfo": self.user.to_json(),
                "object": object,
                "oldObject": old,
            },
        })
        .to_string())
    }
}

/// Resource and subresource of a CONNECT, by the kind of its options.
fn connect(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "PodExecOptions" => ("pods", "exec"),
        "PodAttachOptions" => ("pods", "attach"),
        "PodPortForwardOptions" => ("pods", "portforward"),
        "PodProxyOptions" => ("pods", "proxy"),
        "ServiceProxyOptions" => ("services", "proxy"),
        "NodeProxyOptions" => ("nodes", "proxy"),
        _ => return None,
    })
}

/// Cluster-scoped kinds that rules judge.
const CLUSTER_SCOPED: [&str; 20] = [
    "APIService",
    "AssignImage",
    "AssignMetadata",
    "CSIDriver",
    "CertificateSigningRequest",
    "ClusterAdmissionPolicy",
    "ClusterPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GeneratingPolicy",
    "ModifySet",
    "MutatingPolicy",
    "Namespace",
    "Node",
    "NodeProxyOptions",
    "PersistentVolume",
    "SidecarSet",
    "VolumeAttachment",
    "VolumeSnapshotContent",
];

/// Whether a kind that rules judge has no namespace.
#[must_use]
pub fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// The plural resource name of a kind, by the convention that Kubernetes' own kinds
/// and nearly all custom kinds follow.
#[must_use]
pub fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.as_bytes() {
        [.., b's' | b'x'] | [.., b'c' | b's', b'h'] if kind != "endpoints" => format!("{kind}es"),
        [.., b'a' | b'e' | b'o', b'y'] | [.., b's'] => {
            if kind.ends_with('s') {
                kind
            } else {
                format!("{kind}s")
            }
        }
        [rest @ .., b'y'] => format!("{}ies", String::from_utf8_lossy(rest)),
        _ => format!("{kind}s"),
    }
}

/// The kind of a request's target, for messages: `Pod`, `pods/exec`.
#[must_use]
pub fn title(request: &super::Request<'_>) -> String {
    let (kind, resource) = (&request.target.kind.kind, &request.target.resource.resource);
    match request.target.subresource() {
        "" if kind.is_empty() => shown(resource, 63),
        "" => shown(kind, 63),
        sub_resource => format!("{}/{}", shown(resource, 63), shown(sub_resource, 63)),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals() {
        for (kind, resource) in [
            ("Pod", "pods"),
            ("ConfigMap", "configmaps"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Endpoints", "endpoints"),
            ("SparkApplication", "sparkapplications"),
            ("Gateway", "gateways"),
            ("StorageClass", "storageclasses"),
        ] {
            assert_eq!(plural(kind), resource);
        }
    }
}
