//! The `AdmissionReview` v1 envelope.
//!
//! `object` and `oldObject` are kept as text until a rule reads them. A new pod is
//! the exception: most rules judge pods, so it is parsed in the same pass.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{self, Fill, ParseFault, Raw, Reader, filled};

use super::pod::Pod;
use super::{
    Act, Kind, Object, Operation, Resource, ReviewError, Stored, Target, UserInfo, Version,
};
use crate::json::Text;

/// The only group and version that this endpoint accepts.
pub const API_VERSION: &str = "admission.k8s.io/v1";
/// The only kind that this endpoint accepts.
pub const KIND: &str = "AdmissionReview";

/// An incoming AdmissionReview with all required fields.
#[derive(Debug)]
pub struct AdmissionReview<'a> {
    /// The id of the call; the response must repeat it.
    pub uid: Text<'a>,
    /// Whether nothing will be stored. A dry run is decided like a real request.
    pub dry_run: bool,
    pub request: Request<'a>,
}

/// A request: the user, the target and the operation. From an AdmissionReview, an
/// audit event or a manifest.
#[derive(Debug)]
pub struct Request<'a> {
    pub user: UserInfo<'a>,
    pub target: Target<'a>,
    pub act: Act<'a>,
    /// The new object, if its text begins like a pod; parsed in the same pass.
    pod: Option<Box<Pod<'a>>>,
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

/// Absent fields are empty.
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
    object: Option<WireObject<'a>>,
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

/// The new object, and its parsed form if its text begins like a pod.
#[derive(Default)]
struct WireObject<'a> {
    raw: Raw<'a>,
    pod: Option<Box<Pod<'a>>>,
}

impl<'de: 'a, 'a> Fill<'de> for WireObject<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        (self.raw, self.pod) = Raw::read_with(reader, Pod::begins)?;
        Ok(())
    }
}

#[derive(Default)]
struct WireOperation(Option<Operation>);

impl<'de> Fill<'de> for WireOperation {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        if reader.null()? {
            return Ok(());
        }
        let given = reader.string()?;
        self.0 = Operation::ALL
            .into_iter()
            .find(|known| known.as_str() == given);
        self.0.map(|_| ()).ok_or_else(|| reader.wrong_shape())
    }
}

/// The fields that distinguish a wrong kind from a malformed review, so that the
/// error names the real problem.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeMeta<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
}

impl<'a> AdmissionReview<'a> {
    /// Parses a request body.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if the body is not UTF-8, not JSON, not an
    /// `admission.k8s.io/v1` `AdmissionReview`, or lacks a required field; the
    /// objects of its operation are required. Parts that no rule reads are skipped by
    /// quotes and brackets alone (see [`json`]); an object's text must be JSON once a
    /// rule reads it.
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
}

impl<'a> Request<'a> {
    #[must_use]
    pub const fn new(user: UserInfo<'a>, target: Target<'a>, act: Act<'a>) -> Self {
        Self {
            user,
            target,
            act,
            pod: None,
        }
    }

    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.act.operation()
    }

    /// The object that a CREATE stores; `None` for any other operation.
    #[must_use]
    pub fn into_stored(self) -> Option<Stored<'a>> {
        let Act::Create(new) = self.act else {
            return None;
        };
        Some(Stored {
            object: Object::new(new.raw(), Version::Stored),
            target: self.target,
        })
    }

    /// `new`, the new object of this request, as a pod.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if a field that a rule judges cannot be read.
    pub fn pod(&'a self, new: Object<'a>) -> Result<Cow<'a, Pod<'a>>, ReviewError> {
        match &self.pod {
            Some(pod) => Ok(Cow::Borrowed(pod)),
            None => new.pod().map(Cow::Owned),
        }
    }
}

fn check_kind(version: Option<&Text<'_>>, kind: Option<&Text<'_>>) -> Result<(), ReviewError> {
    let shown = |field: &str, text: Option<&Text<'_>>| {
        text.map_or_else(
            || format!("no {field}"),
            |text| format!("{field} `{}`", crate::names::shown(text, 80)),
        )
    };
    match (version.map(Text::as_str), kind.map(Text::as_str)) {
        (Some(API_VERSION), Some(KIND)) => Ok(()),
        _ => Err(ReviewError::WrongKind(format!(
            "{}, {}",
            shown("apiVersion", version),
            shown("kind", kind)
        ))),
    }
}

impl<'a> WireRequest<'a> {
    fn check(self) -> Result<AdmissionReview<'a>, ReviewError> {
        let resource = self
            .resource
            .ok_or(ReviewError::Missing("request.resource"))?;
        if resource.resource.is_empty() {
            return Err(ReviewError::Missing("request.resource.resource"));
        }
        if self.uid.is_empty() {
            return Err(ReviewError::Missing("request.uid"));
        }
        let operation = self
            .operation
            .0
            .ok_or(ReviewError::Missing("request.operation"))?;
        let user = self
            .user_info
            .ok_or(ReviewError::Missing("request.userInfo"))?;
        let (object, pod) = self
            .object
            .map_or((None, None), |object| (Some(object.raw), object.pod));
        let new = object.map(|raw| Object::new(raw, Version::New));
        let old = self.old_object.map(|raw| Object::new(raw, Version::Old));
        let new_object = || new.ok_or(ReviewError::Missing("request.object"));
        let old_object = || old.ok_or(ReviewError::Missing("request.oldObject"));
        let act = match operation {
            Operation::Create => Act::Create(new_object()?),
            Operation::Update => Act::Update {
                new: new_object()?,
                old: old_object()?,
            },
            Operation::Delete => Act::Delete(old_object()?),
            Operation::Connect => Act::Connect(new),
        };
        Ok(AdmissionReview {
            uid: self.uid,
            dry_run: self.dry_run.unwrap_or(false),
            request: Request {
                user,
                target: Target {
                    resource,
                    kind: self.kind,
                    subresource: self.sub_resource,
                    namespace: self.namespace,
                    name: self.name,
                },
                act,
                pod,
            },
        })
    }
}
