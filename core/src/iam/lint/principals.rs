//! Who may ask: principals of trust policies other than the claims of a token.

use super::{Check, Finding, Level};
use crate::iam::document::{Effect, Names, PrincipalKind, Principals, Statement};
use crate::iam::render::{exact_names, pod_identity_statement};
use crate::iam::subject::Subject;
use crate::iam::world::{ASSUME, PODS, WEB_IDENTITY, World, oidc_providers};
use crate::names::shown;

const POD_IDENTITY: &str = "AWS, EKS Pod Identity: the role's trust policy";
const CHECKS_PAGE: &str = "AWS, IAM Access Analyzer policy checks";

pub(super) const CHECKS: &[&Check] = &[
    &SERVICE_PRINCIPAL,
    &POD_IDENTITY_SOURCE,
    &POD_IDENTITY_TAGS,
    &TAG_SESSION,
    &OPEN_PRINCIPAL,
    &ACCOUNT_PRINCIPAL,
    &STS_WILDCARD,
    &NOT_PRINCIPAL,
    &WRONG_ACTION,
];

static SERVICE_PRINCIPAL: Check = Check {
    id: "service-principal",
    level: Level::Warning,
    about: "a service that jobs do not need may become an execution role",
    source: "aws-emr-containers-best-practices, job-exec-role-1-trust-policy.json",
};
static POD_IDENTITY_SOURCE: Check = Check {
    id: "pod-identity-source",
    level: Level::Warning,
    about: "EKS Pod Identity of every cluster",
    source: POD_IDENTITY,
};
static POD_IDENTITY_TAGS: Check = Check {
    id: "pod-identity-tags",
    level: Level::Warning,
    about: "EKS Pod Identity without namespace and service account",
    source: POD_IDENTITY,
};
static TAG_SESSION: Check = Check {
    id: "tag-session-missing",
    level: Level::Error,
    about: "EKS Pod Identity without sts:TagSession",
    source: POD_IDENTITY,
};
static OPEN_PRINCIPAL: Check = Check {
    id: "open-principal",
    level: Level::Error,
    about: "everybody may ask, without a condition",
    source: CHECKS_PAGE,
};
static ACCOUNT_PRINCIPAL: Check = Check {
    id: "account-principal",
    level: Level::Warning,
    about: "a whole account may ask, without a condition",
    source: CHECKS_PAGE,
};
static STS_WILDCARD: Check = Check {
    id: "sts-wildcard",
    level: Level::Warning,
    about: "every action of STS in a trust policy",
    source: CHECKS_PAGE,
};
static NOT_PRINCIPAL: Check = Check {
    id: "not-principal",
    level: Level::Error,
    about: "everybody but some may ask",
    source: CHECKS_PAGE,
};
static WRONG_ACTION: Check = Check {
    id: "wrong-action",
    level: Level::Error,
    about: "an action that the principal cannot call",
    source: CHECKS_PAGE,
};

pub(super) fn check(subject: &Subject, world: &World<'_>, found: &mut Vec<Finding>) {
    let is_jobs = is_execution_role(subject, world);
    for (number, statement) in subject.document.statements.iter().enumerate() {
        if statement.effect != Effect::Allow {
            continue;
        }
        let path = format!("Statement[{number}]");
        if matches!(statement.principal, Principals::AllBut(_)) {
            found.push(Finding::new(
                &NOT_PRINCIPAL,
                format!("{path}.NotPrincipal"),
                "it lets in everybody who is not named",
                "name those who may become the role under Principal",
            ));
        }
        if let Names::Only(actions) = &statement.actions
            && let Some(wide) = actions
                .iter()
                .find(|action| matches!(action.to_ascii_lowercase().as_str(), "*" | "sts:*"))
        {
            found.push(Finding::new(
                &STS_WILDCARD,
                format!("{path}.Action"),
                format!("{} also lets the caller name its source identity and its tags", shown(wide, 40)),
                "list the actions: sts:AssumeRoleWithWebIdentity for IRSA, sts:AssumeRole and sts:TagSession for EKS Pod Identity",
            ));
        }
        if matches!(statement.actions, Names::AllBut(_)) {
            found.push(Finding::new(
                &STS_WILDCARD,
                format!("{path}.NotAction"),
                "it allows every action but some",
                "list the actions that are meant",
            ));
        }
        for principal in statement.principals() {
            match principal.kind {
                PrincipalKind::Service => service(
                    subject,
                    world,
                    statement,
                    &path,
                    &principal.value,
                    is_jobs,
                    found,
                ),
                PrincipalKind::Aws => account(statement, &path, &principal.value, found),
                PrincipalKind::Federated | PrincipalKind::CanonicalUser => {}
            }
        }
        if oidc_providers(statement).next().is_some() && !statement.has_action(WEB_IDENTITY) {
            found.push(Finding::new(
                &WRONG_ACTION, format!("{path}.Action"),
                "the bearer of a token can only call sts:AssumeRoleWithWebIdentity, so nobody becomes the role by this statement",
                "write \"Action\": \"sts:AssumeRoleWithWebIdentity\"",
            ));
        }
    }
}

/// Whether the policy lets jobs run under the role, or the document admits some.
fn is_execution_role(subject: &Subject, world: &World<'_>) -> bool {
    let runs = subject
        .role
        .as_ref()
        .is_some_and(|role| !world.namespaces_of(role.role()).is_empty());
    runs || subject.document.statements.iter().any(|statement| {
        statement.conditions.iter().any(|one| {
            one.values
                .iter()
                .any(|value| value.contains("emr-containers-sa-"))
        })
    })
}

fn service(
    subject: &Subject,
    world: &World<'_>,
    statement: &Statement,
    path: &str,
    name: &str,
    is_jobs: bool,
    found: &mut Vec<Finding>,
) {
    if name != PODS {
        if is_jobs && statement.has_action(ASSUME) {
            found.push(Finding::new(
                &SERVICE_PRINCIPAL,
                format!("{path}.Principal.Service"),
                format!(
                    "{} may become this execution role; jobs never come through it",
                    shown(name, 100)
                ),
                "remove the statement",
            ));
        }
        return;
    }
    let has = |key: &str| {
        statement
            .conditions_on(key)
            .any(|one| !one.operator.holds_when_absent())
    };
    let fix = || {
        let (cluster, role) = (world.cluster.as_ref()?, subject.role.as_ref()?);
        let namespaces = world.namespaces_of(role.role());
        (!namespaces.is_empty())
            .then(|| pod_identity_statement(cluster, &namespaces, &exact_names(role.role(), false)))
    };
    if !statement.has_action("sts:TagSession") {
        found.push(Finding::new(
            &TAG_SESSION,
            format!("{path}.Action"),
            "EKS tags the sessions, and without sts:TagSession it cannot make one",
            "allow sts:AssumeRole and sts:TagSession",
        ));
    }
    if !["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgId"]
        .into_iter()
        .any(has)
    {
        let mut finding = Finding::new(
            &POD_IDENTITY_SOURCE,
            path,
            "pods of every cluster of the account can become the role, once somebody makes an association",
            "add aws:SourceAccount and aws:SourceArn with the cluster's ARN",
        );
        finding.fix = fix();
        found.push(finding);
    }
    let tags = ["kubernetes-namespace", "kubernetes-service-account"];
    if !tags
        .into_iter()
        .all(|tag| has(&format!("aws:RequestTag/{tag}")))
    {
        let mut finding = Finding::new(
            &POD_IDENTITY_TAGS,
            path,
            "whoever may make associations decides which pods become the role",
            "add aws:RequestTag/kubernetes-namespace and aws:RequestTag/kubernetes-service-account; leave it as it is only where the \
             association has a session policy, which takes the tags away",
        );
        finding.fix = fix();
        found.push(finding);
    }
}

fn account(statement: &Statement, path: &str, value: &str, found: &mut Vec<Finding>) {
    let path = format!("{path}.Principal.AWS");
    let bare = statement
        .conditions
        .iter()
        .all(|one| one.operator.holds_when_absent());
    if value == "*" && bare {
        found.push(Finding::new(
            &OPEN_PRINCIPAL,
            path,
            "everybody with an AWS account can become the role",
            "name the role that assumes it",
        ));
    } else if bare
        && (value.ends_with(":root")
            || (value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit())))
    {
        found.push(Finding::new(
            &ACCOUNT_PRINCIPAL,
            path,
            format!(
                "every identity of {} whose own policy allows sts:AssumeRole can become the role",
                shown(value, 100)
            ),
            "name the role that assumes it, or add ArnEquals on aws:PrincipalArn",
        ));
    }
}
