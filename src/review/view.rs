//! Narrow typed views: only the fields a rule judges, borrowed from the body.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::objects::Objects;
use super::pod::Pairs;
use super::{Resource, ReviewError, Text};

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
    // The text is one JSON value: nothing can follow it.
    let mut json = serde_json::Deserializer::from_str(raw.get());
    T::deserialize(Objects(&mut json)).map_err(|error| ReviewError::json(what, &error))
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// The annotations of any object, in document order.
///
/// # Errors
///
/// See [`read`].
pub fn annotations<'a>(what: &'static str, raw: &'a RawValue) -> Result<Pairs<'a>, ReviewError> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow, default)]
        annotations: Pairs<'a>,
    }
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Option<Metadata<'a>>,
    }
    let metadata = read::<Object<'a>>(what, raw)?.metadata;
    Ok(metadata.map_or_else(Pairs::default, |metadata| metadata.annotations))
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

/// Every text that stands as a service account's name anywhere in `pod`, found
/// without parsing it; `None` where that takes a closer look.
///
/// A superset of what [`service_accounts`] finds, `default` included, at a
/// tenth of its price: where a requester may use all of them, nothing needs
/// parsing. Sound because a key is written as it is unless it holds a `\u`
/// escape: no other escape can stand for a letter.
#[must_use]
pub fn possible_service_accounts(pod: &RawValue) -> Option<Vec<&str>> {
    let text = pod.get();
    let occurs = |what: &'static str| memmem::find_iter(text.as_bytes(), what.as_bytes());
    // What may stand twice, or is no object at all, is for the parser to refuse.
    if !text.starts_with('{')
        || occurs("\\u").next().is_some()
        || occurs("\"spec\"").nth(1).is_some()
    {
        return None;
    }
    let mut names = vec!["default"];
    for field in ["\"serviceAccount\"", "\"serviceAccountName\""] {
        let mut places = occurs(field);
        let Some(at) = places.next() else { continue };
        if places.next().is_some() {
            return None;
        }
        let value = text
            .get(at + field.len()..)?
            .trim_start()
            .strip_prefix(':')?;
        let (name, _) = value.trim_start().strip_prefix('"')?.split_once('"')?;
        // An escape, or an empty name, which means `default`.
        if name.contains('\\') || name.is_empty() {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

/// Whether a word occurs anywhere in `object`, however it is written. A word
/// of letters only: those alone no escape but `\u` can hide.
#[must_use]
pub fn mentions(object: &RawValue, word: &str) -> bool {
    let text = object.get().as_bytes();
    memmem::find(text, word.as_bytes()).is_some() || memmem::find(text, b"\\u").is_some()
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
    /// `data.spec.template`: what a `StatefulSet` or `DaemonSet` looked like once.
    Revision,
}

impl TemplateShape {
    /// Where objects of this resource keep their template; `None` where they
    /// have none.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("test JSON")
    }

    #[test]
    fn what_may_be_a_service_account_by_its_text() {
        let default = || Some(vec!["default"]);
        for (text, names) in [
            (r#"{"spec":{}}"#, default()),
            (
                r#"{"volumes":[{"serviceAccountToken":{"path":"t"}}]}"#,
                default(),
            ),
            (
                r#"{"spec":{"serviceAccountName":"a","serviceAccount" : "b"}}"#,
                Some(vec!["default", "b", "a"]),
            ),
            (
                r#"{"spec":{"serviceAccountName":"a"},"x":{"serviceAccount":"b"}}"#,
                Some(vec!["default", "b", "a"]),
            ),
            (
                r#"{"spec":{"serviceAccountName":"a","serviceAccountName":"a"}}"#,
                None,
            ),
            (r#"{"spec":{},"spec":{}}"#, None),
            (r#"{"spec":{"serviceAccountNam\u0065":"a"}}"#, None),
            (r#"{"spec":{"serviceAccountName":"\u0061"}}"#, None),
            (r#"{"spec":{"serviceAccountName":"a\"b"}}"#, None),
            (r#"{"spec":{"serviceAccountName":7}}"#, None),
            (r#"{"spec":{"serviceAccountName":null}}"#, None),
            (r#"{"spec":{"serviceAccountName":""}}"#, None),
            (r#"{"x":"serviceAccountName"}"#, None),
            (r#""spec""#, None),
        ] {
            assert_eq!(possible_service_accounts(&raw(text)), names, "{text}");
        }
    }

    proptest! {
        /// Whatever the parser finds, the text showed before.
        #[test]
        fn the_text_shows_all_that_the_parser_finds(
            key in prop::sample::select(vec!["serviceAccount", "serviceAccountName", "serviceAccountNam\\u0065", "\\u0073erviceAccount", "other"]),
            value in prop::sample::select(vec!["\"a\"", "\"\"", "null", "\"\\u0061\"", "\"x\\\"serviceAccount\"", "{\"serviceAccount\":\"b\"}"]),
            other in prop::sample::select(vec!["\"serviceAccount\":\"c\"", "\"x\":\"\\\\\"", "\"x\":[\"serviceAccountName\",\"d\"]"]),
            space in prop::sample::select(vec!["", " ", "\n\t"]),
        ) {
            let text = format!("{{{space}\"spec\"{space}:{space}{{{other}{space},{space}\"{key}\"{space}:{space}{value}}}}}");
            let Ok(pod) = RawValue::from_string(text.clone()) else { return Ok(()) };
            if let (Ok(parsed), Some(possible)) = (service_accounts("pod", &pod), possible_service_accounts(&pod)) {
                for (_, name) in parsed {
                    prop_assert!(possible.contains(&name.as_str()), "{} in {}", name, text);
                }
            }
        }
    }
}
