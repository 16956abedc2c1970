//! # chain-profile
//!
//! Denies pods of a chained job that lack their AWS profile, carry an edited one, or
//! ask for a chain that the policy does not list. Off until a virtual cluster of the
//! policy lists `chains`.
//!
//! ## What it stops
//!
//! Judged on pods after all mutation, so it holds also where rolegate's own mutating
//! webhook or EKS's did not answer:
//!
//! - a pod whose role has `required: true` in the policy's chains, or that asks
//!   for a chain itself, and that has no profile, or one that differs in
//!   anything from what rolegate writes: the text, the volumes, the mounts,
//!   `AWS_CONFIG_FILE`, and in the modes `java-v2` and `exclusive` the variables that
//!   they change. Where a variable is set twice, the last value counts. With
//!   `required` this holds for every container and init container but EMR's log
//!   sidecar with the image that EMR gives it
//! - a request (annotation `rolegate.dev/chain-to`, the variables of AWS's guide,
//!   `CLIENT_ROLE_ARN` or `ROLE_2_ARN` with `WEB_IDENTITY_ROLE_ARN` or `ROLE_1_ARN`,
//!   or EMR's `ASSUME_ROLE_CREDENTIALS_ROLE_ARN`) for a role that the policy does not
//!   list, for two roles, or for an empty one, and a mode in which fewer SDKs would
//!   follow
//! - the annotation `rolegate.dev/aws-config` on a pod that rolegate did not
//!   give it to
//! - a change of any `rolegate.dev/` annotation of an existing pod, through
//!   `pods`, `pods/status` and other subresources, or through a binding, whose
//!   annotations Kubernetes merges into the pod
//! - with `ownSettings: refuse` or `required: true` in the policy, or where the pod
//!   asks for a chain, a container whose own settings come before the profile:
//!   variables, Java options and arguments that name a profile, a file, a key, a role
//!   or an endpoint of STS, files in `.aws` of a home directory, and mounts where the
//!   profile belongs
//! - with `ownSettings: refuse` or `required: true`, `envFrom` whose keys could be
//!   such variables
//!
//! ## Who may
//!
//! Administrators. Pods of job runners and gateways get no profile and need
//! none; where a chain is required, only EMR may start them, by a Job or a
//! Deployment of its own.
//!
//! ## Why
//!
//! Data that the chained role may read is often closed to the execution role, and
//! the other way round: a job that silently keeps its execution role reads and writes
//! with the wrong identity. And an AWS configuration file can run commands
//! (`credential_process`), so only rolegate may edit it.
//!
//! ## What to do instead
//!
//! Submit the job again once the cause is fixed: the namespace's label
//! `rolegate.dev/chain: enabled`, rolegate's mutating webhook, EKS's pod identity
//! webhook. Ask for a role that the policy lists, or have the platform team list
//! another one (`virtualClusters[].chains[].to`). docs/role-chaining.md explains
//! the modes.
//!
//! ## What it does not see
//!
//! Files in the image, on a claim or written by another container; what a file of
//! options or the job's own code configures; `envFrom` where neither `required` nor
//! `ownSettings: refuse` is set. And no mode is a security boundary: the token of
//! the execution role stays mounted, so the job's code can always assume that role.

use std::collections::BTreeSet;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts};
use crate::json::Pairs;
use crate::mutation::{self, ChainState, Demand, NoProfile};
use crate::names::{ANNOTATION_PREFIX, OWN_NAMESPACE, RoleArn, enumerated, shown};
use crate::policy::{About, ChainMode, Level, Needed, Policy, Severity};
use crate::request::pod::Pod;
use crate::request::view::TemplateShape;
use crate::request::{Act, Object, Path};
use crate::write::Write;

use super::shared::violation::MOST;
use super::{Advice, Checked, Finding, Instead, Rule, execution_role};

pub(super) static ABOUT: About = About {
    needs: Some(Needed {
        what: "a virtual cluster lists `chains`",
        is_there: |policy| {
            let mut clusters = policy.clusters.iter();
            clusters.any(|cluster| !cluster.chains.is_empty())
        },
    }),
    notes: Some(notes),
    ..About::new(
        "chain-profile",
        Severity::High,
        include_str!("chain_profile.rs"),
    )
};

/// What `policy check` says about chains. Whether a namespace has the label by which
/// the API server calls the mutating webhook, a file does not show.
fn notes(policy: &Policy) -> Vec<(Level, String)> {
    let chained = policy.clusters.iter();
    let chained = chained.filter(|cluster| !cluster.chains.is_empty());
    let namespaces = chained.flat_map(|cluster| &cluster.namespaces);
    let never = namespaces.filter(|name| NEVER_MUTATED.contains(&name.as_str()));
    let note = |namespace| {
        let note = format!(
            "rolegate's mutating webhook is never called in namespace {namespace}, so its chains give no pod a profile"
        );
        (Level::Warning, note)
    };
    never.map(note).collect()
}

/// The namespaces that the shipped mutating webhook leaves out.
const NEVER_MUTATED: [&str; 2] = ["kube-system", OWN_NAMESPACE];

/// See the file's header.
pub(super) struct ChainProfile;

const fn advice(instead: Instead) -> Advice {
    Advice {
        why: "a job without its chained profile works with the wrong role, and an AWS \
              configuration file that others may edit can run commands",
        instead,
        source: "Amazon EMR on EKS best practices: chaining IAM roles with an AWS profile",
    }
}

static ADVICE: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "start the pod again once the namespace has the label rolegate.dev/chain: enabled and both rolegate's and EKS's mutating webhooks answer",
)]);
static LEAVE_OUT_PROFILE: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "leave out the annotation rolegate.dev/aws-config and the volume rolegate-aws-config: rolegate adds them where the policy says so",
)]);
static LEAVE_ANNOTATIONS: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "leave rolegate.dev/ annotations of pods as they are; start a new pod for another chain",
)]);
static LEAVE_OUT_SETTINGS: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "leave AWS profiles, files, keys and endpoints out of the job's containers, in variables, Java options, arguments and home directories",
)]);
static MOUNT_ELSEWHERE: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "mount it elsewhere, by a path without `..` and without a folder rolegate.dev",
)]);
static NAME_KEYS: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "give the keys a prefix (envFrom[].prefix), or take them one by one (env[].valueFrom)",
)]);
static FEWER_ANNOTATIONS: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "leave out some annotations, or shorten them",
)]);
static LEAVE_VARIABLES_TO_EKS: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "leave AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE to EKS's webhook",
)]);
static START_BY_EMR: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "start such pods through Amazon EMR (StartJobRun) only",
)]);
static NAME_CONTAINER: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "name the container as Spark does, or have the platform team list its name (virtualClusters[].chains[].containers)",
)]);
static ASK_ONCE: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "ask once, by the pod annotation rolegate.dev/chain-to",
)]);
static ASK_FOR_NONE: Advice = advice(&[(
    &[Person, Software, AddOn, Emr, Operator, Job, Workload],
    "ask for none: rolegate's policy chains this service account's role nowhere (virtualClusters[].chains)",
)]);

impl Rule for ChainProfile {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[
            &ADVICE,
            &LEAVE_OUT_PROFILE,
            &LEAVE_ANNOTATIONS,
            &LEAVE_OUT_SETTINGS,
            &MOUNT_ELSEWHERE,
            &NAME_KEYS,
            &FEWER_ANNOTATIONS,
            &LEAVE_VARIABLES_TO_EKS,
            &START_BY_EMR,
            &NAME_CONTAINER,
            &ASK_ONCE,
            &ASK_FOR_NONE,
        ];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::ChooseChain) == Extent::All {
            return Ok(());
        }
        let pods = write.target.is("", "pods");
        if !pods && !write.target.is("", "bindings") {
            return check_template(write, findings);
        }
        match write.act {
            Act::Create(_) if pods && write.target.is_main() => check_new(write, findings),
            Act::Create(new) => check_binding(write, new, findings),
            Act::Update { old, new } => check_change(write, old, new, findings),
            Act::Delete(_) | Act::Connect(_) => Ok(()),
        }
    }
}

fn check_new(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some(state) = write.chain_state()? else {
        return Ok(());
    };
    if !state.refusals.is_empty() {
        let refusals = state.refusals.iter().take(MOST);
        findings.extend(refusals.map(|reason| {
            let finding = refused(write, advice_on(reason, state), &reason.to_string());
            let finding = finding.key(reason.key());
            let finding = match reason {
                // That rule judges the variable, and says so where it denies it.
                NoProfile::ForeignRole { .. } => finding.caused_by(execution_role::ABOUT.id),
                NoProfile::NoSource { .. } => finding.of_absence(),
                _ => finding,
            };
            match instead(reason, state) {
                Some(instead) => finding.instead(instead),
                None => finding,
            }
        }));
    } else if !state.has_target {
        if state.is_begun {
            let seen = "it has a profile of rolegate's that rolegate does not give it";
            findings.push(refused(write, &LEAVE_OUT_PROFILE, seen).key("foreign-profile"));
        }
    } else if !state.missing.is_empty() && (state.demand >= Demand::Asked || state.is_begun) {
        findings.push(if state.is_begun {
            let mut parts = state.missing.clone();
            parts.truncate(MOST);
            let parts = parts.join(", ");
            let seen = format!("its chained profile is not what rolegate writes: {parts}");
            refused(write, &ADVICE, &seen).key("edited-profile")
        } else {
            refused(write, &ADVICE, "it has no chained profile")
                .key("no-profile")
                .of_absence()
        });
    }
    Ok(())
}

/// A workload under a job runner's account, whose pods get no profile: the
/// controller that starts them is trusted, so the writer of the template is judged.
/// Pods of other accounts are judged when they start.
fn check_template(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    if !write.tenancy.chains.iter().any(|chain| chain.required)
        || TemplateShape::of(&write.target.resource).is_none()
    {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let is_refused = |pod: &Pod<'_>| mutation::is_refused_runner(write.creator(), pod);
    if is_refused(&pod_write.new) && !pod_write.old.as_ref().is_some_and(is_refused) {
        let reason = NoProfile::RunnersAccount;
        let act = format!("start pods by {}: {reason}", write.object());
        let account = Path::root().key("spec").key("serviceAccountName");
        let finding = Finding::new(&ABOUT, &START_BY_EMR, act);
        findings.push(finding.at(pod_write.at(&account)).key(reason.key()));
    }
    Ok(())
}

fn refused(write: &Write<'_>, advice: &'static Advice, seen: &str) -> Finding {
    let act = format!("start pod {}: {seen}", write.what());
    Finding::new(&ABOUT, advice, act)
}

fn advice_on(reason: &NoProfile, state: &ChainState) -> &'static Advice {
    match reason {
        reason if reason.is_about_target() && state.offered.is_empty() => &ASK_FOR_NONE,
        NoProfile::OwnSettings { .. }
        | NoProfile::OwnJava { .. }
        | NoProfile::OpenJava { .. }
        | NoProfile::OwnFiles { .. } => &LEAVE_OUT_SETTINGS,
        NoProfile::InTheWay { .. } => &MOUNT_ELSEWHERE,
        NoProfile::EnvFrom { .. } => &NAME_KEYS,
        NoProfile::TooManyAnnotations => &FEWER_ANNOTATIONS,
        NoProfile::RunnersAccount => &START_BY_EMR,
        NoProfile::NoContainer => &NAME_CONTAINER,
        NoProfile::TwoTargets | NoProfile::WrongExecutionRole { .. } | NoProfile::Hidden { .. } => {
            &ASK_ONCE
        }
        NoProfile::ForeignRole { .. }
        | NoProfile::BadTokenFile { .. }
        | NoProfile::SourcesDiffer
        | NoProfile::CannotBlank { .. } => &LEAVE_VARIABLES_TO_EKS,
        NoProfile::NotListed { .. }
        | NoProfile::NotAnArn { .. }
        | NoProfile::EmptyVariable { .. }
        | NoProfile::HalfAPair { .. }
        | NoProfile::NothingAsked
        | NoProfile::ModeNotAllowed { .. }
        | NoProfile::OtherSource { .. }
        | NoProfile::NoSource { .. } => &ADVICE,
    }
}

/// What helps where the policy's chain says it: the roles or the mode that are allowed.
fn instead(reason: &NoProfile, state: &ChainState) -> Option<String> {
    match reason {
        reason if reason.is_about_target() && !state.offered.is_empty() => {
            let roles = state.offered.iter().map(RoleArn::as_str);
            Some(format!(
                "ask for one of these by the pod annotation rolegate.dev/chain-to, and by nothing else: {}",
                enumerated(roles, LIST_BYTES)
            ))
        }
        NoProfile::ModeNotAllowed { .. } => Some(format!(
            "leave out the annotation rolegate.dev/chain-mode; the policy's mode is {}",
            state.mode.map_or("none", ChainMode::as_str)
        )),
        _ => None,
    }
}

/// The limit for the list of roles in a message.
const LIST_BYTES: usize = 1_000;

/// A binding's annotations are merged into the pod's.
fn check_binding(write: &Write<'_>, new: Object<'_>, findings: &mut Vec<Finding>) -> Checked {
    if !new.mentions("rolegate") {
        return Ok(());
    }
    let annotations = new.annotations()?;
    if let Some((key, _)) = rolegates(&annotations).first() {
        findings.push(changed(write, key));
    }
    Ok(())
}

fn check_change(
    write: &Write<'_>,
    old: Object<'_>,
    new: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    if !new.mentions("rolegate") && !old.mentions("rolegate") {
        return Ok(());
    }
    let (new, old) = (new.annotations()?, old.annotations()?);
    let (new, old) = (rolegates(&new), rolegates(&old));
    if let Some((key, _)) = new.symmetric_difference(&old).next() {
        findings.push(changed(write, key));
    }
    Ok(())
}

/// The annotations of an object that are rolegate's.
fn rolegates<'p>(annotations: &'p Pairs<'_>) -> BTreeSet<(&'p str, &'p str)> {
    annotations
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| key.starts_with(ANNOTATION_PREFIX))
        .collect()
}

fn changed(write: &Write<'_>, key: &str) -> Finding {
    let act = format!(
        "change rolegate's annotation {} of pod {}",
        shown(key, 100),
        write.what()
    );
    Finding::new(&ABOUT, &LEAVE_ANNOTATIONS, act)
        .at(Path::root().key("metadata").key("annotations"))
        .key(key.to_owned())
}
