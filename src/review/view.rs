//! Narrow typed views: only the fields a rule judges, borrowed from the body.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ReviewError, Text};

/// Reads `raw` as `T`.
///
/// # Errors
///
/// [`ReviewError::Json`] naming `what`, when a field of the view has another
/// type or stands twice: two answers to one question cannot be judged.
pub fn read<'a, T: Deserialize<'a>>(
    what: &'static str,
    raw: &'a RawValue,
) -> Result<T, ReviewError> {
    serde_json::from_str(raw.get()).map_err(|error| ReviewError::json(what, &error))
}

/// `metadata`, as far as rules read it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta<'a> {
    /// The name, absent before it is generated.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// The prefix of a name to be generated.
    #[serde(borrow)]
    pub generate_name: Option<Text<'a>>,
    /// Owners. Evidence only on a *stored* object.
    #[serde(borrow)]
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
}

impl<'a> ObjectMeta<'a> {
    /// The owner references, none where the field is absent.
    pub fn owners(&self) -> impl Iterator<Item = &OwnerReference<'a>> {
        self.owner_references.iter().flatten()
    }
}

/// One owner of a stored object.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OwnerReference<'a> {
    /// The owner's kind.
    #[serde(borrow, default)]
    pub kind: Text<'a>,
    /// The owner's name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// The owner's uid.
    #[serde(borrow, default)]
    pub uid: Text<'a>,
}

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
pub fn metadata<'a>(what: &'static str, raw: &'a RawValue) -> Result<ObjectMeta<'a>, ReviewError> {
    Ok(read::<WithMetadata<'a>>(what, raw)?
        .metadata
        .unwrap_or_default())
}

/// Every service account that a pod, or a pod template, could run under, with
/// the field that says so: the name and its alias where they differ, `default`
/// where neither is set. The API server keeps the two equal in built-in kinds
/// only.
///
/// # Errors
///
/// See [`read`].
pub fn service_accounts<'a>(
    what: &'static str,
    pod: &'a RawValue,
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

/// Where a built-in kind keeps its pod template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateShape {
    /// `spec.template`.
    Workload,
    /// `spec.jobTemplate.spec.template`.
    CronJob,
    /// `template`.
    PodTemplate,
}

impl TemplateShape {
    /// The JSON path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Workload => "spec.template",
            Self::CronJob => "spec.jobTemplate.spec.template",
            Self::PodTemplate => "template",
        }
    }
}

/// The pod template of a built-in kind, unparsed; `None` where it has none.
///
/// # Errors
///
/// See [`read`].
pub fn template<'a>(
    what: &'static str,
    object: &'a RawValue,
    shape: TemplateShape,
) -> Result<Option<&'a RawValue>, ReviewError> {
    #[derive(Deserialize)]
    struct Holder<'a> {
        #[serde(borrow)]
        template: Option<&'a RawValue>,
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
    Ok(match shape {
        TemplateShape::Workload => read::<Spec<Holder<'a>>>(what, object)?
            .spec
            .and_then(|spec| spec.template),
        TemplateShape::CronJob => read::<Spec<CronJobSpec<'a>>>(what, object)?
            .spec
            .and_then(|spec| spec.job_template?.spec?.template),
        TemplateShape::PodTemplate => read::<Holder<'a>>(what, object)?.template,
    })
}

/// `spec.suspend` of a Job or `CronJob`.
///
/// # Errors
///
/// See [`read`].
pub fn is_suspended(what: &'static str, object: &RawValue) -> Result<bool, ReviewError> {
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

/// The `path` of a proxy request's options; empty where there is none.
///
/// # Errors
///
/// See [`read`].
pub fn proxy_path<'a>(options: &'a RawValue) -> Result<Text<'a>, ReviewError> {
    #[derive(Deserialize)]
    struct ProxyOptions<'a> {
        #[serde(borrow)]
        path: Option<Text<'a>>,
    }
    Ok(read::<ProxyOptions<'a>>("request.object", options)?
        .path
        .unwrap_or_default())
}
