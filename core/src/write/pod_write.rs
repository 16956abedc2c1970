//! The pod, or the pod template, that a request writes.

use std::borrow::Cow;

use crate::json::Raw;
use crate::request::pod::Pod;
use crate::request::view::TemplateShape;
use crate::request::{Object, Operation, Path, ReviewError, change};

use super::Write;

/// A pod as a request writes it, with the stored one that it replaces.
#[derive(Debug)]
pub struct PodWrite<'a> {
    /// Where in the object it is: empty for a pod itself, else as `spec.template`.
    pub path: &'static str,
    /// The pod as it would be stored.
    pub new: Cow<'a, Pod<'a>>,
    /// The stored pod, in an UPDATE. `None` where the write resumes a suspended Job,
    /// so that its whole template is judged.
    pub old: Option<Pod<'a>>,
    /// The stored template, if any, and the new one.
    template: Option<(Option<Raw<'a>>, Raw<'a>)>,
}

impl<'a> PodWrite<'a> {
    /// Reads the pod from a request that creates a pod, updates one through any
    /// subresource, or writes a built-in kind with a pod template. The revisions that
    /// `StatefulSets` and `DaemonSets` roll back to are such a kind.
    pub(super) fn of(write: &Write<'a>) -> Result<Option<Self>, ReviewError> {
        let request = write.request();
        let Some((new, old)) = request.act.written() else {
            return Ok(None);
        };
        let pods = request.target.is("", "pods");
        let shape = TemplateShape::of_target(&request.target);
        // Controllers often write an object without changing it.
        if !(pods || shape.is_some()) || write.is_unchanged() {
            return Ok(None);
        }
        let Some(shape) = shape else {
            // A CREATE at a subresource holds another object: a Binding, an Eviction.
            if old.is_none() && !request.target.is_main() {
                return Ok(None);
            }
            return Ok(Some(Self {
                path: "",
                new: request.pod(new)?,
                old: old.map(Object::pod).transpose()?,
                template: None,
            }));
        };
        let Some(template) = new.template(shape)? else {
            return Ok(None);
        };
        let stored = match old {
            Some(_) if write.resumes_job()? => None,
            Some(old) => old.template(shape)?,
            None => None,
        };
        Ok(Some(Self {
            path: shape.path(),
            new: Cow::Owned(template.pod()?),
            old: stored.map(Object::pod).transpose()?,
            template: Some((stored.map(Object::raw), template.raw())),
        }))
    }

    /// Whether the write starts other programs than before: a template differs from
    /// the stored one, or a pod's container has another image. The new programs get
    /// everything that the template or the pod already held.
    #[must_use]
    pub fn starts_other_programs(&self) -> bool {
        match (self.template, &self.old) {
            (Some((old, new)), _) => !change::same_template(old, Some(new)),
            (None, Some(old)) => !images(old).eq(images(&self.new)),
            (None, None) => false,
        }
    }

    /// Whether this is a pod itself, not a template.
    #[must_use]
    pub const fn is_pod(&self) -> bool {
        self.path.is_empty()
    }

    /// What the write does to pods, as a verb before the object's name.
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
    pub fn at(&self, field: &Path) -> Path {
        Path::parse_dotted(self.path).join(field)
    }
}

/// Without debug containers, which `pod-exec` judges.
fn images<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    let spec = &pod.spec;
    let containers = spec.containers.iter().chain(spec.init_containers.iter());
    containers.map(|container| (container.name.as_str(), container.image.as_str()))
}
