//! The claims of the token: which service accounts may become the role through IRSA.

use super::claim_checks::{
    AUD_MATTERS, AUD_MISSING, AUD_OTHER, ISSUER_MISMATCH, LITERAL_WILDCARD,
    NAMESPACE_NOT_IN_POLICY, NAMESPACE_WILDCARD, NAMESPACE_WITHOUT_STATEMENT, NO_SUB,
    NOT_A_SUBJECT, OPEN_NAME, OTHER_ACCOUNT, OTHER_ROLE, PROVIDER_ACCOUNT, WEAK_OPERATOR,
};
use super::{Check, Finding};
use crate::iam::condition::{Condition, Set, Test};
use crate::iam::document::{Document, Effect, Statement};
use crate::iam::render::irsa_statement;
use crate::iam::subject::Subject;
use crate::iam::world::{
    AUDIENCE, PODS, WEB_IDENTITY, World, namespace_of, oidc_providers, own_end, strangers,
};
use crate::iam::{Arn, Issuer, Node};
use crate::names::{RESERVED_PREFIXES, RoleArn, SERVICE_ACCOUNT_PREFIX, ServiceAccountName, shown};

pub(super) fn check(subject: &Subject, world: &World<'_>, found: &mut Vec<Finding>) {
    let mut any = false;
    for (number, statement) in subject.document.statements.iter().enumerate() {
        if statement.effect != Effect::Allow || !statement.has_action(WEB_IDENTITY) {
            continue;
        }
        for provider in oidc_providers(statement) {
            let Some(issuer) = Issuer::of_provider(provider) else {
                continue;
            };
            // Other providers, such as GitHub's, have subjects of their own.
            let is_eks = issuer.as_str().starts_with("oidc.eks")
                || world.issuer.as_ref() == Some(&issuer)
                || statement.conditions.iter().any(|one| {
                    one.values
                        .iter()
                        .any(|value| value.starts_with(SERVICE_ACCOUNT_PREFIX))
                });
            if is_eks {
                any = true;
                let path = format!("Statement[{number}]");
                Claims {
                    subject,
                    world,
                    statement,
                    issuer,
                    provider,
                    path,
                }
                .check(found);
            }
        }
    }
    let pods = subject
        .document
        .statements
        .iter()
        .flat_map(Statement::principals);
    if any || pods.into_iter().any(|principal| principal.value == PODS) {
        left_out(subject, world, found);
    }
}

struct Claims<'a> {
    subject: &'a Subject,
    world: &'a World<'a>,
    statement: &'a Statement,
    issuer: Issuer,
    provider: &'a str,
    path: String,
}

impl Claims<'_> {
    fn check(&self, found: &mut Vec<Finding>) {
        let (sub, aud) = (self.issuer.key("sub"), self.issuer.key("aud"));
        for condition in &self.statement.conditions {
            let claim = condition.key.to_ascii_lowercase();
            let is_claim = claim.ends_with(":sub") || claim.ends_with(":aud");
            if is_claim
                && !condition.key.eq_ignore_ascii_case(&sub)
                && !condition.key.eq_ignore_ascii_case(&aud)
            {
                self.report(found, &ISSUER_MISMATCH, &condition.path, format!(
                    "the key belongs to another issuer than the principal {}, so no token has it and nobody becomes the role",
                    shown(self.provider, 200)
                ));
            }
        }
        if let (Some(role), Some(arn)) = (&self.subject.role, Arn::cut(self.provider))
            && arn.account != role.role().account.as_str()
        {
            self.report(found, &PROVIDER_ACCOUNT, &format!("{}.Principal.Federated", self.path), format!(
                "the provider is in account {} and the role in {}; STS looks for it in the role's account only",
                shown(arn.account, 20), role.role().account.as_str()
            ));
        }
        let subs: Vec<_> = self.statement.conditions_on(&sub).collect();
        if subs.is_empty() {
            self.report(found, &NO_SUB, &format!("{}.Condition", self.path), format!(
                "there is no condition on {}, so every service account of the cluster can become the role", shown(&sub, 200)
            ));
        }
        for condition in subs
            .iter()
            .chain(&self.statement.conditions_on(&aud).collect::<Vec<_>>())
        {
            self.operator(condition, found);
        }
        for condition in subs.iter().filter(|condition| !condition.operator.negated) {
            for value in &condition.values {
                self.value(condition, value, found);
            }
        }
        self.audience(&aud, found);
    }

    fn operator(&self, condition: &Condition, found: &mut Vec<Finding>) {
        let operator = condition.operator;
        let why = if operator.negated {
            "it admits everybody but those it names"
        } else if operator.set == Some(Set::ForAllValues) {
            "ForAllValues is true of a request without the claim"
        } else if operator.if_exists {
            "IfExists is true of a request without the claim"
        } else if operator.test == Test::Null {
            return;
        } else {
            let wild = condition
                .values
                .iter()
                .find(|value| value.contains(['*', '?']));
            if let Some(value) = wild.filter(|_| !operator.has_wildcards()) {
                self.report(found, &LITERAL_WILDCARD, &condition.path, format!(
                    "the wildcards of {} are ordinary characters here, so no service account matches and jobs fail", shown(value, 300)
                ));
            }
            return;
        };
        self.report(found, &WEAK_OPERATOR, &condition.path, why.to_owned());
    }

    fn value(&self, condition: &Condition, value: &str, found: &mut Vec<Finding>) {
        let literal = !condition.operator.has_wildcards();
        if literal && value.contains(['*', '?']) {
            return; // LITERAL_WILDCARD
        }
        let Some(namespace) = namespace_of(value) else {
            if !literal
                && crate::iam::Wild::new(value)
                    .common(
                        &crate::iam::Wild::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*")),
                        'x',
                    )
                    .is_some()
            {
                self.report(
                    found,
                    &NAMESPACE_WILDCARD,
                    &condition.path,
                    format!(
                        "{} means service accounts of every namespace",
                        shown(value, 300)
                    ),
                );
            } else {
                self.report(found, &NOT_A_SUBJECT, &condition.path, format!(
                    "no service account has the subject {}; it looks like {SERVICE_ACCOUNT_PREFIX}NAMESPACE:NAME", shown(value, 300)
                ));
            }
            return;
        };
        if namespace.contains(['*', '?']) {
            self.report(found, &NAMESPACE_WILDCARD, &condition.path, format!(
                "the namespace {} is a pattern, so whoever may create a namespace that matches can become the role", shown(namespace, 100)
            ));
        }
        let Some(role) = &self.subject.role else {
            self.without_role(condition, value, found);
            return;
        };
        let here = self.world.namespaces().contains(&namespace);
        let is_judged = self.is_of_jobs() || here && value.contains(['*', '?']);
        if !is_judged {
            return;
        }
        let listed = self.world.namespaces_of(role.role());
        if !self.world.policy.clusters.is_empty()
            && !namespace.contains(['*', '?'])
            && !listed.iter().any(|name| name == namespace)
        {
            self.report(
                found,
                &NAMESPACE_NOT_IN_POLICY,
                &condition.path,
                format!(
                    "the policy does not let the role run in namespace {}, which this admits",
                    shown(namespace, 63)
                ),
            );
        }
        self.name(condition, role, namespace, value, found);
    }

    /// The name in a subject: it must end in the role.
    fn name(
        &self,
        condition: &Condition,
        role: &RoleArn,
        namespace: &str,
        value: &str,
        found: &mut Vec<Finding>,
    ) {
        let name = value.rsplit(':').next().unwrap_or_default();
        let is_emrs = RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if name.ends_with(&own_end(role.role())) && !is_emrs {
            self.report(
                found,
                &OPEN_NAME,
                &condition.path,
                format!(
                    "{} does not begin with {}, so a tenant can create a service account that matches it",
                    shown(name, 253),
                    RESERVED_PREFIXES[0]
                ),
            );
            return;
        }
        if name.ends_with(&own_end(role.role()))
            || self
                .world
                .policy
                .fixed_service_account(namespace, name)
                .is_some_and(|fixed| fixed.role == *role.role())
        {
            return;
        }
        match ServiceAccountName::parse(&name.replace(['*', '?'], "x")) {
            ServiceAccountName::Job(job)
                if job.role.name == role.role().name && job.role.account != role.role().account =>
            {
                self.report(
                    found,
                    &OTHER_ACCOUNT,
                    &condition.path,
                    format!(
                        "the service accounts are those of role {}, and the policy belongs to {}",
                        job.role,
                        role.role()
                    ),
                );
            }
            // A wildcard in the digits would make up a role.
            ServiceAccountName::Job(job) if !end_is_wild(name) => {
                self.report(
                    found,
                    &OTHER_ROLE,
                    &condition.path,
                    format!(
                        "the service accounts are those of role {}, so its jobs become {} as well",
                        job.role,
                        role.role()
                    ),
                );
            }
            _ => self.report(
                found,
                &OPEN_NAME,
                &condition.path,
                format!(
                    "{} does not end in {}, so service accounts of others match it",
                    shown(name, 253),
                    own_end(role.role())
                ),
            ),
        }
    }

    /// A document whose role is not known: its subject must end in some role.
    fn without_role(&self, condition: &Condition, value: &str, found: &mut Vec<Finding>) {
        let name = value.rsplit(':').next().unwrap_or_default();
        if name.contains(['*', '?']) && end_is_wild(name) {
            self.report(
                found,
                &OPEN_NAME,
                &condition.path,
                format!(
                    "{} does not end in an account and a role, so the jobs of every role match it",
                    shown(name, 253)
                ),
            );
        }
    }

    fn audience(&self, aud: &str, found: &mut Vec<Finding>) {
        let conditions: Vec<_> = self.statement.conditions_on(aud).collect();
        if conditions.is_empty() {
            let several = self.world.audiences.len() > 1;
            let check = if several { &AUD_MATTERS } else { &AUD_MISSING };
            let what = if several {
                format!(
                    "there is no condition on {}, and the provider has several audiences",
                    shown(aud, 200)
                )
            } else {
                format!(
                    "there is no condition on {}; it matters once the provider has a second audience",
                    shown(aud, 200)
                )
            };
            self.report(found, check, &format!("{}.Condition", self.path), what);
        }
        for condition in conditions
            .iter()
            .filter(|one| !one.operator.negated && one.operator.test != Test::Null)
        {
            if !condition
                .values
                .iter()
                .any(|value| crate::iam::Wild::new(value).matches(AUDIENCE))
            {
                self.report(
                    found,
                    &AUD_OTHER,
                    &condition.path,
                    format!(
                        "EKS's tokens have the audience {AUDIENCE}, so jobs cannot become the role"
                    ),
                );
            }
        }
    }

    fn report(&self, found: &mut Vec<Finding>, check: &'static Check, path: &str, what: String) {
        let fix = self.fix();
        let instead = if fix.is_some() {
            "use the statement below"
        } else {
            "write it as `rolegate iam render execution-role-trust` does"
        };
        let mut finding = Finding::new(check, path, what, instead);
        if let Some(role) = &self.subject.role {
            // What is denied stays denied.
            let denies = self.subject.document.statements.iter();
            let denies = denies.filter(|one| one.effect == Effect::Deny).cloned();
            let alone = Document {
                version: self.subject.document.version,
                statements: std::iter::once(self.statement.clone())
                    .chain(denies)
                    .collect(),
            };
            finding.who = strangers(&self.world.admitted(&alone, role.role()));
        }
        finding.fix = fix;
        found.push(finding);
    }

    /// Whether the role is one of EMR's jobs: the policy lists it, or the statement names
    /// their service accounts. Other roles of an account have service accounts of their own.
    fn is_of_jobs(&self) -> bool {
        let listed = self.subject.role.as_ref();
        let listed = listed.is_some_and(|role| !self.world.namespaces_of(role.role()).is_empty());
        let mut values = self.statement.conditions.iter().flat_map(|one| &one.values);
        listed
            || values.any(|value| {
                RESERVED_PREFIXES
                    .iter()
                    .any(|prefix| value.contains(prefix))
            })
    }

    /// The statement as it should be: for the policy's namespaces, else for those that it
    /// names without a wildcard.
    fn fix(&self) -> Option<Node> {
        let role: &RoleArn = self.subject.role.as_ref()?;
        if !self.is_of_jobs() {
            return None;
        }
        let mut namespaces = self.world.namespaces_of(role.role());
        if namespaces.is_empty() {
            let values = self
                .statement
                .conditions
                .iter()
                .flat_map(|condition| &condition.values);
            let named = values
                .filter_map(|value| namespace_of(value))
                .filter(|name| !name.contains(['*', '?']));
            namespaces = named.map(str::to_owned).collect();
            namespaces.sort();
            namespaces.dedup();
        }
        let account = role.role().account;
        (!namespaces.is_empty())
            .then(|| irsa_statement(role, &self.issuer, account, AUDIENCE, &namespaces, None))
    }
}

/// Whether a wildcard is in a name's last two parts, account and role.
fn end_is_wild(name: &str) -> bool {
    let mut parts = name.rsplit('-');
    parts.by_ref().take(2).any(|part| part.contains(['*', '?'])) || name.matches('-').count() < 4
}

/// Namespaces of the policy whose jobs cannot become the role.
fn left_out(subject: &Subject, world: &World<'_>, found: &mut Vec<Finding>) {
    let Some(role) = &subject.role else { return };
    for namespace in world.namespaces_of(role.role()) {
        let names = crate::iam::render::exact_names(role.role(), false);
        let out: Vec<_> = names
            .iter()
            .filter(|name| !world.becomes(&subject.document, &namespace, name))
            .collect();
        if let Some(first) = out.first() {
            let mut finding = Finding::new(
                &NAMESPACE_WITHOUT_STATEMENT,
                "Statement",
                format!(
                    "the policy lets the role run in namespace {}, but {first} cannot become it, so jobs fail there",
                    shown(&namespace, 63)
                ),
                "add the namespace's subject, as in the statement below, or take the role off the namespace's executionRoles",
            );
            let issuer = subject
                .document
                .statements
                .iter()
                .flat_map(oidc_providers)
                .find_map(Issuer::of_provider);
            finding.fix = issuer.map(|issuer| {
                irsa_statement(
                    role,
                    &issuer,
                    role.role().account,
                    AUDIENCE,
                    &world.namespaces_of(role.role()),
                    None,
                )
            });
            found.push(finding);
        }
    }
}
