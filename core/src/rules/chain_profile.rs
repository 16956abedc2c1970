//! # chain-profile
//!
//! A job that the policy chains to another role does not start without its
//! profile, nor with an edited one, nor under a chain the policy does not list.
//!
//! ## What it stops
//!
//! Judged on pods after all mutation, so also where rolegate's own mutating
//! webhook or EKS's did not answer:
//!
//! - a pod whose role has `required: true` in the policy's chains, or that asks
//!   for a chain itself, and that has no profile, or one that differs in
//!   anything from what rolegate writes: the text, the volume, the mount,
//!   `AWS_CONFIG_FILE`, and in the modes `java-v2` and `exclusive` what they
//!   change. Of variables that stand twice the last one counts
//! - a request (annotation `rolegate.dev/chain-to`, or the variables
//!   `CLIENT_ROLE_ARN` and `WEB_IDENTITY_ROLE_ARN` of AWS's guide) for a role
//!   that the policy does not list, and a mode in which fewer SDKs would follow
//! - the annotation `rolegate.dev/aws-config` on a pod that rolegate did not
//!   give it to
//! - a change of any `rolegate.dev/` annotation of a pod afterwards, through
//!   `pods`, `pods/status` and other subresources, or through a binding, whose
//!   annotations Kubernetes merges into the pod
//! - with `ownSettings: refuse` in the policy, or `required: true`, a Spark
//!   container that sets a profile, a configuration file or keys itself
//!
//! ## Who may
//!
//! Administrators. Pods of job runners and gateways get no profile and need
//! none; where a chain is required only EMR starts them, by a Job or a
//! Deployment of its own.
//!
//! ## Why
//!
//! Data that role 2 may read is often kept from role 1, and the other way
//! round: a job that silently stays with its execution role reads and writes
//! with the wrong identity. And an AWS configuration file can run commands
//! (`credential_process`), so nobody edits it but rolegate.
//!
//! ## What to do instead
//!
//! Submit the job again once the cause is gone: the namespace's label
//! `rolegate.dev/chain: enabled`, rolegate's mutating webhook, EKS's pod identity
//! webhook. Ask for a role that the policy lists, or have the platform team list
//! another one (`virtualClusters[].chains[].to`). docs/role-chaining.md explains
//! the modes.
//!
//! ## What it does not see
//!
//! `envFrom`: keys from a Secret or a `ConfigMap` as a whole come before the
//! profile in every SDK. What the job's own code configures. And no mode is a
//! wall: the token of the execution role stays mounted, so the job's code can
//! always become role 1.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::facts::{Action, Extent};
use crate::write::Write;
use crate::mutation::{self, ANNOTATION_PREFIX, Demand, Plan, Trouble};
use crate::names::shown;
use crate::request::pod::Pod;
use crate::request::view::{self, TemplateShape};
use crate::request::{Operation, ReviewError};

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("chain-profile", Severity::High, include_str!("chain_profile.rs"));

/// See the file's header.
pub(super) struct ChainProfile;

static ADVICE: Advice = Advice {
    why: "a job without its chained profile works with the wrong role, and an AWS \
                   configuration file that others may edit can run commands",
    instead: "start the pod again once the namespace has the label rolegate.dev/chain: \
                       enabled and both rolegate's and EKS's mutating webhooks answer",
    source: "Amazon EMR on EKS best practices: chaining IAM roles with an AWS profile",
};

/// A pod can be wrong in many ways; this many tell the story.
const MOST: usize = 8;

impl Rule for ChainProfile {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        let resource = &request.target.resource;
        let pods = resource.is("", "pods");
        if write.extent(Action::ChooseChain) == Extent::All {
            return Ok(());
        }
        if !pods && !resource.is("", "bindings") {
            return check_template(write, findings);
        }
        match (request.operation(), request.target.subresource()) {
            (Operation::Create, "") if pods => check_new(write, findings),
            (Operation::Create, _) => check_binding(write, findings),
            (Operation::Update, _) => check_change(write, findings),
            (Operation::Delete | Operation::Connect, _) => Ok(()),
        }
    }
}

fn check_new(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    if mutation::is_plainly_none(write, &pod_write.new) {
        return Ok(());
    }
    let plan = mutation::plan(write, &pod_write.new);
    let before = findings.len();
    for trouble in plan.troubles.iter().filter(|trouble| plan.refuses(trouble)) {
        findings.push(refused(
            write,
            &trouble.to_string(),
            instead(trouble, &plan),
        ));
    }
    if findings.len() > before {
        findings.truncate(before + MOST);
        return Ok(());
    }
    let missing: Vec<_> = plan.missing().take(MOST).collect();
    if plan.target().is_none() {
        if plan.is_begun() {
            let seen = "it comes with a profile of rolegate's that rolegate does not give it";
            let instead = "leave out the annotation rolegate.dev/aws-config and the volume \
                           rolegate-aws-config: rolegate adds them where the policy says so";
            findings.push(refused(write, seen, instead.into()));
        }
    } else if !missing.is_empty() && (plan.demand >= Demand::Asked || plan.is_begun()) {
        let seen = if plan.is_begun() {
            format!(
                "its chained profile is not what rolegate writes: {}",
                missing.join(", ")
            )
        } else {
            "it has no chained profile".to_owned()
        };
        findings.push(refused(write, &seen, INSTEAD.into()));
    }
    Ok(())
}

/// A workload under a job runner's account, whose pods get no profile: the
/// controller that starts them is believed, so whoever writes the template is
/// judged. Other accounts' pods are judged when they start.
fn check_template(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    if !write.tenancy.chains.iter().any(|chain| chain.required)
        || TemplateShape::of(&write.target.resource).is_none()
    {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let runs = |pod: &Pod<'_>| {
        let plan = mutation::plan(write, pod);
        plan.troubles.contains(&Trouble::RunnersAccount)
    };
    if runs(&pod_write.new) && !pod_write.old.as_ref().is_some_and(runs) {
        let trouble = Trouble::RunnersAccount;
        findings.push(Finding {
            seen: format!(
                "{} may not start pods by {}: {trouble}",
                write.who(),
                write.object()
            ),
            path: Some(pod_write.at("spec.serviceAccountName")),
            ..refused(write, "", instead_of_runner().into())
        });
    }
    Ok(())
}

const fn instead_of_runner() -> &'static str {
    "start such pods through Amazon EMR (StartJobRun) only"
}

fn refused(write: &Write<'_>, seen: &str, instead: Cow<'static, str>) -> Finding {
    Finding {
        rule: RuleId::ChainProfile,
        seen: format!(
            "{} may not start pod {}: {seen}",
            write.who(),
            write.what()
        ),
        path: None,
        why: WHY,
        instead,
        source: SOURCE,
    }
}

/// What helps, with the roles that are allowed where that was the matter.
fn instead(trouble: &Trouble, plan: &Plan<'_>) -> Cow<'static, str> {
    match trouble {
        Trouble::NotListed { .. } | Trouble::NotAnArn { .. } | Trouble::NothingAsked => {
            let to = plan.chain.map_or(&[][..], |chain| &chain.to);
            if to.is_empty() {
                return "ask for none: rolegate's policy chains this service account's role \
                        nowhere (virtualClusters[].chains)"
                    .into();
            }
            let listed: Vec<_> = to.iter().map(|arn| shown(arn.as_str(), 200)).collect();
            format!(
                "ask for one of these by the pod annotation rolegate.dev/chain-to: {}",
                listed.join(", ")
            )
            .into()
        }
        Trouble::ModeNotAllowed { .. } => format!(
            "leave out the annotation rolegate.dev/chain-mode; the policy's mode is {}",
            plan.chain.map_or("none", |chain| chain.mode.as_str())
        )
        .into(),
        Trouble::OwnSettings { .. } | Trouble::InTheWay { .. } => {
            "leave the AWS profile, configuration file and keys out of the Spark containers".into()
        }
        Trouble::RunnersAccount => instead_of_runner().into(),
        Trouble::NoContainer => "name the container as Spark does, or have the platform team \
                                 list its name (virtualClusters[].chains[].containers)"
            .into(),
        Trouble::TwoTargets | Trouble::WrongExecutionRole { .. } | Trouble::Hidden { .. } => {
            "ask once, by the pod annotation rolegate.dev/chain-to".into()
        }
        Trouble::ForeignRole { .. }
        | Trouble::BadTokenFile { .. }
        | Trouble::SourcesDiffer
        | Trouble::CannotBlank { .. } => {
            "leave AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE to EKS's webhook".into()
        }
        Trouble::NoSource { .. } => INSTEAD.into(),
    }
}

/// A binding's annotations become the pod's.
fn check_binding(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let object = write.request.object()?;
    if !view::mentions(object, "rolegate") {
        return Ok(());
    }
    let annotations = view::annotations("request.object", object)?;
    if let Some((key, _)) = own(&annotations).first() {
        findings.push(changed(write, key));
    }
    Ok(())
}

fn check_change(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let (new, old) = (write.request.object()?, write.request.old_object()?);
    if !view::mentions(new, "rolegate") && !view::mentions(old, "rolegate") {
        return Ok(());
    }
    let new = view::annotations("request.object", new)?;
    let old = view::annotations("request.oldObject", old)?;
    let (new, old) = (own(&new), own(&old));
    if let Some((key, _)) = new.symmetric_difference(&old).next() {
        findings.push(changed(write, key));
    }
    Ok(())
}

/// rolegate's own among an object's annotations.
fn own<'p>(
    annotations: &'p [(crate::json::Text<'_>, crate::json::Text<'_>)],
) -> BTreeSet<(&'p str, &'p str)> {
    annotations
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| key.starts_with(ANNOTATION_PREFIX))
        .collect()
}

fn changed(write: &Write<'_>, key: &str) -> Finding {
    Finding {
        rule: RuleId::ChainProfile,
        seen: format!(
            "{} may not change rolegate's annotation {} of pod {}",
            write.who(),
            shown(key, 100),
            write.what()
        ),
        path: Some("metadata.annotations".to_owned()),
        why: WHY,
        instead: "leave rolegate.dev/ annotations of pods as they are; start a new pod for \
                  another chain"
            .into(),
        source: SOURCE,
    }
}
