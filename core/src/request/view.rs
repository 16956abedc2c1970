//! Narrow typed views: only the fields that rules judge, borrowed from the body.

use memchr::memmem;
use serde::Deserialize;

use crate::json::{self, Fill, Raw, filled};

use super::{Resource, ReviewError, Target};
use crate::json::Pairs;
use crate::json::Text;

/// Reads `raw` as `T`.
///
/// # Errors
///
/// [`ReviewError::Json`] naming `what` if a field of the view has another type, an
/// array is in place of an object, or a field appears twice, because duplicate fields
/// are ambiguous.
pub fn read<'a, T: Deserialize<'a>>(what: &'static str, raw: Raw<'a>) -> Result<T, ReviewError> {
    json::from_str(raw.get()).map_err(|error| ReviewError::json(what, error))
}

/// [`read`] for views that are parsed in place, such as a pod's.
///
/// # Errors
///
/// See [`read`].
pub fn fill<'a, T: Fill<'a> + Default>(what: &'static str, raw: Raw<'a>) -> Result<T, ReviewError> {
    json::fill(raw.get()).map_err(|error| ReviewError::json(what, error))
}

/// The fields of `metadata` that rules read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta<'a> {
    /// Absent before it is generated.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub generate_name: Option<Text<'a>>,
    /// Evidence on a *stored* object only.
    #[serde(borrow)]
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
}

impl<'a> ObjectMeta<'a> {
    pub fn owners(&self) -> impl Iterator<Item = &OwnerReference<'a>> {
        self.owner_references.iter().flatten()
    }
}

/// An owner reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerReference<'a> {
    pub kind: Text<'a>,
    pub name: Text<'a>,
    pub uid: Text<'a>,
    /// Whether the owner is a controller, which counts the object among its own.
    pub controller: Option<bool>,
    /// Whether a deletion of the owner in the foreground waits for the object's.
    pub block_owner_deletion: Option<bool>,
}

filled!(OwnerReference<'a> {
    kind: "kind",
    name: "name",
    uid: "uid",
    controller: "controller",
    block_owner_deletion: "blockOwnerDeletion",
});

#[derive(Deserialize)]
struct WithMetadata<'a> {
    #[serde(borrow)]
    metadata: Option<ObjectMeta<'a>>,
}

/// The `metadata` of any object.
///
/// # Errors
///
/// See [`read`].
pub fn metadata<'a>(what: &'static str, raw: Raw<'a>) -> Result<ObjectMeta<'a>, ReviewError> {
    Ok(read::<WithMetadata<'a>>(what, raw)?
        .metadata
        .unwrap_or_default())
}

/// The value at a dotted path; `None` where there is none, or where something on the
/// way is no object. A key may hold dots: the path's end is tried as one key first.
#[must_use]
pub fn at<'a>(object: Raw<'a>, path: &str) -> Option<Raw<'a>> {
    type Members<'a> = std::collections::BTreeMap<Text<'a>, Raw<'a>>;
    let members: Members<'a> = json::from_str(object.get()).ok()?;
    if let Some(value) = members.get(&Text::from(path)) {
        return Some(*value);
    }
    let (key, rest) = path.split_once('.')?;
    at(*members.get(&Text::from(key))?, rest)
}

/// The text at a dotted path.
#[must_use]
pub fn text_at<'a>(object: Raw<'a>, path: &str) -> Option<Text<'a>> {
    json::from_str(at(object, path)?.get()).ok()
}

/// The annotations of any object, in document order.
///
/// # Errors
///
/// See [`read`].
pub fn annotations<'a>(what: &'static str, raw: Raw<'a>) -> Result<Pairs<'a>, ReviewError> {
    Ok(words_of(what, raw)?.annotations)
}

/// The labels of any object, in document order.
///
/// # Errors
///
/// See [`read`].
pub fn labels<'a>(what: &'static str, raw: Raw<'a>) -> Result<Pairs<'a>, ReviewError> {
    Ok(words_of(what, raw)?.labels)
}

#[derive(Default, Deserialize)]
struct Words<'a> {
    #[serde(borrow, default)]
    annotations: Pairs<'a>,
    #[serde(borrow, default)]
    labels: Pairs<'a>,
}

fn words_of<'a>(what: &'static str, raw: Raw<'a>) -> Result<Words<'a>, ReviewError> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Option<Words<'a>>,
    }
    Ok(read::<Object<'a>>(what, raw)?.metadata.unwrap_or_default())
}

/// Every service account that a pod or a pod template could run as, with the field
/// that names it: the name, the alias if it differs, `default` if neither is set.
/// The API server keeps the two equal in built-in kinds only.
///
/// # Errors
///
/// See [`read`].
pub fn service_accounts<'a>(
    what: &'static str,
    pod: Raw<'a>,
) -> Result<Vec<(&'static str, Text<'a>)>, ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        #[serde(borrow)]
        service_account_name: Option<Text<'a>>,
        #[serde(borrow)]
        service_account: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Pod<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let spec = read::<Pod<'a>>(what, pod)?.spec.unwrap_or_default();
    let given = |text: Option<Text<'a>>| text.filter(|text| !text.is_empty());
    let name = given(spec.service_account_name);
    let alias = given(spec.service_account).filter(|alias| Some(alias) != name.as_ref());
    let mut accounts = Vec::with_capacity(1);
    accounts.extend(name.map(|name| ("serviceAccountName", name)));
    accounts.extend(alias.map(|alias| ("serviceAccount", alias)));
    if accounts.is_empty() {
        accounts.push(("serviceAccountName", Text::from("default")));
    }
    Ok(accounts)
}

/// Whether `word` may occur anywhere in `object`. True for every object with a
/// `\u` escape, the only escape that can hide a letter; so `word` must consist of
/// letters.
#[must_use]
pub fn mentions(object: Raw<'_>, word: &str) -> bool {
    let text = object.get().as_bytes();
    memmem::find(text, word.as_bytes()).is_some() || memmem::find(text, b"\\u").is_some()
}

/// The place of the pod template in a built-in kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateShape {
    /// `spec.template`.
    Workload,
    /// `spec.jobTemplate.spec.template`.
    CronJob,
    /// `template`.
    PodTemplate,
    /// `data.spec.template`: an earlier version of a `StatefulSet` or `DaemonSet`.
    Revision,
}

impl TemplateShape {
    /// The place of the template in objects of this resource; `None` if they have
    /// none.
    #[must_use]
    pub fn of(resource: &Resource<'_>) -> Option<Self> {
        match (resource.group.as_str(), resource.resource.as_str()) {
            ("", "podtemplates") => Some(Self::PodTemplate),
            ("", "replicationcontrollers")
            | (
                "apps" | "extensions",
                "deployments" | "replicasets" | "statefulsets" | "daemonsets",
            )
            | ("batch", "jobs") => Some(Self::Workload),
            ("batch", "cronjobs") => Some(Self::CronJob),
            _ => None,
        }
    }

    /// [`Self::of`] for a request on the object itself; includes the revisions of
    /// `StatefulSets` and `DaemonSets`.
    #[must_use]
    pub fn of_target(target: &Target<'_>) -> Option<Self> {
        if !target.is_main() {
            return None;
        }
        let revision = || target.is("apps", "controllerrevisions");
        Self::of(&target.resource).or_else(|| revision().then_some(Self::Revision))
    }

    /// The JSON path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Workload => "spec.template",
            Self::CronJob => "spec.jobTemplate.spec.template",
            Self::PodTemplate => "template",
            Self::Revision => "data.spec.template",
        }
    }
}

/// The unparsed pod template of a built-in kind; `None` if it has none.
///
/// # Errors
///
/// See [`read`].
pub fn template<'a>(
    what: &'static str,
    object: Raw<'a>,
    shape: TemplateShape,
) -> Result<Option<Raw<'a>>, ReviewError> {
    #[derive(Deserialize)]
    struct Holder<'a> {
        #[serde(borrow)]
        template: Option<Raw<'a>>,
    }
    #[derive(Deserialize)]
    struct Spec<T> {
        spec: Option<T>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct CronJobSpec<'a> {
        #[serde(borrow)]
        job_template: Option<Spec<Holder<'a>>>,
    }
    #[derive(Deserialize)]
    struct Revision<'a> {
        #[serde(borrow)]
        data: Option<Spec<Holder<'a>>>,
    }
    Ok(match shape {
        TemplateShape::Workload => read::<Spec<Holder<'a>>>(what, object)?
            .spec
            .and_then(|spec| spec.template),
        TemplateShape::CronJob => read::<Spec<CronJobSpec<'a>>>(what, object)?
            .spec
            .and_then(|spec| spec.job_template?.spec?.template),
        TemplateShape::PodTemplate => read::<Holder<'a>>(what, object)?.template,
        TemplateShape::Revision => read::<Revision<'a>>(what, object)?
            .data
            .and_then(|data| data.spec?.template),
    })
}

/// `spec.suspend` of a Job or `CronJob`.
///
/// # Errors
///
/// See [`read`].
pub fn is_suspended(what: &'static str, object: Raw<'_>) -> Result<bool, ReviewError> {
    #[derive(Deserialize)]
    struct Spec {
        suspend: Option<bool>,
    }
    #[derive(Deserialize)]
    struct Workload {
        spec: Option<Spec>,
    }
    let spec = read::<Workload>(what, object)?.spec;
    Ok(spec.and_then(|spec| spec.suspend).unwrap_or(false))
}

/// The `path` of a proxy request's options; empty if there is none.
///
/// # Errors
///
/// See [`read`].
pub fn proxy_path<'a>(what: &'static str, options: Raw<'a>) -> Result<Text<'a>, ReviewError> {
    #[derive(Deserialize)]
    struct ProxyOptions<'a> {
        #[serde(borrow)]
        path: Option<Text<'a>>,
    }
    Ok(read::<ProxyOptions<'a>>(what, options)?
        .path
        .unwrap_or_default())
}
