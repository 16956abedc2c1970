//! What the policy gives a service account, by namespace and name: the role of a job
//! account with a fixed name, and rights that a tenant does not have.
//!
//! This is the one list of identities that have to be protected: whoever may use such
//! a service account (by its token, by a pod under it) has its rights. A job's service
//! account whose name encodes its role is known by its name alone.

use std::collections::BTreeMap;

use super::fixed::FixedNames;
use super::{Fixed, FixedServiceAccount, Operator, Policy, Submitter};
use crate::names::{Glob, SERVICE_ACCOUNT_PREFIX};

/// A right of a service account that a tenant does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It is listed under `admins`.
    Admin,
    /// It is an operator's.
    Operator,
    /// It is an add-on's, or listed under `platform`.
    Platform,
    /// An exemption names it, whether or not the exemption has ended.
    Exemption,
    /// An entry of `submitters` names it.
    Submitter {
        /// The number of the virtual cluster.
        cluster: usize,
        /// The number of its entry.
        entry: usize,
    },
}

impl Grant {
    /// The rights, as the object of a sentence.
    #[must_use]
    pub const fn rights(self) -> &'static str {
        match self {
            Self::Admin => "an administrator's rights",
            Self::Operator => "an operator's rights",
            Self::Platform => "an add-on's rights",
            Self::Exemption => "an exemption",
            Self::Submitter { .. } => "a submitter's rights",
        }
    }
}

/// The service accounts of a policy, indexed.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    /// By namespace, then by name.
    exact: BTreeMap<String, BTreeMap<String, Vec<Grant>>>,
    /// By namespace: patterns for names.
    names: BTreeMap<String, Vec<(Glob, Grant)>>,
    /// Patterns for usernames, in which the namespace is a pattern too.
    usernames: Vec<(Glob, Grant)>,
    fixed: FixedNames,
}

impl Accounts {
    /// Indexes the service accounts that the other parts of `policy` name.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut accounts = Self::default();
        for user in &policy.admins.users {
            accounts.add(user, Grant::Admin);
        }
        for operator in &policy.operators {
            accounts.add_exact(&operator.namespace, &operator.name, Grant::Operator);
        }
        for user in policy.platform.iter().flat_map(|entry| &entry.users) {
            accounts.add(&Glob::new(user), Grant::Platform);
        }
        for user in policy.exemptions.iter().flat_map(|entry| &entry.users) {
            accounts.add(user, Grant::Exemption);
        }
        for (cluster, settings) in policy.clusters.iter().enumerate() {
            for (entry, submitter) in settings.submitters.iter().enumerate() {
                for user in &submitter.who.users {
                    accounts.add(user, Grant::Submitter { cluster, entry });
                }
            }
        }
        accounts.fixed = FixedNames::of(&policy.operators, &policy.clusters);
        accounts
    }

    /// A service account is in no group that a policy may name, so users are enough.
    fn add(&mut self, user: &Glob, grant: Grant) {
        let parts = user.as_str().strip_prefix(SERVICE_ACCOUNT_PREFIX);
        let parts = parts.and_then(|account| account.split_once(':'));
        match parts {
            Some((namespace, name)) if !is_wild(namespace) => {
                if is_wild(name) {
                    let names = self.names.entry(namespace.to_owned()).or_default();
                    names.push((Glob::new(name), grant));
                } else {
                    self.add_exact(namespace, name, grant);
                }
            }
            _ if user.is_wild()
                && user.overlaps(&Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*"))) =>
            {
                self.usernames.push((user.clone(), grant));
            }
            _ => {}
        }
    }

    fn add_exact(&mut self, namespace: &str, name: &str, grant: Grant) {
        let names = self.exact.entry(namespace.to_owned()).or_default();
        names.entry(name.to_owned()).or_default().push(grant);
    }
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

impl Policy {
    /// Everything that the policy gives this service account beyond a tenant's rights,
    /// other than a role ([`Self::fixed_service_account`]).
    pub fn grants<'p>(
        &'p self,
        namespace: &'p str,
        name: &'p str,
    ) -> impl Iterator<Item = Grant> + 'p {
        let accounts = &self.accounts;
        let exact = accounts.exact.get(namespace);
        let exact = exact
            .and_then(|names| names.get(name))
            .into_iter()
            .flatten();
        let names = accounts.names.get(namespace).into_iter().flatten();
        let names = names.filter(move |(glob, _)| glob.matches(name));
        let username = if accounts.usernames.is_empty() {
            String::new()
        } else {
            format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}")
        };
        let usernames = accounts.usernames.iter();
        let usernames = usernames.filter(move |(glob, _)| glob.matches(&username));
        let patterns = names.chain(usernames).map(|(_, grant)| *grant);
        exact.copied().chain(patterns)
    }

    /// The names of the service accounts of this namespace with a [`Grant`], except
    /// those that a pattern names.
    pub fn granted_names<'p>(&'p self, namespace: &str) -> impl Iterator<Item = &'p str> {
        let names = self.accounts.exact.get(namespace);
        names.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The entry of `submitters` behind a [`Grant::Submitter`].
    #[must_use]
    pub fn submitter(&self, grant: Grant) -> Option<&Submitter> {
        let Grant::Submitter { cluster, entry } = grant else {
            return None;
        };
        self.clusters.get(cluster)?.submitters.get(entry)
    }

    /// The role that an entry of some operator gives this service account, whose name
    /// does not say it.
    #[must_use]
    pub fn fixed(&self, namespace: &str, name: &str) -> Fixed<'_> {
        let fixed = &self.accounts.fixed;
        fixed.get(namespace, name, &self.operators, &self.clusters)
    }

    /// The entry that gives this service account a role.
    #[must_use]
    pub fn fixed_service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Option<&FixedServiceAccount> {
        match self.fixed(namespace, name) {
            Fixed::Role(fixed) => Some(fixed),
            Fixed::NoRole | Fixed::Unlisted => None,
        }
    }

    /// The names of job service accounts that have a role, in this namespace or in
    /// others, although the name does not say which.
    pub fn fixed_names<'p>(&'p self, namespace: &str) -> impl Iterator<Item = &'p str> {
        self.accounts.fixed.names(namespace)
    }

    /// Whether the policy lists this job service account for `operator`.
    #[must_use]
    pub fn declares(&self, operator: &Operator, namespace: &str, name: &str) -> bool {
        let Some(role) = self.fixed_service_account(namespace, name) else {
            return false;
        };
        // Several operators may start jobs under one service account. Its role is the
        // same in all of their entries.
        let mut own = operator.job_service_accounts.iter();
        own.any(|entry| {
            entry.name == name
                && entry.role == role.role
                && if role.namespaces.is_empty() {
                    entry.namespaces.is_empty()
                } else {
                    entry.namespaces.iter().any(|listed| listed == namespace)
                }
        })
    }
}
