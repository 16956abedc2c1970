//! Where a pod names Secrets.

use crate::request::pod::{Csi, Pod, Source};

/// One place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference<'p> {
    /// The container; empty where the whole pod is meant.
    pub(super) container: &'p str,
    /// The list it stands in, from the pod's root, and its place there.
    list: &'static str,
    index: usize,
    /// The place within the container's own list, where it has one.
    inner: Option<(&'static str, usize)>,
    /// The field, from there.
    pub(super) field: &'static str,
    /// The Secret's name.
    pub(super) secret: &'p str,
}

impl Reference<'_> {
    /// As `spec.containers[0].env[2].valueFrom.secretKeyRef.name`.
    pub(super) fn path(&self) -> String {
        let Self {
            list, index, field, ..
        } = self;
        match self.inner {
            Some((inner, place)) => format!("spec.{list}[{index}].{inner}[{place}].{field}"),
            None => format!("spec.{list}[{index}].{field}"),
        }
    }
}

/// Calls `found` for every Secret that the pod names. An empty name is none.
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

type Inner = Option<(&'static str, usize)>;

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

/// A driver reads what its attributes name with its own rights.
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
