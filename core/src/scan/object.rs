//! A stored object, and the request that would write it.

use serde_json::{Value, json};

use crate::facts::surface::{self, Scope};
use crate::json::{Raw, Text};
use crate::names::shown;
use crate::request::document::{is_cluster_scoped, plural};
use crate::request::view::TemplateShape;
use crate::request::{Object, Resource, ReviewError, SampleUser, Stored, Target, Version};

/// An object as it is stored, with the names of its kind.
#[derive(Debug)]
pub struct StoredObject {
    /// Empty for the core group.
    pub group: String,
    /// As `v1`.
    pub version: String,
    pub kind: String,
    /// Plural resource name.
    pub resource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
    object: Value,
}

/// The controller in an object's owner references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'o> {
    pub kind: &'o str,
    pub name: &'o str,
    pub uid: &'o str,
}

impl StoredObject {
    /// Of a manifest. `namespace` is that of objects that name none.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if it is not JSON, or no object of Kubernetes.
    pub fn of_manifest(text: &str, namespace: &str) -> Result<Self, ReviewError> {
        let object = value(text)?;
        let kind = text_of(&object["kind"]).ok_or(ReviewError::Missing("kind"))?;
        let resource = plural(&kind);
        let mut found = Self::new(object, kind, resource)?;
        let own_is_empty = found.namespace.is_empty();
        if own_is_empty && !found.is_cluster_scoped() {
            namespace.clone_into(&mut found.namespace);
        }
        Ok(found)
    }

    /// Of an API server's answer for this resource.
    ///
    /// # Errors
    ///
    /// As [`Self::of_manifest`].
    pub fn of_list(
        text: &str,
        api_version: &str,
        kind: &str,
        resource: &str,
    ) -> Result<Self, ReviewError> {
        let mut object = value(text)?;
        // Items of a list do not repeat them.
        if let Some(members) = object.as_object_mut() {
            members.insert("apiVersion".to_owned(), json!(api_version));
            members.insert("kind".to_owned(), json!(kind));
        }
        Self::new(object, kind.to_owned(), resource.to_owned())
    }

    fn new(mut object: Value, kind: String, resource: String) -> Result<Self, ReviewError> {
        let version = text_of(&object["apiVersion"]).ok_or(ReviewError::Missing("apiVersion"))?;
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let (group, version) = (group.to_owned(), version.to_owned());
        let metadata = &object["metadata"];
        let name = text_of(&metadata["name"]).or_else(|| text_of(&metadata["generateName"]));
        let name = name.unwrap_or_default();
        let namespace = text_of(&metadata["namespace"]).unwrap_or_default();
        without_what_others_set(&mut object, &kind);
        Ok(Self {
            group,
            version,
            kind,
            resource,
            namespace,
            name,
            object,
        })
    }

    #[must_use]
    pub const fn object(&self) -> &Value {
        &self.object
    }

    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.group == group && self.resource == resource
    }

    fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.kind)
            || surface::rows().any(|row| {
                row.scope == Scope::Cluster
                    && row.group == self.group
                    && row.resource == self.resource
            })
    }

    /// The owner that controls it.
    #[must_use]
    pub fn controller(&self) -> Option<Owner<'_>> {
        self.owners()
            .find_map(|(owner, controls)| controls.then_some(owner))
    }

    /// The pod that owns it.
    #[must_use]
    pub fn owning_pod(&self) -> Option<Owner<'_>> {
        self.owners()
            .find_map(|(owner, _)| (owner.kind == "Pod").then_some(owner))
    }

    fn owners(&self) -> impl Iterator<Item = (Owner<'_>, bool)> {
        let all = self.object["metadata"]["ownerReferences"].as_array();
        all.into_iter().flatten().filter_map(|one| {
            let owner = Owner {
                kind: one["kind"].as_str()?,
                name: one["name"].as_str()?,
                uid: one["uid"].as_str().unwrap_or_default(),
            };
            Some((owner, one["controller"] == true))
        })
    }

    /// The service account of its pods, where it is a pod or has a pod template.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        let spec = if self.is("", "pods") {
            &self.object["spec"]
        } else {
            let resource = Resource {
                group: Text::from(&*self.group),
                version: Text::from(&*self.version),
                resource: Text::from(&*self.resource),
            };
            let path = TemplateShape::of(&resource)?.path();
            let mut part = &self.object;
            for key in path.split('.') {
                part = &part[key];
            }
            &part["spec"]
        };
        let of = |field: &str| spec[field].as_str().filter(|name| !name.is_empty());
        of("serviceAccountName")
            .or_else(|| of("serviceAccount"))
            .or_else(|| spec.is_object().then_some("default"))
    }

    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.object["metadata"]["labels"][key].as_str()
    }

    /// The labels' keys.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let labels = self.object["metadata"]["labels"].as_object();
        labels
            .into_iter()
            .flat_map(|labels| labels.keys())
            .map(String::as_str)
    }

    /// The AdmissionReview by which this user would create it.
    #[must_use]
    pub fn review(&self, user: &SampleUser) -> String {
        let Self {
            group,
            version,
            kind,
            resource,
            ..
        } = self;
        json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "scan",
                "kind": { "group": group, "version": version, "kind": kind },
                "resource": { "group": group, "version": version, "resource": resource },
                "name": self.name,
                "namespace": self.namespace,
                "operation": "CREATE",
                "userInfo": user.to_json(),
                "object": self.object,
            },
        })
        .to_string()
    }

    /// The object as rules of state see it; `text` is [`Self::object`] as JSON.
    #[must_use]
    pub fn stored<'a>(&'a self, text: Raw<'a>) -> Stored<'a> {
        Stored {
            target: Target {
                resource: Resource {
                    group: Text::from(&*self.group),
                    version: Text::from(&*self.version),
                    resource: Text::from(&*self.resource),
                },
                namespace: Text::from(&*self.namespace),
                name: Text::from(&*self.name),
                ..Target::default()
            },
            object: Object::new(text, Version::Stored),
        }
    }
}

/// `Deployment spark-a/gateway`, escaped.
impl std::fmt::Display for StoredObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, name) = (shown(&self.kind, 63), shown(&self.name, 253));
        match self.namespace.as_str() {
            "" => write!(f, "{kind} {name}"),
            namespace => write!(f, "{kind} {}/{name}", shown(namespace, 63)),
        }
    }
}

/// Removes what the API server and controllers set after the write.
fn without_what_others_set(object: &mut Value, kind: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if kind == "Job" {
        without_own_uid(object);
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "managedFields",
            "resourceVersion",
            "uid",
            "creationTimestamp",
            "generation",
            "selfLink",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ] {
            metadata.remove(field);
        }
    }
    // The scheduler's.
    if kind == "Pod"
        && let Some(spec) = object["spec"].as_object_mut()
    {
        spec.remove("nodeName");
    }
}

/// The API server labels a Job's pods, and a Job without labels of its own, with the Job's
/// uid. With another's it stays: that somebody wrote.
fn without_own_uid(job: &mut Value) {
    let uid = job["metadata"]["uid"].clone();
    if !uid.is_string() || job["spec"]["manualSelector"] == true {
        return;
    }
    for path in [
        "/metadata/labels",
        "/spec/template/metadata/labels",
        "/spec/selector/matchLabels",
    ] {
        if let Some(labels) = job.pointer_mut(path).and_then(Value::as_object_mut) {
            labels.retain(|key, value| !(key.ends_with("controller-uid") && *value == uid));
        }
    }
}

fn value(text: &str) -> Result<Value, ReviewError> {
    crate::json::from_str(text).map_err(|error| ReviewError::json("the object", error))
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
