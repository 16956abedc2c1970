//! Service accounts that the file names in several places: what the places mean
//! together.

use std::collections::BTreeSet;

use crate::names::{Glob, SERVICE_ACCOUNT_PREFIX};
use crate::policy::Reader;
use crate::policy::{Grant, Level, Policy};

impl Reader {
    /// Compares the service accounts that submitters list for their pods, and those
    /// with a fixed name, with the rest of the file.
    pub(super) fn accounts(&mut self, policy: &Policy) {
        for listed in std::mem::take(&mut self.listed) {
            let Some(cluster) = policy.clusters.get(listed.cluster) else {
                continue;
            };
            let own = Grant::Submitter {
                cluster: listed.cluster,
                entry: listed.entry,
            };
            let name = &listed.name;
            for namespace in &cluster.namespaces {
                let mut grants = policy.grants(namespace, name);
                let rights = if policy.fixed_service_account(namespace, name).is_some() {
                    "the role of a job"
                } else if let Some(grant) = grants.find(|grant| *grant != own) {
                    grant.rights()
                } else {
                    continue;
                };
                let message = format!(
                    "submitters may not start pods under `{name}` in namespace `{namespace}`: this file gives that service account {rights}; list another one in `serviceAccounts`"
                );
                self.warn(Level::Error, Some(listed.at), message);
            }
        }
        self.widely_fixed(policy);
        self.homes(policy);
    }

    /// A fixed name without `namespaces` has its role also where nobody may run jobs
    /// with that role, which is seldom meant.
    fn widely_fixed(&mut self, policy: &Policy) {
        let fixed = policy
            .operators
            .iter()
            .flat_map(|operator| &operator.job_service_accounts)
            .filter(|fixed| fixed.namespaces.is_empty());
        for fixed in fixed {
            let strange = policy.clusters.iter().find_map(|cluster| {
                let mut roles = cluster.submitters.iter().flat_map(|entry| &entry.roles);
                let mut listed = cluster.execution_roles.iter();
                let foreign = (roles.clone().next().is_some()
                    && !roles.any(|roles| roles.matches(&fixed.role)))
                    || (listed.len() > 0 && !listed.any(|roles| roles.matches(&fixed.role)));
                let here = |namespace: &&String| {
                    let known = policy.fixed_service_account(namespace, &fixed.name);
                    known.is_some_and(|known| known == fixed)
                };
                foreign
                    .then(|| cluster.namespaces.iter().find(here))
                    .flatten()
            });
            if let Some(namespace) = strange {
                let message = format!(
                    "the job service account `{}` has the role {} in namespace `{namespace}` too, whose `submitters` or `executionRoles` do not list that role; list the `namespaces` of the entry",
                    fixed.name, fixed.role
                );
                let mut places = self.fixed.iter().filter(|(name, _)| *name == fixed.name);
                let at = places.next().map(|(_, at)| *at);
                self.warn(Level::Warning, at, message);
            }
        }
    }

    /// Names the namespaces that hold such service accounts and are in no virtual
    /// cluster: whether they have a label is not in the file.
    fn homes(&mut self, policy: &Policy) {
        let managed = |namespace: &str| !policy.tenancy(namespace).namespaces.is_empty();
        let users = policy.platform.iter().flat_map(|entry| &entry.users);
        let globs = policy.admins.users.iter();
        let globs = globs.chain(policy.exemptions.iter().flat_map(|entry| &entry.users));
        let globs = globs.chain(
            policy
                .clusters
                .iter()
                .flat_map(|cluster| &cluster.submitters)
                .flat_map(|entry| &entry.who.users),
        );
        let usernames = users.map(String::as_str).chain(globs.map(Glob::as_str));
        let homes = usernames.filter_map(|username| {
            let account = username.strip_prefix(SERVICE_ACCOUNT_PREFIX)?;
            account.split_once(':').map(|(namespace, _)| namespace)
        });
        let operators = policy.operators.iter();
        let homes: BTreeSet<&str> = homes
            .chain(operators.map(|operator| operator.namespace.as_str()))
            .filter(|home| *home != "kube-system" && !managed(home))
            .collect();
        if !homes.is_empty() {
            let homes: Vec<_> = homes.into_iter().collect();
            let message = format!(
                "this file gives rights to service accounts of {}; in a namespace without rolegate's label, rolegate sees who requests their tokens and who changes them (the cluster door), but not who starts pods under them",
                homes.join(", ")
            );
            self.warn(Level::Note, None, message);
        }
    }
}
