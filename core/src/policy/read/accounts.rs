//! Service accounts that the file names in several places: what the places mean
//! together.

use std::collections::BTreeSet;

use crate::names::{Glob, SERVICE_ACCOUNT_PREFIX};
use crate::policy::Reader;
use crate::policy::fixed::lists;
use crate::policy::reader::FixedEntry;
use crate::policy::{Fixed, Grant, Level, Policy, VirtualCluster};

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
        self.fixed_elsewhere(policy);
        self.exempted_jobs(policy);
        self.homes(policy);
    }

    /// What entries of job service accounts without `namespaces` mean, where that may
    /// not be what their writer meant.
    fn fixed_elsewhere(&mut self, policy: &Policy) {
        let (entries, listed): (Vec<_>, Vec<_>) = std::mem::take(&mut self.fixed)
            .into_iter()
            .partition(|entry| entry.namespaces.is_empty());
        for entry in &listed {
            self.cannot_run(entry, policy);
        }
        let mut seen: Vec<&str> = Vec::new();
        for entry in &entries {
            if seen.contains(&entry.name.as_str()) {
                continue;
            }
            seen.push(&entry.name);
            let own = entries.iter().filter(|other| other.name == entry.name);
            let own: Vec<_> = own.collect();
            self.several_roles(&own, policy);
            self.no_role(entry, policy);
        }
        for entry in &entries {
            self.counts_nowhere(entry, &entries, policy);
            self.widely_fixed(entry, policy);
        }
    }

    /// A namespace that an entry lists and in which no job may have its role.
    fn cannot_run(&mut self, entry: &FixedEntry, policy: &Policy) {
        let role = entry.role.role();
        let strange = entry.namespaces.iter().find(|namespace| {
            let roles = &policy.tenancy(namespace).execution_roles;
            !roles.is_empty() && !roles.iter().any(|roles| roles.matches(role))
        });
        if let Some(namespace) = strange {
            let message = format!(
                "no job in namespace `{namespace}` can run as {role}: its `executionRoles` does not list that role; add it there, or remove the namespace here"
            );
            self.problem(entry.at, message);
        }
    }

    /// An exemption never applies to a job.
    fn exempted_jobs(&mut self, policy: &Policy) {
        for (username, at) in std::mem::take(&mut self.exempted) {
            let account = username.strip_prefix(SERVICE_ACCOUNT_PREFIX);
            let account = account.and_then(|account| account.split_once(':'));
            let is_jobs = account.is_some_and(|(namespace, name)| {
                policy.fixed_service_account(namespace, name).is_some()
            });
            if is_jobs {
                let message = format!(
                    "`{username}` is the service account of jobs (`jobServiceAccounts`), to which no exemption applies; remove it"
                );
                self.problem(at, message);
            }
        }
    }

    /// A namespace in which two entries could be meant.
    fn several_roles(&mut self, own: &[&FixedEntry], policy: &Policy) {
        let Some(first) = own.first() else { return };
        let mut places = namespaces(policy, |cluster, namespace| {
            let listed = own.iter().filter(|entry| lists(cluster, entry.role.role()));
            listed.count() > 1 && policy.fixed(namespace, &first.name) == Fixed::NoRole
        });
        let Some((cluster, namespace)) = places.next() else {
            return;
        };
        let mut listed = own.iter().filter(|entry| lists(cluster, entry.role.role()));
        let (Some(one), Some(other)) = (listed.next(), listed.next()) else {
            return;
        };
        let message = format!(
            "`{}` may have the role {} or {} in namespace `{namespace}`, which lists both; say which: {}",
            one.name,
            one.role,
            other.role,
            line(one, namespace),
        );
        self.problem(other.at, message);
    }

    /// A namespace in which none counts.
    fn no_role(&mut self, entry: &FixedEntry, policy: &Policy) {
        let mut places = namespaces(policy, |_, namespace| {
            policy.fixed(namespace, &entry.name) == Fixed::NoRole
        });
        let Some((_, namespace)) = places.next() else {
            return;
        };
        let more = match places.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "nobody may start jobs under `{}` in namespace `{namespace}`{more}: no entry of that name has a role that is listed there; if its jobs run there, add {{ name: {}, namespaces: [{namespace}], role: <ARN> }}",
            entry.name, entry.name
        );
        self.warn(Level::Warning, Some(entry.at), message);
    }

    /// An entry that no namespace can take, because others have the same name.
    fn counts_nowhere(&mut self, entry: &FixedEntry, all: &[FixedEntry], policy: &Policy) {
        let role = entry.role.role();
        let others = |other: &FixedEntry| other.name == entry.name && other.role.role() != role;
        if !all.iter().any(others) {
            return;
        }
        let counts = |namespace: &str| {
            let fixed = policy.fixed_service_account(namespace, &entry.name);
            fixed.is_some_and(|fixed| fixed.role == *role)
        };
        if namespaces(policy, |_, namespace| counts(namespace))
            .next()
            .is_none()
        {
            let message = format!(
                "`{}` has another role in this file too, and no virtual cluster lists only this one: list the `namespaces` of each entry, like {}",
                entry.name,
                line(entry, "spark-team-a"),
            );
            self.problem(entry.at, message);
        }
    }

    /// A fixed name without `namespaces` has its role also where nobody may run jobs
    /// with that role, which is seldom meant.
    fn widely_fixed(&mut self, entry: &FixedEntry, policy: &Policy) {
        let mut places = namespaces(policy, |cluster, namespace| {
            let mut roles = cluster.submitters.iter().flat_map(|entry| &entry.roles);
            roles.next().is_some()
                && policy
                    .fixed_service_account(namespace, &entry.name)
                    .is_some_and(|known| {
                        known.namespaces.is_empty()
                            && known.role == *entry.role.role()
                            && !lists(cluster, entry.role.role())
                    })
        });
        if let Some((_, namespace)) = places.next() {
            let message = format!(
                "the job service account `{}` has the role {} in namespace `{namespace}` too, whose `submitters` or `executionRoles` do not list that role; list the `namespaces` of the entry",
                entry.name,
                entry.role.role()
            );
            self.warn(Level::Warning, Some(entry.at), message);
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

/// The namespaces of the virtual clusters of which `fits` is true.
fn namespaces(
    policy: &Policy,
    fits: impl Fn(&VirtualCluster, &str) -> bool,
) -> impl Iterator<Item = (&VirtualCluster, &String)> {
    let all = policy.clusters.iter().flat_map(|cluster| {
        let namespaces = cluster.namespaces.iter();
        namespaces.map(move |namespace| (cluster, namespace))
    });
    all.filter(move |(cluster, namespace)| fits(cluster, namespace))
}

/// The entry with the namespace in which it counts.
fn line(entry: &FixedEntry, namespace: &str) -> String {
    format!(
        "{{ name: {}, namespaces: [{namespace}], role: \"{}\" }}",
        entry.name, entry.role
    )
}
