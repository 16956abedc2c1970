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
    // Whether a runtime would pull the other image makes no difference: its author could
    // name one that is not there.
    let is_emrs_of_it = |other: &str| {
        other.split_once('/').is_some_and(|(registry, rest)| {
            registry.eq_ignore_ascii_case(&image.registry) && rest.contains("/emr-")
        })
    };
    let is_mirror = || {
        let mut others = pod.spec.containers.iter();
        image.registry.contains(".dkr.ecr.")
            && others.any(|other| other.name.as_str() != NAME && is_emrs_of_it(&other.image))
    };
    is_fluentd(&image) && (image.emr_release().is_some() || is_mirror())
}
