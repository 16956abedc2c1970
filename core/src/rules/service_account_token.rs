//! # service-account-token
//!
//! Denies obtaining tokens of service accounts that become IAM roles or to which the
//! policy gives rights.
//!
//! ## What it stops
//!
//! - `TokenRequests` (`kubectl create token`: CREATE on `serviceaccounts/token`) for
//!   a job's service account, for a reserved name, and for a service account to which
//!   the policy gives rights that a tenant does not have: an operator's, an add-on's,
//!   one that `admins`, `platform`, `submitters` or `exemptions` name, also by a
//!   pattern and also where the exemption has ended. For any other service account,
//!   those with an audience of AWS's (`sts.amazonaws.com`, `pods.eks.amazonaws.com`,
//!   anything that contains `amazonaws`)
//! - Secrets of type `kubernetes.io/service-account-token`: creating one for such a
//!   service account or for one under which the requester may not start pods, and
//!   reassigning one to another service account by its annotation
//!   `kubernetes.io/service-account.name`
//! - `PodCertificateRequests` by anybody but a kubelet: the certificate is as good
//!   as the pod's token
//! - in tenants' pods and pod templates: projected `serviceAccountToken` volumes
//!   for any audience but the API server
//!
//! ## Who may
//!
//! | requester | tokens |
//! |---|---|
//! | EMR, administrators | all |
//! | a node | those of pods, by `TokenRequests` bound to a pod |
//! | Kubernetes | those with which it fills Secrets; for a job's service account the controller manager only |
//! | cluster software with `tokens` | those that the policy lists, by `TokenRequest` |
//! | jobs, operators, add-ons, tenants | by `TokenRequest` those of ordinary service accounts, for other audiences than AWS's; by Secret those of service accounts under which they may run pods |
//!
//! A pod under a job's service account may carry any token: it runs as that
//! service account already, and `foreign-service-account` decides who may start it.
//! The audiences of service meshes' sidecars (`istio-ca`, `identity.l5d.io`,
//! `spiffe://…`) are allowed. Any other audience needs the pod's service account to
//! be listed by name for the requester under `submitters.serviceAccounts`; `default`
//! does not count, because everybody has it. EKS's webhook has the same limit: it
//! adds its volume only to service accounts that are bound to a role.
//!
//! ## Why
//!
//! A token of a job's service account for the audience `sts.amazonaws.com` is the
//! execution role: `AssumeRoleWithWebIdentity` asks for nothing else. A token for
//! any other audience acts as the job in the cluster.
//!
//! ## What to do instead
//!
//! Submit the job through EMR (`StartJobRun`). For a workload of your own that
//! needs AWS, ask the platform team for a service account with a role of its own,
//! listed for you. Software that requests tokens for others (External Secrets, Vault's
//! operator, a provider of the Secrets Store driver) is listed with the accounts and
//! audiences it needs; a pattern never means an account that becomes a job's role:
//!
//! ```yaml
//! identities:
//!   platform:
//!   - users: ["system:serviceaccount:external-secrets:external-secrets"]
//!     tokens:
//!     - { namespaces: [spark-team-a], serviceAccounts: ["app-*"], audiences: [sts.amazonaws.com] }
//! ```
//!
//! ## What it does not see
//!
//! - Tokens that a pod has already.
//! - In namespaces without rolegate's label (the cluster door): pods, and tokens of
//!   service accounts to which the policy gives no rights. Nothing in kube-system,
//!   except for reserved names. Label the namespace of an operator or add-on if others
//!   may write there.
//! - Audiences in custom resources: the pod is judged when an operator creates it.
//! - On whose behalf software requests AWS tokens for tenants' service accounts
//!   (External Secrets with `serviceAccountRef`): the rule `foreign-service-account`
//!   judges the resource that names the service account.

mod audience;
mod projected;
mod secret;

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs, System};
use crate::json::{List, Text};
use crate::names::shown;
use crate::policy::{About, Severity};
use crate::request::{Object, Path, ReviewError};
use crate::write::Write;

use super::shared::{privileged, reserved};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "service-account-token",
    Severity::Critical,
    include_str!("service_account_token.rs"),
);

/// See the file's header.
pub(super) struct ServiceAccountToken;

const TO_JOBS: &str = "use the token that Kubernetes mounts into this job's pods; for another role ask the platform team for a chain under `virtualClusters[].chains` in rolegate's policy";
const TO_WORKLOADS: &str = "look for software that works under this identity: only a node's kubelet requests tokens, for its own pods";

static ADVICE: Advice = Advice {
    why: "a token of a job's service account is as good as the job: AWS STS exchanges it for the \
          execution role",
    instead: &[
        (
            &[Person],
            "submit the job through Amazon EMR (StartJobRun); for a workload of your own ask the platform team for a service account that rolegate's policy lists for you",
        ),
        (
            &[Software, AddOn, Operator],
            "let each pod use the token that Kubernetes mounts into it; software that requests tokens for others is listed under `identities.platform[].tokens` in rolegate's policy, with the service accounts and audiences",
        ),
        (&[Job], TO_JOBS),
        (&[Workload], TO_WORKLOADS),
    ],
    source: "IAM roles for service accounts: a service account's token for the audience \
             sts.amazonaws.com becomes its role",
};

/// For an account that is no job's: a token for AWS is for pods.
static ADVICE_ON_AWS: Advice = Advice {
    why: "AWS exchanges such a token for the service account's role, and whoever holds it can use \
          it outside the cluster",
    instead: &[
        (
            &[Person],
            "run the program in a pod under a service account with an IAM role of its own that rolegate's policy lists for you by name (`submitters.serviceAccounts`): EKS mounts the token into the pod. In your own shell use AWS credentials of your own",
        ),
        (
            &[Software, AddOn, Operator],
            "let each pod use the token that EKS mounts into it; software that requests tokens for others is listed under `identities.platform[].tokens` in rolegate's policy, with the service accounts and audiences",
        ),
        (&[Job], TO_JOBS),
        (&[Workload], TO_WORKLOADS),
    ],
    ..ADVICE
};

impl Rule for ServiceAccountToken {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &ADVICE_ON_AWS];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some((new, old)) = write.act.written() else {
            return Ok(());
        };
        if write.extent(Action::MintToken) == Extent::All {
            return Ok(());
        }
        let target = &write.target;
        match (target.group(), target.resource(), target.subresource()) {
            ("", "serviceaccounts", "token") => check_request(write, new, findings)?,
            ("", "secrets", "") => secret::check(write, new, old, findings)?,
            ("certificates.k8s.io", "podcertificaterequests", "") => {
                check_certificate(write, findings);
            }
            _ => projected::check(write, findings)?,
        }
        Ok(())
    }
}

/// `spec` of a `TokenRequest`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TokenSpec<'a> {
    #[serde(borrow)]
    audiences: List<Text<'a>>,
    #[serde(borrow)]
    bound_object_ref: Option<BoundTo<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BoundTo<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
}

#[derive(Deserialize)]
struct TokenRequest<'a> {
    #[serde(borrow)]
    spec: Option<TokenSpec<'a>>,
}

fn check_request(
    write: &Write<'_>,
    new: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let target = &write.target;
    // The URL says whose token it is; the name in the object does not count.
    let account = target.name.as_str();
    if account.is_empty() {
        return Err(ReviewError::Missing("request.name"));
    }
    if write.keeps_intent() {
        return Ok(());
    }
    let spec = new.read::<TokenRequest<'_>>()?.spec.unwrap_or_default();
    // The API server has checked that pod, node and service account belong together.
    let bound = spec.bound_object_ref.as_ref();
    let for_pod = bound.is_some_and(|bound| *bound.kind == *"Pod");
    if for_pod && matches!(write.requester, Requester::System(System::Node)) {
        return Ok(());
    }
    let act = format!(
        "request a token for service account {}/{}",
        shown(target.namespace(), 63),
        shown(account, 160)
    );
    let refused = protected(write, account);
    if is_broker(write, account, refused.is_some(), &spec) {
        return Ok(());
    }
    if let Some(refused) = refused {
        let act = format!("{act}: {refused}");
        findings.push(Finding::new(&ABOUT, &ADVICE, act).key("token"));
        return Ok(());
    }
    if !write.is_managed {
        return Ok(());
    }
    let mut audiences = spec.audiences.iter().enumerate();
    let aws = audiences.find(|(_, audience)| audience::is_aws(audience));
    if let Some((index, audience)) = aws
        && !matches!(write.requester, Requester::System(_))
    {
        let act = format!("{act} with the AWS audience {}", shown(audience, 120));
        findings.push(
            Finding::new(&ABOUT, &ADVICE_ON_AWS, act)
                .at(Path::root().key("spec").key("audiences").index(index))
                .key(format!("audience {audience}")),
        );
    }
    Ok(())
}

/// Whether the policy lists the token for the requester, which asks for it on behalf of
/// others.
fn is_broker(write: &Write<'_>, account: &str, protected: bool, spec: &TokenSpec<'_>) -> bool {
    let Requester::Platform(platform) = write.requester else {
        return false;
    };
    let audiences = || spec.audiences.iter().map(Text::as_str);
    let namespace = write.target.namespace();
    let mut grants = platform.tokens.iter();
    grants.any(|grant| grant.covers(namespace, account, protected, audiences()))
}

/// Only kubelets ask for a pod's certificate; the API server restricts each to the
/// pods of its own node.
fn check_certificate(write: &Write<'_>, findings: &mut Vec<Finding>) {
    if write.keeps_intent() || matches!(write.requester, Requester::System(System::Node)) {
        return;
    }
    let act = format!("request a pod's certificate by {}", write.object());
    findings.push(Finding::new(&ABOUT, &ADVICE, act).key("certificate"));
}

/// Why only the kubelet may request tokens of this service account, as a clause.
fn protected(write: &Write<'_>, account: &str) -> Option<String> {
    match write.runs_as(account) {
        RunsAs::Job { role, .. } => {
            Some(format!("that service account becomes the IAM role {role}"))
        }
        RunsAs::Reserved => Some(reserved::reason(write, account)),
        RunsAs::Ordinary => privileged::refusal(write, account),
    }
}

/// Whether the policy lists the service account by name for the requester's own pods.
fn is_listed(write: &Write<'_>, account: &str) -> bool {
    account != "default" && privileged::is_listed(write, account)
}
