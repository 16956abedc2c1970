//! The pod, or the pod template, that a request writes.

use std::borrow::Cow;

use crate::json::Raw;
use crate::request::pod::Pod;
use crate::request::view::{self, TemplateShape};
use crate::request::{Operation, Request, ReviewError, change};

use super::Subject;

/// A pod on its way in, with the one it replaces.
#[derive(Debug)]
pub struct PodWrite<'a> {
    /// Where in the object: empty for a pod itself, else as `spec.template`.
    pub path: &'static str,
    /// The pod as it would be stored.
    pub new: Cow<'a, Pod<'a>>,
    /// The stored one, of an UPDATE; `None` also where the write starts the
    /// pods of a template that waited suspended, so that all of it is judged.
    pub old: Option<Pod<'a>>,
    /// A template as it was and as it is to be.
    raw: Option<(Option<Raw<'a>>, Raw<'a>)>,
}

impl<'a> PodWrite<'a> {
    /// Reads it from a request that creates a pod, updates one through
    /// whichever subresource, or writes a built-in kind with a pod template; the
    /// revisions that `StatefulSets` and `DaemonSets` go back to are such a kind.
    pub(super) fn of(subject: &Subject<'a>) -> Result<Option<Self>, ReviewError> {
        let request = subject.request;
        if !matches!(request.operation, Operation::Create | Operation::Update) {
            return Ok(None);
        }
        let pods = request.resource.is("", "pods");
        let shape = shape(request);
        if !pods && shape.is_none() {
            return Ok(None);
        }
        // Controllers write all day what is there already.
        if request.operation == Operation::Update
            && change::same_object(Some(request.old_object()?), Some(request.object()?))
        {
            return Ok(None);
        }
        if pods {
            // What is created at a subresource is no pod: a Binding, an Eviction.
            if request.operation == Operation::Create && request.sub_resource.is_some() {
                return Ok(None);
            }
            let new = request.pod()?;
            let old = stored(request)?
                .map(|raw| view::fill("request.oldObject", raw))
                .transpose()?;
            let path = "";
            let raw = None;
            return Ok(Some(Self {
                path,
                new,
                old,
                raw,
            }));
        }
        let Some(shape) = shape else {
            return Ok(None);
        };
        let Some(template) = view::template("request.object", request.object()?, shape)? else {
            return Ok(None);
        };
        let new = Cow::Owned(view::fill("request.object", template)?);
        let stored = match stored(request)? {
            Some(_) if subject.unsuspends()? => None,
            Some(raw) => view::template("request.oldObject", raw, shape)?,
            None => None,
        };
        let old = stored
            .map(|template| view::fill("request.oldObject", template))
            .transpose()?;
        Ok(Some(Self {
            path: shape.path(),
            new,
            old,
            raw: Some((stored, template)),
        }))
    }

    /// Whether other programs are started than before, by a template that
    /// differs from the stored one or in a pod by another image: they get
    /// whatever the template or the pod already held.
    #[must_use]
    pub fn starts_other_programs(&self) -> bool {
        match (self.raw, &self.old) {
            (Some((old, new)), _) => !change::same_template(old, Some(new)),
            (None, Some(old)) => !images(old).eq(images(&self.new)),
            (None, None) => false,
        }
    }

    /// Whether this is a pod itself, no template of one.
    #[must_use]
    pub const fn is_pod(&self) -> bool {
        self.path.is_empty()
    }

    /// What the write does to pods, for a sentence that goes on with the object.
    #[must_use]
    pub const fn verb(&self, operation: Operation) -> &'static str {
        match (self.is_pod(), operation) {
            (true, Operation::Create) => "start",
            (true, _) => "change",
            (false, Operation::Create) => "start pods by",
            (false, _) => "change the pods of",
        }
    }

    /// The full path of a field of the pod: `spec.template.spec.volumes[0]`.
    #[must_use]
    pub fn at(&self, field: &str) -> String {
        match self.path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }
}

/// Debug containers left out: those are `pod-exec`'s matter.
fn images<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    let spec = &pod.spec;
    let containers = spec.containers.iter().chain(spec.init_containers.iter());
    containers.map(|container| (container.name.as_str(), container.image.as_str()))
}

fn shape(request: &Request<'_>) -> Option<TemplateShape> {
    if request.sub_resource.is_some() {
        return None;
    }
    let revision = || request.resource.is("apps", "controllerrevisions");
    TemplateShape::of(&request.resource).or_else(|| revision().then_some(TemplateShape::Revision))
}

fn stored<'a>(request: &Request<'a>) -> Result<Option<Raw<'a>>, ReviewError> {
    match request.operation {
        Operation::Update => request.old_object().map(Some),
        _ => Ok(None),
    }
}
