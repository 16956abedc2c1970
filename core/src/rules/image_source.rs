//! # image-source
//!
//! Images come from where the policy says, and EMR's own are not too old. Off
//! until the policy gives `rules.image-source` a list of `registries` or a
//! `minimumRelease`.
//!
//! ## What it stops
//!
//! Pods, templates, debug containers and changes of a running container's image
//! with
//!
//! - an image from a registry or repository that `registries` does not list
//! - an image of EMR's own registries whose release is older than `minimumRelease`
//! - a reference that no container runtime can read
//!
//! in any container, init container, debug container or image volume. The pod
//! is judged as it would be stored: what other webhooks put into it counts too,
//! so list the registries of injected sidecars.
//!
//! ## How references are compared
//!
//! As container runtimes read them, never as text: `nginx` is
//! `docker.io/library/nginx`, tag and digest do not count, a port does, the
//! registry's name counts in lower case. A pattern is a registry, or a
//! repository and all below it, compared part by part: `public.ecr.aws/emr-on-eks`
//! is not `public.ecr.aws/emr-on-eks-evil`. `*` and `?` stay inside one part.
//!
//! The release is read from the repository (`…/spark/emr-7.12.0`) or, of the
//! operators, from the tag, where the registry is `public.ecr.aws/emr-on-eks` or
//! the account that AWS lists for the region. Of an image of one's own nobody
//! can read it.
//!
//! ## Who may
//!
//! Administrators: any. EMR, operators and controllers are judged like
//! everybody else: they start what a job's submitter asked for.
//!
//! ## Why
//!
//! The image is the program that gets the job's role. One from a stranger's
//! registry is a stranger's program; an old release has holes that are known.
//!
//! ## What to do instead
//!
//! Build on a current EMR image and push it to a listed registry.
//!
//! ## What it does not see
//!
//! What is in an image, which registry a node's mirror settings really ask, an
//! EMR image copied to another registry, the program files (`local://`,
//! `s3://`) a job runs besides.

use crate::facts::{Action, Extent, Requester, System};
use crate::write::Write;
use crate::names::ImageReference;
use crate::names::shown;
use crate::request::ReviewError;
use crate::request::pod::{Pod, Source};

use super::shared::violation::{Violation, brought};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("image-source", Severity::High, include_str!("image_source.rs"));

/// See the file's header.
pub(super) struct ImageSource;

static ADVICE: Advice = Advice {
    why: "the image is the program that gets the job's role, and one from an unlisted \
                   registry or of an old release is not looked after by anybody",
    instead: "use a current image from a registry that `rules.image-source.registries` \
                       of rolegate's policy lists",
    source: "Amazon EMR on EKS development guide, Details for selecting a base image URI",
};

impl Rule for ImageSource {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        // A node's mirror pods show what runs already.
        if write.extent(Action::ChooseImage) == Extent::All
            || matches!(write.requester, Requester::System(System::Node))
            || matches!(write.target.subresource(), "status" | "resize")
        {
            return Ok(());
        }
        let Some(pod_write) = write.pod()? else {
            return Ok(());
        };
        let verb = if pod_write.is_pod() {
            "start"
        } else {
            "start pods of"
        };
        for violation in brought(pod_write, |pod, violations| judge(pod, write, violations)) {
            findings.push(Finding {
                rule: RuleId::ImageSource,
                seen: format!(
                    "{} may not {verb} {} with image {}",
                    write.who(),
                    write.object(),
                    violation.seen
                ),
                path: Some(violation.path),
                why: WHY,
                instead: INSTEAD.into(),
                source: SOURCE,
            });
        }
        Ok(())
    }
}

fn judge(pod: &Pod<'_>, write: &Write<'_>, violations: &mut Vec<Violation>) {
    for (list, index, container) in pod.spec.all_containers() {
        judge_image(&container.image, write, violations, || {
            format!("spec.{list}[{index}].image")
        });
    }
    for (index, volume) in pod.spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            if let Source::Image(image) = source {
                judge_image(image, write, violations, || {
                    format!("spec.volumes[{index}].image.reference")
                });
            }
        }
    }
}

fn judge_image(
    image: &str,
    write: &Write<'_>,
    violations: &mut Vec<Violation>,
    path: impl Fn() -> String,
) {
    // Templates may leave it to somebody else; such a pod does not start.
    if image.trim().is_empty() {
        return;
    }
    if let Some(wrong) = wrong_with(image, write) {
        violations.push(Violation {
            key: image.to_owned(),
            path: path(),
            seen: format!("{}, {wrong}", shown(image, 200)),
        });
    }
}

fn wrong_with(image: &str, write: &Write<'_>) -> Option<String> {
    let settings = &write.policy.rules.image_source;
    let Some(read) = ImageReference::parse(image) else {
        return Some("which no container runtime can read".to_owned());
    };
    let listed = settings
        .registries
        .iter()
        .any(|pattern| read.is_in(pattern));
    if !settings.registries.is_empty() && !listed {
        return Some(format!(
            "whose registry {} the policy does not list",
            shown(&read.registry, 120)
        ));
    }
    let minimum = settings.minimum_release?;
    let release = read.emr_release()?;
    (release < minimum).then(|| format!("which is {release}, older than {minimum}"))
}
