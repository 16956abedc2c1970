//! The `AdmissionReview` v1 envelope.
//!
//! Of `object` and `oldObject` only the text is kept until a rule asks. A pod
//! is the exception: most rules look at pods, so it is read in passing.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::json::{self, Ahead, Fault, Fill, Raw, Reader, filled};

use super::pod::Pod;
use super::{ReviewError, UserInfo, view};
use crate::json::Text;

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
    pub object: Option<Raw<'a>>,
    /// The stored object of an UPDATE or DELETE.
    pub old_object: Option<Raw<'a>>,
    /// `object`, where it is a pod by its looks: read in the same pass.
    pod: Option<Box<Pod<'a>>>,
    /// Whether nothing will be stored. Decided exactly like a real request.
    pub dry_run: bool,
}

/// `group/version/resource`.
#[derive(Debug, Default)]
pub struct Resource<'a> {
    /// API group; empty for the core group.
    pub group: Text<'a>,
    /// API version.
    pub version: Text<'a>,
    /// Plural resource name.
    pub resource: Text<'a>,
}

filled!(Resource<'a> {
    group: "group",
    version: "version",
    resource: "resource",
});

impl Resource<'_> {
    /// Whether this is `resource` of `group`, in whatever version.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        *self.group == *group && *self.resource == *resource
    }
}

/// `group/version/kind`.
#[derive(Debug, Default)]
pub struct Kind<'a> {
    /// API group; empty for the core group.
    pub group: Text<'a>,
    /// API version.
    pub version: Text<'a>,
    /// Kind.
    pub kind: Text<'a>,
}

filled!(Kind<'a> or null {
    group: "group",
    version: "version",
    kind: "kind",
});

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
    const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Connect];

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

#[derive(Default)]
struct WireReview<'a> {
    api_version: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    request: Option<WireRequest<'a>>,
}

filled!(WireReview<'a> {
    kind: "kind",
    api_version: "apiVersion",
    request: "request",
});

/// Empty where absent.
#[derive(Default)]
struct WireRequest<'a> {
    uid: Text<'a>,
    kind: Kind<'a>,
    resource: Option<Resource<'a>>,
    sub_resource: Text<'a>,
    name: Text<'a>,
    namespace: Text<'a>,
    operation: WireOperation,
    user_info: Option<UserInfo<'a>>,
    object: Option<Ahead<'a, Box<Pod<'a>>>>,
    old_object: Option<Raw<'a>>,
    dry_run: Option<bool>,
}

filled!(WireRequest<'a> {
    uid: "uid",
    kind: "kind",
    resource: "resource",
    sub_resource: "subResource",
    name: "name",
    namespace: "namespace",
    operation: "operation",
    user_info: "userInfo",
    object: "object",
    old_object: "oldObject",
    dry_run: "dryRun",
});

#[derive(Default)]
struct WireOperation(Option<Operation>);

impl<'de> Fill<'de> for WireOperation {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        if reader.null()? {
            return Ok(());
        }
        let given = reader.string()?;
        self.0 = Operation::ALL
            .into_iter()
            .find(|known| known.as_str() == given);
        self.0.map(|_| ()).ok_or_else(|| reader.misfit())
    }
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
    /// review has. Parts that nobody reads are gone over by quotes and brackets
    /// alone (see [`json`]); an object's text is JSON when a rule reads it.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        let text = simdutf8::compat::from_utf8(body).map_err(|error| ReviewError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let review = json::fill::<WireReview<'a>>(text).map_err(|error| {
            match json::from_str::<TypeMeta<'_>>(text) {
                Ok(TypeMeta { api_version, kind }) => {
                    check_kind(api_version.as_ref(), kind.as_ref())
                        .err()
                        .unwrap_or_else(|| ReviewError::json("the AdmissionReview", error))
                }
                Err(_) => ReviewError::json("the AdmissionReview", error),
            }
        })?;
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
    pub fn object(&self) -> Result<Raw<'a>, ReviewError> {
        self.object.ok_or(ReviewError::Missing("request.object"))
    }

    /// The new object as a pod.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when there is none, or a field that a rule judges
    /// cannot be read.
    pub fn pod(&'a self) -> Result<Cow<'a, Pod<'a>>, ReviewError> {
        match &self.pod {
            Some(pod) => Ok(Cow::Borrowed(pod)),
            None => view::fill("request.object", self.object()?).map(Cow::Owned),
        }
    }

    /// The stored object.
    ///
    /// # Errors
    ///
    /// [`ReviewError::Missing`]: a change without what it changes cannot be judged.
    pub fn old_object(&self) -> Result<Raw<'a>, ReviewError> {
        self.old_object
            .ok_or(ReviewError::Missing("request.oldObject"))
    }
}

fn check_kind(version: Option<&Text<'_>>, kind: Option<&Text<'_>>) -> Result<(), ReviewError> {
    let shown = |text: Option<&Text<'_>>| {
        text.map_or_else(
            || "nothing".to_owned(),
            |text| format!("`{}`", crate::names::shown(text, 80)),
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
        let given = |text: Text<'a>| Some(text).filter(|text| !text.is_empty());
        let resource = self
            .resource
            .ok_or(ReviewError::Missing("request.resource"))?;
        if resource.resource.is_empty() {
            return Err(ReviewError::Missing("request.resource.resource"));
        }
        let (object, pod) = self
            .object
            .map_or((None, None), |object| (Some(object.raw), object.value));
        Ok(Request {
            uid: given(self.uid).ok_or(ReviewError::Missing("request.uid"))?,
            resource,
            kind: self.kind,
            sub_resource: given(self.sub_resource),
            name: given(self.name),
            namespace: given(self.namespace),
            operation: self
                .operation
                .0
                .ok_or(ReviewError::Missing("request.operation"))?,
            user: self
                .user_info
                .ok_or(ReviewError::Missing("request.userInfo"))?,
            object,
            pod,
            old_object: self.old_object,
            dry_run: self.dry_run.unwrap_or(false),
        })
    }
}
