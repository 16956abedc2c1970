//! # service-account-token
//!
//! Nobody has a token made for a service account that becomes a role.
//!
//! ## What it stops
//!
//! - `TokenRequests`: `kubectl create token` (CREATE on `serviceaccounts/token`) for
//!   a job's service account, for a reserved name, and for a service account that
//!   the policy itself trusts (an operator's, an add-on's); for any other one when
//!   an audience is AWS's (`sts.amazonaws.com`, `pods.eks.amazonaws.com`, whatever
//!   holds `amazonaws`)
//! - Secrets of type `kubernetes.io/service-account-token`: making one for such an
//!   account or for one under which the requester may not start pods, and turning
//!   one over to another account by its annotation
//!   `kubernetes.io/service-account.name`
//! - `PodCertificateRequests`, which are a kubelet's to make: the certificate is as
//!   good as the pod's token
//! - in tenants' pods and pod templates: projected `serviceAccountToken` volumes
//!   for anybody but the API server
//!
//! ## Who may
//!
//! | requester | tokens |
//! |---|---|
//! | EMR, administrators | all |
//! | a node | those of pods, by `TokenRequests` bound to a pod |
//! | Kubernetes | what it fills Secrets with, for all but jobs' accounts by others than the controller manager |
//! | jobs, operators, add-ons, tenants | by `TokenRequest` those of ordinary accounts, for other audiences than AWS's; by Secret those of accounts they may run pods under |
//!
//! A pod under a job's service account may carry any token: it runs as that
//! account as it is, and who may start it is the matter of
//! `foreign-service-account`. A mesh's sidecar has its audience (`istio-ca`,
//! `identity.l5d.io`, `spiffe://…`), and passes. Any other audience needs the
//! pod's service account to be listed by name for the requester under
//! `submitters.serviceAccounts`; `default` does not count, since everybody has it.
//! EKS's webhook, too, adds its volume only to accounts that somebody has bound to
//! a role.
//!
//! ## Why
//!
//! A token of a job's service account for the audience `sts.amazonaws.com` is the
//! execution role: `AssumeRoleWithWebIdentity` asks for nothing else. Any other
//! token of it acts as the job in the cluster.
//!
//! ## What to do instead
//!
//! Submit the job through EMR (`StartJobRun`). For a workload of your own that
//! needs AWS, ask the platform team for a service account with a role of its own,
//! listed for you.
//!
//! ## What it does not see
//!
//! Tokens that a pod has already, and audiences in custom resources: the pod is
//! judged when an operator creates it. Software that requests AWS tokens for
//! tenants' service accounts (External Secrets with `serviceAccountRef`) needs an
//! exemption, or to be an administrator in the policy.

mod audience;
mod projected;
mod secret;

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, RunsAs, System};
use crate::json::List;
use crate::json::Text;
use crate::names::shown;
use crate::request::{Operation, ReviewError, change, view};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new(
    "service-account-token",
    Severity::High,
    include_str!("service_account_token.rs"),
);

/// See the file's header.
pub(super) struct ServiceAccountToken;

static ADVICE: Advice = Advice {
    why: "a token of a job's service account is as good as the job: AWS STS takes it for \
                   the execution role",
    instead: "submit the job through Amazon EMR (StartJobRun); for a workload of your own \
                       ask the platform team for a service account that rolegate's policy lists \
                       for you",
    source: "IAM roles for service accounts: a service account's token for the audience \
                      sts.amazonaws.com becomes its role",
};

impl Rule for ServiceAccountToken {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        let writes = matches!(request.operation(), Operation::Create | Operation::Update);
        if !writes || write.extent(Action::MintToken) == Extent::All {
            return Ok(());
        }
        let resource = &request.target.resource;
        match (resource.resource.as_str(), request.target.subresource()) {
            ("serviceaccounts", "token") if resource.group.is_empty() => {
                check_request(write, findings)
            }
            ("secrets", "") if resource.group.is_empty() => secret::check(write, findings),
            ("podcertificaterequests", "") if *resource.group == *"certificates.k8s.io" => {
                check_certificate(write, findings)
            }
            _ => projected::check(write, findings),
        }
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

fn check_request(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    // Whose token it is stands in the URL; the object's own name is a wish.
    let account = request
        .name
        .as_deref()
        .ok_or(ReviewError::Missing("request.name"))?;
    let object = request.object()?;
    if request.operation() == Operation::Update
        && change::same_intent(Some(request.old_object()?), Some(object))
    {
        return Ok(());
    }
    let spec = view::read::<TokenRequest<'_>>("request.object", object)?
        .spec
        .unwrap_or_default();
    // The API server has checked that pod, node and account belong together.
    let for_pod = spec
        .bound_object_ref
        .is_some_and(|bound| *bound.kind == *"Pod");
    if for_pod && matches!(write.requester, Requester::System(System::Node)) {
        return Ok(());
    }
    let what = format!(
        "service account {}/{}",
        shown(request.target.namespace(), 63),
        shown(account, 160)
    );
    if let Some(refused) = guarded(write, account) {
        findings.push(finding(
            format!(
                "{} may not have a token made for {what}: {refused}",
                write.who()
            ),
            None,
        ));
        return Ok(());
    }
    let aws = spec
        .audiences
        .iter()
        .enumerate()
        .find(|(_, audience)| audience::is_aws(audience));
    if let Some((index, audience)) = aws
        && !matches!(write.requester, Requester::System(_))
    {
        findings.push(finding(
            format!(
                "{} may not have a token made for {what} that AWS takes ({})",
                write.who(),
                shown(audience, 120)
            ),
            Some(format!("spec.audiences[{index}]")),
        ));
    }
    Ok(())
}

/// Only kubelets ask for a pod's certificate; the API server holds each to the
/// pods of its own node.
fn check_certificate(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let same = request.operation() == Operation::Update
        && change::same_intent(Some(request.old_object()?), Some(request.object()?));
    if !same && !matches!(write.requester, Requester::System(System::Node)) {
        findings.push(finding(
            format!(
                "{} may not have a pod's certificate made by {}",
                write.who(),
                write.object()
            ),
            None,
        ));
    }
    Ok(())
}

/// Why nobody but the kubelet has tokens of this account made, as a clause.
fn guarded(write: &Write<'_>, account: &str) -> Option<String> {
    match write.runs_as(account) {
        RunsAs::Job { role, .. } => {
            Some(format!("that service account becomes the IAM role {role}"))
        }
        RunsAs::Reserved => Some("that name is reserved for Amazon EMR".to_owned()),
        RunsAs::Ordinary => {
            is_trusted(write, account).then(|| "the policy trusts that service account".to_owned())
        }
    }
}

/// Whether the policy gives the account more than a tenant's rights.
fn is_trusted(write: &Write<'_>, account: &str) -> bool {
    let policy = write.policy;
    let username = format!(
        "system:serviceaccount:{}:{account}",
        write.target.namespace()
    );
    policy.operators.iter().any(|entry| entry.is(&username))
        || policy.admins.contains(&username, [])
        || policy
            .platform
            .iter()
            .any(|entry| entry.users.contains(&username))
}

/// Whether the policy lists the account by name for the requester's own pods.
fn is_listed(write: &Write<'_>, account: &str) -> bool {
    account != "default"
        && write
            .submitters()
            .flat_map(|entry| &entry.service_accounts)
            .any(|listed| listed == account)
}

const fn finding(seen: String, path: Option<String>) -> Finding {
    Finding {
        rule: RuleId::ServiceAccountToken,
        seen,
        path,
        why: WHY,
        instead: std::borrow::Cow::Borrowed(INSTEAD),
        source: SOURCE,
    }
}
