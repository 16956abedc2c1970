//! Who could become a role: the service accounts of the policy's namespaces, and names
//! that somebody could create.

use super::arn::{EksCluster, Issuer};
use super::condition::Context;
use super::document::{Document, Effect, PrincipalKind, Statement};
use super::evaluate::{Caller, Request};
use super::render::exact_names;
use super::wild::Wild;
use crate::names::{
    JobServiceAccount, Role, RoleArn, RoleName, SERVICE_ACCOUNT_PREFIX, ServiceAccountName,
};
use crate::policy::Policy;

/// What documents are judged against.
#[derive(Clone, Debug)]
pub struct World<'a> {
    pub policy: &'a Policy,
    pub cluster: Option<EksCluster>,
    pub issuer: Option<Issuer>,
    /// The audiences of the OIDC provider, if known.
    pub audiences: Vec<String>,
}

/// The audience of the tokens that EKS's webhook puts into pods.
pub(super) const AUDIENCE: &str = "sts.amazonaws.com";
pub(super) const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
pub(super) const ASSUME: &str = "sts:AssumeRole";
pub(super) const PODS: &str = "pods.eks.amazonaws.com";

/// Whose a service account is that a document lets become a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Of the role's own jobs.
    Own,
    /// Of another role's jobs.
    Role(Role),
    /// It has a reserved prefix and no role; rolegate denies creating it.
    Reserved,
    /// Anybody with the right to create service accounts can make it.
    Anybody,
}

impl Whose {
    /// Whether it stands for every role that the policy does not name.
    #[must_use]
    pub fn is_any_other_role(&self) -> bool {
        matches!(self, Self::Role(role) if role.name.as_str() == ANY_ROLE)
    }
}

/// A service account that a document lets become a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Admitted {
    pub namespace: String,
    pub name: String,
    pub whose: Whose,
}

/// A name that stands for every name that a tenant could give.
const ANY_NAME: &str = "any-name";
/// A role that stands for every other role of the account.
const ANY_ROLE: &str = "any-other-role";
/// A namespace that stands for every one that the policy does not list.
pub const ANY_NAMESPACE: &str = "any-namespace";

impl World<'_> {
    /// The namespaces of the policy, sorted.
    #[must_use]
    pub fn namespaces(&self) -> Vec<&str> {
        let clusters = self.policy.clusters.iter();
        let mut names: Vec<_> = clusters
            .flat_map(|cluster| cluster.namespaces.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names
    }

    /// The namespaces in which the policy lets a role's jobs run, sorted.
    #[must_use]
    pub fn namespaces_of(&self, role: &Role) -> Vec<String> {
        let runs = self.policy.clusters.iter();
        let runs = runs.filter(|cluster| {
            cluster
                .execution_roles
                .iter()
                .any(|pattern| pattern.matches(role))
        });
        let mut names: Vec<_> = runs
            .flat_map(|cluster| cluster.namespaces.iter().cloned())
            .collect();
        names.sort_unstable();
        names
    }

    /// Who may submit jobs under a service account: the submitters of its namespace whose
    /// roles include its role, and nobody for an account without a role.
    #[must_use]
    pub fn tenants(&self, namespace: &str, name: &str) -> Vec<String> {
        let fixed = self.policy.fixed_service_account(namespace, name);
        let role = match (fixed, ServiceAccountName::parse(name)) {
            (Some(fixed), _) => fixed.role.clone(),
            (None, ServiceAccountName::Job(job)) => job.role,
            (None, _) => return Vec::new(),
        };
        let submitters = self.policy.tenancy(namespace).submitters.iter();
        let submitters = submitters.filter(|one| one.roles.iter().any(|it| it.matches(&role)));
        let mut names: Vec<String> = submitters
            .flat_map(|one| {
                let users = one
                    .who
                    .users
                    .iter()
                    .map(|user| format!("user {}", user.as_str()));
                let groups = one.who.groups.iter().map(|group| format!("group {group}"));
                users.chain(groups)
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whose a service account is, seen from a role.
    #[must_use]
    pub fn whose(&self, namespace: &str, name: &str, role: &Role) -> Whose {
        if let Some(fixed) = self.policy.fixed_service_account(namespace, name) {
            return if fixed.role == *role {
                Whose::Own
            } else {
                Whose::Role(fixed.role.clone())
            };
        }
        match ServiceAccountName::parse(name) {
            ServiceAccountName::Job(job) if job.role == *role => Whose::Own,
            ServiceAccountName::Job(job) => Whose::Role(job.role),
            ServiceAccountName::Reserved if name.ends_with(&own_end(role)) => Whose::Own,
            ServiceAccountName::Reserved => Whose::Reserved,
            ServiceAccountName::Ordinary => Whose::Anybody,
        }
    }

    /// The service accounts that a trust policy lets become its role: of the policy's
    /// namespaces and others that it names, jobs' own accounts and made-up ones.
    #[must_use]
    pub fn admitted(&self, trust: &Document, role: &Role) -> Vec<Admitted> {
        let patterns: Vec<&str> = trust
            .statements
            .iter()
            .flat_map(|statement| &statement.conditions)
            .filter(|condition| condition.key.ends_with(":sub"))
            .flat_map(|condition| condition.values.iter().map(String::as_str))
            .collect();
        let mut namespaces: Vec<String> =
            self.namespaces().into_iter().map(str::to_owned).collect();
        for pattern in &patterns {
            namespaces.extend(
                namespace_of(pattern)
                    .filter(|name| !name.contains(['*', '?']))
                    .map(str::to_owned),
            );
        }
        namespaces.push(ANY_NAMESPACE.to_owned());
        namespaces.sort();
        namespaces.dedup();
        let mut found = Vec::new();
        for namespace in &namespaces {
            let mut names = exact_names(role, true);
            names.extend(
                self.other_roles(role)
                    .map(|other| JobServiceAccount::sparks("driver", &other)),
            );
            names.extend([
                "default".to_owned(),
                ANY_NAME.to_owned(),
                "emr-containers-sa-x".to_owned(),
            ]);
            names.extend(self.policy.fixed_names(namespace).map(str::to_owned));
            let every = Wild::new(&format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:*"));
            for pattern in &patterns {
                let common = Wild::new(pattern).common(&every, 'x');
                // Something in the place of every wildcard looks like a name; the shortest
                // text that matches often does not.
                let filled = pattern.replace(['*', '?'], "x");
                let mut found = [Some(filled), common].into_iter().flatten();
                let name = found.find_map(|text| {
                    let name = text.splitn(4, ':').nth(3)?;
                    is_name(name).then(|| name.to_owned())
                });
                names.extend(name);
            }
            names.sort();
            names.dedup();
            for name in names {
                if self.becomes(trust, namespace, &name) {
                    let whose = self.whose(namespace, &name, role);
                    found.push(Admitted {
                        namespace: namespace.clone(),
                        name,
                        whose,
                    });
                }
            }
        }
        found
    }

    /// The roles that the policy names exactly, other than this one, and one more.
    fn other_roles(&self, role: &Role) -> impl Iterator<Item = Role> {
        let patterns = self
            .policy
            .clusters
            .iter()
            .flat_map(|cluster| &cluster.execution_roles);
        let any = RoleName::parse(ANY_ROLE).map(|name| Role {
            account: role.account,
            name,
        });
        patterns
            .filter_map(|pattern| RoleArn::parse(pattern.as_str()).ok())
            .map(|arn| arn.role().clone())
            .chain(any)
            .filter(move |other| other != role)
    }

    /// Whether a service account's token is enough to become the role.
    #[must_use]
    pub fn becomes(&self, trust: &Document, namespace: &str, name: &str) -> bool {
        self.by_token(trust, namespace, name) || self.by_pod_identity(trust, namespace, name)
    }

    /// Through IRSA.
    #[must_use]
    pub fn by_token(&self, trust: &Document, namespace: &str, name: &str) -> bool {
        let subject = format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}");
        providers(trust).any(|provider| {
            let Some(issuer) = Issuer::of_provider(provider) else {
                return false;
            };
            if self.issuer.as_ref().is_some_and(|own| *own != issuer) {
                return false;
            }
            let context = Context::default()
                .with(&issuer.key("sub"), [subject.as_str()])
                .with(&issuer.key("aud"), [AUDIENCE])
                .in_any_circumstances();
            let caller = Caller::Federated(provider);
            trust
                .answer(&Request {
                    caller,
                    action: WEB_IDENTITY,
                    resource: None,
                    context,
                })
                .is_allowed()
        })
    }

    /// Through EKS Pod Identity, if an association is made for it.
    #[must_use]
    pub fn by_pod_identity(&self, trust: &Document, namespace: &str, name: &str) -> bool {
        let caller = Caller::Service(PODS);
        let named = |key: &str| {
            let conditions = trust
                .statements
                .iter()
                .flat_map(|statement| &statement.conditions);
            conditions
                .filter(|one| one.key.eq_ignore_ascii_case(key))
                .find_map(|one| one.values.first().cloned())
        };
        let source = match &self.cluster {
            Some(cluster) => cluster.to_string(),
            // Without a cluster, the one that the document means.
            None => named("aws:SourceArn")
                .unwrap_or_else(|| "arn:aws:eks:us-east-1:000000000000:cluster/x".to_owned()),
        };
        let account = super::arn::Arn::cut(&source).map_or("", |arn| arn.account);
        let account = match named("aws:SourceAccount") {
            Some(account) if self.cluster.is_none() => account,
            _ => account.to_owned(),
        };
        let cluster_name = source.rsplit('/').next().unwrap_or_default().to_owned();
        let tag = |name: &str| format!("aws:RequestTag/{name}");
        let context = Context::default()
            .with("aws:SourceArn", [source.as_str()])
            .with("aws:SourceAccount", [account.as_str()])
            .with(&tag("eks-cluster-arn"), [source.as_str()])
            .with(&tag("eks-cluster-name"), [cluster_name.as_str()])
            .with(&tag("kubernetes-namespace"), [namespace])
            .with(&tag("kubernetes-service-account"), [name])
            .in_any_circumstances();
        let request = |action| Request {
            caller,
            action,
            resource: None,
            context: context.clone(),
        };
        // The session is tagged, so both must be allowed.
        [ASSUME, "sts:TagSession"]
            .into_iter()
            .all(|action| trust.answer(&request(action)).is_allowed())
    }
}

/// The OIDC providers that a trust policy names.
pub(super) fn providers(trust: &Document) -> impl Iterator<Item = &str> {
    let statements = trust
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow);
    statements.flat_map(oidc_providers)
}

/// The OIDC providers that a statement names.
pub(super) fn oidc_providers(statement: &Statement) -> impl Iterator<Item = &str> {
    statement
        .principals()
        .filter(|principal| {
            principal.kind == PrincipalKind::Federated
                && principal.value.contains(":oidc-provider/")
        })
        .map(|principal| principal.value.as_str())
}

/// How the names of a role's own service accounts end: `-<account>-<role in base 36>`.
pub(super) fn own_end(role: &Role) -> String {
    JobServiceAccount::sparks("x", role).replacen("emr-containers-sa-spark-x", "", 1)
}

/// The namespace in a subject, which may be a pattern.
pub(super) fn namespace_of(subject: &str) -> Option<&str> {
    subject
        .strip_prefix(SERVICE_ACCOUNT_PREFIX)?
        .split_once(':')
        .map(|(namespace, _)| namespace)
}

/// Whether Kubernetes takes this as a service account's name.
fn is_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (1..=253).contains(&name.len())
        && name.bytes().all(inner)
        && edge(bytes.first())
        && edge(bytes.last())
}

/// More lines are counted, not listed.
const MOST_LINES: usize = 12;

/// A sentence about those who are not the role's own: the first few of each namespace.
#[must_use]
pub fn strangers(admitted: &[Admitted]) -> Vec<String> {
    let mut lines = Vec::new();
    for one in admitted {
        let place = if one.namespace == ANY_NAMESPACE {
            "any namespace, also one that the policy does not list".to_owned()
        } else {
            format!("namespace {}", crate::names::shown(&one.namespace, 63))
        };
        let who = match &one.whose {
            Whose::Own => continue,
            whose @ Whose::Role(_) if whose.is_any_other_role() => {
                format!("the jobs of every other role of the account in {place}")
            }
            Whose::Role(role) => format!("the jobs of role {role} in {place}"),
            Whose::Reserved => format!("every service account with EMR's prefix in {place}"),
            Whose::Anybody if one.name == ANY_NAME || one.name == "default" => {
                format!("every service account in {place}, also one that a tenant creates")
            }
            Whose::Anybody => format!(
                "{} in {place}, which a tenant could create",
                crate::names::shown(&one.name, 253)
            ),
        };
        if !lines.contains(&who) {
            lines.push(who);
        }
    }
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more"));
    }
    lines
}
