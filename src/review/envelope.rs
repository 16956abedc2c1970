//! The `AdmissionReview` v1 envelope, read without touching the objects in it.
//!
//! `object`, `oldObject` and `options` stay unparsed until a rule asks, which
//! is what keeps a review at microseconds: most are decided by who asks.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ReviewError, Text, UserInfo};

/// The one group and version this endpoint speaks.
pub const API_VERSION: &str = "admission.k8s.io/v1";
/// The one kind this endpoint speaks.
pub const KIND: &str = "AdmissionReview";

/// One admission request, checked to have the fields every request has.
#[derive(Debug)]
pub struct Request<'a> {
    /// The call's id; the answer must carry it.
    pub uid: Text<'a>,
    /// Group, version and resource being written (after `matchPolicy: Equivalent`).
    pub resource: Resource<'a>,
    /// Group, version and kind of `object`.
    pub kind: Kind<'a>,
    /// `exec`, `status`, ...; `None` for the object itself.
    pub sub_resource: Option<Text<'a>>,
    /// As the API server gave it: absent for deletecollection and before a name is generated.
    pub name: Option<Text<'a>>,
    /// Absent for cluster-scoped resources.
    pub namespace: Option<Text<'a>>,
    /// What is done.
    pub operation: Operation,
    /// Who asks.
    pub user: UserInfo<'a>,
    /// The new object, or the options of a CONNECT.
    pub object: Option<&'a RawValue>,
    /// The stored object of an UPDATE or DELETE.
    pub old_object: Option<&'a RawValue>,
    /// Whether nothing will be stored. Decided exactly like a real request.
    pub dry_run: bool,
}

/// `group/version/resource`.
#[derive(Debug, Default, Deserialize)]
pub struct Resource<'a> {
    /// API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// API version.
    #[serde(borrow, default)]
    pub version: Text<'a>,
    /// Plural resource name.
    #[serde(borrow, default)]
    pub resource: Text<'a>,
}

impl Resource<'_> {
    /// Whether this is `resource` of `group`, in whatever version.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        *self.group == *group && *self.resource == *resource
    }
}

/// `group/version/kind`.
#[derive(Debug, Default, Deserialize)]
pub struct Kind<'a> {
    /// API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// API version.
    #[serde(borrow, default)]
    pub version: Text<'a>,
    /// Kind.
    #[serde(borrow, default)]
    pub kind: Text<'a>,
}

/// What is done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// POST, or a PUT, PATCH or apply of what does not exist yet.
    Create,
    /// PUT, PATCH, apply.
    Update,
    /// DELETE, and deletecollection once for every object.
    Delete,
    /// exec, attach, portforward, proxy, by whatever HTTP method.
    Connect,
}

impl Operation {
    /// The API server's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReview<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    request: Option<WireRequest<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest<'a> {
    #[serde(borrow)]
    uid: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Kind<'a>>,
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    #[serde(borrow)]
    sub_resource: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    operation: Option<Operation>,
    #[serde(borrow)]
    user_info: Option<UserInfo<'a>>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
    dry_run: Option<bool>,
}

/// Only as much as tells a wrong kind from a broken review, so that the
/// sentence names the real problem.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeMeta<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
}

impl<'a> Request<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    ///
    /// One [`ReviewError`] sentence for a body that is not UTF-8, not JSON, no
    /// `admission.k8s.io/v1` `AdmissionReview`, or lacks a field that every
    /// review has.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        let text = std::str::from_utf8(body).map_err(|error| ReviewError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let review =
            serde_json::from_str::<WireReview<'a>>(text).map_err(
                |error| match serde_json::from_str::<TypeMeta<'_>>(text) {
                    Ok(TypeMeta { api_version, kind }) => {
                        check_kind(api_version.as_ref(), kind.as_ref())
                            .err()
                            .unwrap_or_else(|| ReviewError::json("the AdmissionReview", &error))
                    }
                    Err(_) => ReviewError::json("the AdmissionReview", &error),
                },
            )?;
        check_kind(review.api_version.as_ref(), review.kind.as_ref())?;
        review
            .request
            .ok_or(ReviewError::Missing("request"))?
            .check()
    }

    /// The namespace; empty for cluster-scoped resources.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The subresource; empty for the object itself.
    #[must_use]
    pub fn sub_resource(&self) -> &str {
        self.sub_resource.as_deref().unwrap_or_default()
    }

    /// The new object.
    ///
    /// # Errors
    ///
    /// [`ReviewError::Missing`]: a write without its object cannot be judged.
    pub fn object(&self) -> Result<&'a RawValue, ReviewError> {
        self.object.ok_or(ReviewError::Missing("request.object"))
    }

    /// The stored object.
    ///
    /// # Errors
    ///
    /// [`ReviewError::Missing`]: a change without what it changes cannot be judged.
    pub fn old_object(&self) -> Result<&'a RawValue, ReviewError> {
        self.old_object
            .ok_or(ReviewError::Missing("request.oldObject"))
    }
}

fn check_kind(version: Option<&Text<'_>>, kind: Option<&Text<'_>>) -> Result<(), ReviewError> {
    let shown = |text: Option<&Text<'_>>| {
        text.map_or_else(
            || "nothing".to_owned(),
            |text| format!("`{}`", super::shown(text, 80)),
        )
    };
    match (version.map(Text::as_str), kind.map(Text::as_str)) {
        (Some(API_VERSION), Some(KIND)) => Ok(()),
        _ => Err(ReviewError::WrongKind(format!(
            "{}, {}",
            shown(version),
            shown(kind)
        ))),
    }
}

impl<'a> WireRequest<'a> {
    fn check(self) -> Result<Request<'a>, ReviewError> {
        let given = |text: Option<Text<'a>>| text.filter(|text| !text.is_empty());
        let resource = self
            .resource
            .ok_or(ReviewError::Missing("request.resource"))?;
        if resource.resource.is_empty() {
            return Err(ReviewError::Missing("request.resource.resource"));
        }
        Ok(Request {
            uid: given(self.uid).ok_or(ReviewError::Missing("request.uid"))?,
            resource,
            kind: self.kind.unwrap_or_default(),
            sub_resource: given(self.sub_resource),
            name: given(self.name),
            namespace: given(self.namespace),
            operation: self
                .operation
                .ok_or(ReviewError::Missing("request.operation"))?,
            user: self
                .user_info
                .ok_or(ReviewError::Missing("request.userInfo"))?,
            object: self.object,
            old_object: self.old_object,
            dry_run: self.dry_run.unwrap_or(false),
        })
    }
}
