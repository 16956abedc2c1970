//! The places where a pod names Secrets.

use crate::request::Path;
use crate::request::pod::{Csi, Pod, Source};

/// One place where a pod names a Secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference<'p> {
    /// The container's name; empty for a reference of the whole pod.
    pub(super) container: &'p str,
    /// The list of the pod's spec that it stands in, and its index there.
    list: &'static str,
    index: usize,
    inner: Inner,
    /// The field that holds the name, from the innermost list's element.
    pub(super) field: &'static str,
    /// The Secret's name.
    pub(super) secret: &'p str,
}

/// The list within an element of the outer list, and the index there; `None` where
/// the field is the element's own.
type Inner = Option<(&'static str, usize)>;

impl Reference<'_> {
    /// As `spec.containers[0].env[2].valueFrom.secretKeyRef.name`.
    pub(super) fn path(&self) -> Path {
        let element = Path::root().key("spec").key(self.list).index(self.index);
        let holder = match self.inner {
            Some((list, index)) => element.join(&Path::parse_dotted(list)).index(index),
            None => element,
        };
        holder.join(&Path::parse_dotted(self.field))
    }
}

/// Calls `found` for every Secret that the pod names; an empty name is ignored.
pub(super) fn visit<'p>(pod: &'p Pod<'_>, mut found: impl FnMut(Reference<'p>)) {
    let mut found = |reference: Reference<'p>| {
        if !reference.secret.is_empty() {
            found(reference);
        }
    };
    let spec = &pod.spec;
    for (list, index, container) in spec.all_containers() {
        let mut inside = |inner, field, secret| {
            found(Reference {
                container: container.name.as_str(),
                list,
                index,
                inner: Some(inner),
                field,
                secret,
            });
        };
        for (place, variable) in container.env.kept() {
            let source = variable.value_from.as_ref();
            if let Some(secret) = source.and_then(|source| source.secret_key_ref.as_ref()) {
                let field = "valueFrom.secretKeyRef.name";
                inside(("env", place), field, secret.name.as_str());
            }
        }
        for (place, source) in container.env_from.iter().enumerate() {
            if let Some(secret) = &source.secret_ref {
                inside(("envFrom", place), "secretRef.name", secret.name.as_str());
            }
        }
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            of_source(source, |inner, field, secret| {
                found(Reference {
                    container: "",
                    list: "volumes",
                    index,
                    inner,
                    field,
                    secret,
                });
            });
        }
    }
    for (index, secret) in spec.image_pull_secrets.iter().enumerate() {
        found(Reference {
            container: "",
            list: "imagePullSecrets",
            index,
            inner: None,
            field: "name",
            secret: secret.name.as_str(),
        });
    }
}

fn of_source<'p>(source: &'p Source<'_>, mut found: impl FnMut(Inner, &'static str, &'p str)) {
    match source {
        Source::Secret(name) => found(None, "secret.secretName", name.as_str()),
        Source::Projected(parts) => {
            for (place, part) in parts.iter().enumerate() {
                if let Some(secret) = &part.secret {
                    let inner = Some(("projected.sources", place));
                    found(inner, "secret.name", secret.name.as_str());
                }
            }
        }
        Source::Csi(csi) => of_csi(csi, found),
        Source::Old {
            secret: Some(secret),
            ..
        } => found(None, secret.0, secret.1.as_str()),
        _ => {}
    }
}

/// A CSI driver reads the Secrets that its attributes name by its own permissions.
fn of_csi<'p>(csi: &'p Csi<'_>, mut found: impl FnMut(Inner, &'static str, &'p str)) {
    if let Some(secret) = &csi.node_publish_secret_ref {
        found(None, "csi.nodePublishSecretRef.name", secret.name.as_str());
    }
    for (key, value) in csi.volume_attributes.iter() {
        let key = key.to_ascii_lowercase();
        if key.ends_with("secretname") || key.ends_with("secret-name") {
            found(None, "csi.volumeAttributes", value.as_str());
        }
    }
}
