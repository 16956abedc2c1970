//! `rolegate review --as`: the requester with all its evidence, and a job's pod as its
//! creator makes it from a template.

use serde_json::{Value, json};

use rolegate_core::names::{
    AccountId, Glob, JobServiceAccount, Role, RoleArn, RoleName, RolePattern, shown,
};
use rolegate_core::policy::{Operator, Policy, VirtualCluster};
use rolegate_core::request::SampleUser;
use rolegate_core::scan::emr;

use super::job_pod::{JobPod, give_credentials, label, members};

/// What `--as` accepts.
const FORMS: &str =
    "emr, admin, tenant, user:<name>, job:<role>, operator:<namespace>/<name>, platform:<name>";

/// The account of AWS's documentation.
const SAMPLE_ACCOUNT: &str = "111122223333";

/// Whom `--as` names.
#[derive(Debug)]
pub(super) enum StandIn<'p> {
    Emr,
    Admin,
    Person(String),
    Job(Role),
    Operator(&'p Operator),
    /// The username of an add-on.
    Platform(String),
}

/// A manifest's requester, and the manifest as this requester would send it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) user: SampleUser,
    /// For whoever reads the result: on whom it is.
    pub(super) says: String,
    pub(super) object: Value,
}

impl<'p> StandIn<'p> {
    /// # Errors
    ///
    /// One sentence with the values that are possible under this policy.
    pub(super) fn parse(text: &str, policy: &'p Policy) -> Result<Self, String> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        let bare = name.is_empty() && !text.contains(':');
        match kind {
            "emr" if bare => Ok(Self::Emr),
            "admin" if bare => Ok(Self::Admin),
            "tenant" if bare => Ok(Self::Person("somebody".to_owned())),
            "user" if !name.is_empty() => Ok(Self::Person(name.to_owned())),
            "job" => job(name, policy),
            "operator" => operator(name, policy),
            "platform" => platform(name, policy),
            _ => Err(format!("`{}` is none of {FORMS}", shown(text, 100))),
        }
    }

    /// The requester of this manifest. If it names no namespace, it is for `namespace`, or
    /// else for the first one of the policy where such a requester works. `groups` are
    /// those of a person.
    ///
    /// # Errors
    ///
    /// One sentence, if the policy has nobody of that kind.
    pub(super) fn sends(
        &self,
        mut object: Value,
        namespace: Option<&str>,
        groups: &[String],
        policy: &Policy,
    ) -> Result<Sent, String> {
        let own = object["metadata"]["namespace"].as_str().or(namespace);
        let namespace = match own {
            Some(namespace) => namespace.to_owned(),
            None => self.home(policy).unwrap_or("default").to_owned(),
        };
        if let Some(metadata) = members(&mut object, "metadata") {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        let is_template = object["kind"] == "Pod"
            && object["spec"]["serviceAccountName"].is_null()
            && object["spec"]["serviceAccount"].is_null();
        let (user, says) = match self {
            Self::Emr if is_template => {
                let role = role_of_namespace(&namespace, policy)
                    .ok_or("the policy names no role for this namespace; use --as job:<role>")?;
                let pod = JobPod::of(&object, &role);
                let user = pod.creator(&namespace);
                let says = format!(
                    "a pod template of a job that Amazon EMR runs as {role}: {}",
                    pod.fill(&mut object)
                );
                (user, says)
            }
            Self::Emr => (emr(policy), "Amazon EMR itself".to_owned()),
            Self::Admin => (admin(policy)?, "an administrator of the policy".to_owned()),
            Self::Person(name) => {
                let says = "a user to whom only the policy's submitters give anything".to_owned();
                (SampleUser::person(name, groups), says)
            }
            Self::Job(role) if object["kind"] == "Pod" => {
                let pod = JobPod::of(&object, role);
                let user = pod.creator(&namespace);
                let says = if is_template {
                    pod.fill(&mut object)
                } else {
                    format!("a job with the role {role}, by its {}", pod.creator_is())
                };
                (user, says)
            }
            Self::Job(role) => {
                let driver = JobServiceAccount::sparks("driver", role);
                let user = SampleUser::in_pod(&namespace, &driver, &JobPod::driver_name());
                (user, format!("the driver of a job with the role {role}"))
            }
            Self::Operator(operator) => {
                let user = SampleUser::service_account(&operator.namespace, &operator.name);
                let mut says = "an operator of the policy".to_owned();
                if is_template && let Some((account, role)) = account_of(operator, &namespace) {
                    if let Some(spec) = members(&mut object, "spec") {
                        spec.insert("serviceAccountName".to_owned(), json!(account));
                    }
                    let launched = "sparkoperator.k8s.io/launched-by-spark-operator";
                    label(&mut object, launched, "true");
                    give_credentials(&mut object, &role);
                    says = format!("{says}, with the service account {account}");
                }
                (user, says)
            }
            Self::Platform(username) => {
                let account = username
                    .strip_prefix("system:serviceaccount:")
                    .and_then(|account| account.split_once(':'));
                let user = match account {
                    Some((namespace, name)) => SampleUser::service_account(namespace, name),
                    None => SampleUser::person(username, &[]),
                };
                (user, "cluster software of the policy".to_owned())
            }
        };
        let says = format!("{says}, as {}", user.username);
        Ok(Sent { user, says, object })
    }
}

impl StandIn<'_> {
    /// A namespace in which the policy has such a requester work.
    fn home<'p>(&self, policy: &'p Policy) -> Option<&'p str> {
        let runs = |cluster: &VirtualCluster, role: &Role| {
            let submitters = cluster.submitters.iter().flat_map(|entry| &entry.roles);
            let mut listed = submitters.chain(&cluster.execution_roles);
            listed.any(|pattern| pattern.matches(role))
                || cluster.chains.iter().any(|chain| chain.from.role() == role)
        };
        let mut clusters = policy.clusters.iter();
        let cluster = clusters.find(|cluster| match self {
            Self::Job(role) => runs(cluster, role),
            _ => true,
        })?;
        cluster.namespaces.first().map(String::as_str)
    }
}

fn admin(policy: &Policy) -> Result<SampleUser, String> {
    let admins = &policy.admins;
    if let Some(group) = admins.groups.first() {
        return Ok(SampleUser::person("admin", std::slice::from_ref(group)));
    }
    let mut users = admins.users.iter().filter(|glob| !glob.is_wild());
    let user = users.next().map(ToString::to_string);
    user.map(|user| SampleUser::person(user, &[]))
        .ok_or_else(|| "the policy has no administrators (identities.admins)".to_owned())
}

fn operator<'p>(name: &str, policy: &'p Policy) -> Result<StandIn<'p>, String> {
    let is_it = |one: &&Operator| format!("{}/{}", one.namespace, one.name) == name;
    let found = policy.operators.iter().find(is_it);
    found.map(StandIn::Operator).ok_or_else(|| {
        let all = policy.operators.iter();
        let all = all.map(|one| format!("operator:{}/{}", one.namespace, one.name));
        none("operator", name, "identities.operators", all)
    })
}

fn platform<'p>(name: &str, policy: &Policy) -> Result<StandIn<'p>, String> {
    let short = |user: &str| {
        user.strip_prefix("system:serviceaccount:")
            .map(|account| account.replacen(':', "/", 1))
    };
    let mut entries = policy.platform.iter();
    let found = entries.find_map(|entry| {
        let by_name = entry.add_on == Some(name);
        let mut users = entry.users.iter();
        users.find(|user| by_name || *user == name || short(user).as_deref() == Some(name))
    });
    found
        .map(|user| StandIn::Platform(user.clone()))
        .ok_or_else(|| {
            let named = policy
                .platform
                .iter()
                .filter(|entry| !entry.users.is_empty());
            let mut all: Vec<String> = named
                .filter_map(|entry| match entry.add_on {
                    Some(name) => Some(name.to_owned()),
                    None => entry.users.first().cloned(),
                })
                .map(|name| format!("platform:{name}"))
                .collect();
            all.dedup();
            none(
                "add-on",
                name,
                "identities.addOns, identities.platform",
                all,
            )
        })
}

fn job<'p>(name: &str, policy: &Policy) -> Result<StandIn<'p>, String> {
    let known = known_roles(policy);
    let role = match RoleArn::parse(name) {
        Ok(arn) => {
            let text = arn.role().to_string();
            let is_known = known.iter().any(|arn| matches(arn, &text)) || known.is_empty();
            is_known.then(|| arn.role().clone())
        }
        Err(_) => known.iter().find_map(|arn| {
            let (account, pattern) = parts(arn)?;
            let bare = name.strip_prefix(&format!("{account}/")).unwrap_or(name);
            let role = role(account, bare)?;
            glob(pattern, bare).then_some(role)
        }),
    };
    role.map(StandIn::Job).ok_or_else(|| {
        let all = known.iter().filter_map(|arn| parts(arn));
        let (patterns, names): (Vec<&str>, Vec<&str>) = all
            .map(|(_, name)| name)
            .partition(|name| name.contains(['*', '?']));
        let mut all: Vec<String> = names.iter().map(|name| format!("job:{name}")).collect();
        // A pattern is no role: the reader chooses one that it matches.
        all.extend(patterns.iter().map(|pattern| {
            let like = pattern.replace(['*', '?'], "x");
            format!("job:<a role that `{pattern}` matches, like {like}>")
        }));
        all.dedup();
        let keys =
            "virtualClusters[].executionRoles, submitters.roles, identities.operators[].roles";
        none("role", name, keys, all)
    })
}

fn none(what: &str, name: &str, keys: &str, known: impl IntoIterator<Item = String>) -> String {
    let known: Vec<String> = known.into_iter().collect();
    let known = match known.as_slice() {
        [] => "it has none".to_owned(),
        some => format!("it has {}", some.join(", ")),
    };
    if name.is_empty() {
        return format!(
            "a name is missing after the colon; of the names in the policy ({keys}), {known}"
        );
    }
    let name = shown(name, 200);
    format!("the policy has no {what} `{name}` ({keys}): {known}")
}

/// The ARNs of roles that the policy names, patterns included.
fn known_roles(policy: &Policy) -> Vec<String> {
    let mut known = Vec::new();
    let mut add = |arn: String| {
        if !known.contains(&arn) {
            known.push(arn);
        }
    };
    for cluster in policy.clusters.iter() {
        let submitters = cluster.submitters.iter().flat_map(|entry| &entry.roles);
        for pattern in submitters.chain(&cluster.execution_roles) {
            add(pattern.as_str().to_owned());
        }
        for chain in &cluster.chains {
            add(chain.from.as_str().to_owned());
        }
    }
    for pattern in policy.operators.iter().flat_map(|operator| &operator.roles) {
        add(pattern.as_str().to_owned());
    }
    known
}

/// A role that may run in the namespace: one that the policy names, or one that a pattern
/// of the policy matches, or an example.
fn role_of_namespace(namespace: &str, policy: &Policy) -> Option<Role> {
    let cluster = policy.tenancy(namespace);
    let submitters = cluster.submitters.iter().flat_map(|entry| &entry.roles);
    let chains = cluster.chains.iter().map(|chain| chain.from.as_str());
    let listed = submitters.chain(&cluster.execution_roles);
    let mut arns: Vec<&str> = listed.map(RolePattern::as_str).chain(chains).collect();
    arns.sort_by_key(|arn| arn.contains(['*', '?']));
    let named = arns.into_iter().find_map(|arn| {
        let (account, name) = parts(arn)?;
        role(account, &name.replace(['*', '?'], "x"))
    });
    named.or_else(|| role(SAMPLE_ACCOUNT, "example"))
}

/// A service account for the jobs of an operator, and its role.
fn account_of(operator: &Operator, namespace: &str) -> Option<(String, Role)> {
    let mut fixed = operator.job_service_accounts.iter();
    let here = |names: &[String]| names.is_empty() || names.iter().any(|name| name == namespace);
    if let Some(account) = fixed.find(|account| here(&account.namespaces)) {
        return Some((account.name.clone(), account.role.clone()));
    }
    operator.roles.iter().find_map(|pattern| {
        let (account, name) = parts(pattern.as_str())?;
        let role = role(account, &name.replace(['*', '?'], "x"))?;
        Some((JobServiceAccount::sparks("driver", &role), role))
    })
}

fn role(account: &str, name: &str) -> Option<Role> {
    Some(Role {
        account: AccountId::parse(account)?,
        name: RoleName::parse(name)?,
    })
}

/// Account and name of a role's ARN, in which the name may be a pattern.
fn parts(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next()?, parts.next()?);
    Some((account, resource.rsplit('/').next()?))
}

fn matches(arn: &str, role: &str) -> bool {
    let (Some((account, pattern)), Some((own, name))) = (parts(arn), role.split_once('/')) else {
        return false;
    };
    account == own && glob(pattern, name)
}

fn glob(pattern: &str, name: &str) -> bool {
    Glob::parse(pattern).is_ok_and(|glob| glob.matches(name))
}
