//! # image-source
//!
//! Denies images from registries that the policy does not list, and EMR images older
//! than the policy's minimum release. Off until the policy gives
//! `rules.image-source` a list of `registries` or a `minimumRelease`.
//!
//! ## What it stops
//!
//! Pods, pod templates, debug containers and changes of a running container's image
//! with
//!
//! - an image from a registry or repository that `registries` does not list
//! - an image from EMR's own registries whose release is older than `minimumRelease`
//! - a reference that no container runtime can read
//!
//! in any container, init container, debug container or image volume. The pod
//! is judged as it would be stored, with everything that other webhooks have added,
//! so list the registries of injected sidecars.
//!
//! ## How references are compared
//!
//! As container runtimes read them, not as text: `nginx` is
//! `docker.io/library/nginx`, the tag and the digest are ignored, the port is not,
//! and the registry's name is compared in lower case. A pattern is a registry, or a
//! repository and everything below it, compared part by part:
//! `public.ecr.aws/emr-on-eks` does not match `public.ecr.aws/emr-on-eks-evil`. `*`
//! and `?` match within one part.
//!
//! The release is read from the repository (`…/spark/emr-7.12.0`) or, for the
//! operators' images, from the tag, where the registry is
//! `public.ecr.aws/emr-on-eks` or the account that AWS lists for the region. Of any
//! other image it is unknown, and `minimumRelease` does not apply to it.
//!
//! ## Who may
//!
//! Administrators: any image. EMR, operators and controllers are judged like
//! everybody else: they start what a job's submitter asked for.
//!
//! ## Why
//!
//! The image is the program that gets the job's role. One from an unknown registry
//! is an unknown program; an old release has known vulnerabilities.
//!
//! ## What to do instead
//!
//! Build on a current EMR image and push it to a listed registry.
//!
//! ## What it does not see
//!
//! The content of an image, the registry that a node's mirror settings really use,
//! the release of an EMR image copied to another registry, and the program files
//! (`local://`, `s3://`) that a job also runs.

mod options;

use crate::facts::{Action, Extent, Facts, Requester, System};
use crate::names::{ImageReference, shown};
use crate::policy::{About, Needed, Severity};
use crate::request::Path;
use crate::request::pod::{Pod, Source};
use crate::write::Write;

use super::shared::violation::{Violation, brought};
use super::{ALL, Advice, Checked, Finding, Rule};

use self::options::Options;

pub(in crate::rules) use self::options::Entry;

pub(super) static ABOUT: About = About {
    needs: Some(Needed {
        what: "the policy gives it `registries` or a `minimumRelease`",
        is_there: |policy| policy.options().is_some_and(Options::is_given),
    }),
    ..About::new(
        "image-source",
        Severity::High,
        include_str!("image_source.rs"),
    )
};

/// See the file's header.
pub(super) struct ImageSource;

static ADVICE: Advice = Advice {
    why: "the image is the program that gets the job's role, and one from an unlisted registry \
          or of an old release is unpatched or untrusted",
    instead: &[(
        ALL,
        "use a current image from a registry that `rules.image-source.registries` of rolegate's policy lists",
    )],
    source: "Amazon EMR on EKS development guide, Details for selecting a base image URI",
};

impl Rule for ImageSource {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        // A node's mirror pods only show what runs already.
        if write.extent(Action::ChooseImage) == Extent::All
            || matches!(write.requester, Requester::System(System::Node))
            || matches!(write.target.subresource(), "status" | "resize")
        {
            return Ok(());
        }
        let Some(options) = write.policy.options::<Options>() else {
            return Ok(());
        };
        let Some(pod_write) = write.pod()? else {
            return Ok(());
        };
        let verb = if pod_write.is_pod() {
            "start"
        } else {
            "start pods of"
        };
        let violations = brought(pod_write, |pod, violations| judge(pod, options, violations));
        findings.extend(violations.into_iter().map(|violation| {
            let act = format!("{verb} {} with image {}", write.object(), violation.seen);
            violation.finding(&ABOUT, &ADVICE, act)
        }));
        Ok(())
    }
}

fn judge(pod: &Pod<'_>, options: &Options, violations: &mut Vec<Violation>) {
    let spec = || Path::root().key("spec");
    for (list, index, container) in pod.spec.all_containers() {
        judge_image(&container.image, options, violations, || {
            spec().key(list).index(index).key("image")
        });
    }
    for (index, volume) in pod.spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            if let Source::Image(image) = source {
                judge_image(image, options, violations, || {
                    let volume = spec().key("volumes").index(index);
                    volume.key("image").key("reference")
                });
            }
        }
    }
}

fn judge_image(
    image: &str,
    options: &Options,
    violations: &mut Vec<Violation>,
    path: impl Fn() -> Path,
) {
    // A template may have its images filled in later; a pod without one does not start.
    if image.trim().is_empty() {
        return;
    }
    if let Some(wrong) = wrong_with(image, options) {
        violations.push(Violation {
            key: image.to_owned(),
            path: path(),
            seen: format!("{}, {wrong}", shown(image, 200)),
        });
    }
}

fn wrong_with(image: &str, options: &Options) -> Option<String> {
    let Some(read) = ImageReference::parse(image) else {
        return Some("which no container runtime can read".to_owned());
    };
    let registries = &options.registries;
    if !registries.is_empty() && !registries.iter().any(|pattern| read.is_in(pattern)) {
        return Some(format!(
            "whose registry {} the policy does not list",
            shown(&read.registry, 120)
        ));
    }
    let minimum = options.minimum_release?;
    let release = read.emr_release()?;
    (release < minimum).then(|| format!("which is {release}, older than {minimum}"))
}
