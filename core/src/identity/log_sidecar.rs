//! The container with which EMR collects a job's logs.

use crate::names::ImageReference;
use crate::request::pod::{Container, Pod};

/// Its name. It writes the logs with the execution role.
const NAME: &str = "emr-container-fluentd";

/// Whether a container is EMR's log sidecar: by its name, and by an image that EMR
/// gives it. That is one of EMR's own registries, or for a mirror the registry in
/// Amazon ECR that the pod's EMR image comes from.
pub(crate) fn is_log_sidecar(container: &Container<'_>, pod: &Pod<'_>) -> bool {
    if container.name.as_str() != NAME {
        return false;
    }
    let Some(image) = ImageReference::parse(&container.image) else {
        return false;
    };
    let is_fluentd = |image: &ImageReference<'_>| {
        let mut parts = image.repository.split('/').rev();
        parts
            .next()
            .is_some_and(|release| release.starts_with("emr-"))
            && parts.next() == Some("fluentd")
    };
    let is_mirror = || {
        image.registry.contains(".dkr.ecr.")
            && pod.spec.containers.iter().any(|other| {
                let other_image = ImageReference::parse(&other.image);
                other.name.as_str() != NAME
                    && other_image.is_some_and(|other| {
                        other.registry == image.registry && other.repository.contains("/emr-")
                    })
            })
    };
    is_fluentd(&image) && (image.emr_release().is_some() || is_mirror())
}
