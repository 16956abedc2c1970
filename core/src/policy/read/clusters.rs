//! `virtualClusters`.

use std::collections::HashMap;

use crate::names::{RolePattern, shown};
use crate::policy::Reader;
use crate::policy::file::{At, ClusterEntry, CrossRoleEntry, Flag, Given, SubmitterEntry, Text};
use crate::policy::reader::ListedAccount;
use crate::policy::{CrossRole, Kind, Position, Subjects, Submitter, VirtualCluster};

impl Reader {
    pub(super) fn clusters(
        &mut self,
        Given(entries): Given<Vec<At<ClusterEntry>>>,
    ) -> Vec<VirtualCluster> {
        let mut seen = HashMap::new();
        entries
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(number, entry)| self.cluster(entry.value, number, &mut seen))
            .collect()
    }

    fn cluster(
        &mut self,
        entry: ClusterEntry,
        number: usize,
        seen: &mut HashMap<String, Position>,
    ) -> VirtualCluster {
        let execution_roles = match entry.execution_roles.0 {
            Some(list) => self.filled(
                list,
                "the list is empty, so no job could run here; add a role, or remove `executionRoles` to allow every role",
            ),
            None => Vec::new(),
        };
        let submitters = entry.submitters.0.unwrap_or_default().into_iter();
        let submitters = submitters.enumerate().map(|(entry, submitter)| {
            let number = (number, entry);
            self.submitter(submitter, number, &execution_roles)
        });
        let submitters = submitters.collect();
        VirtualCluster {
            namespaces: self.namespaces(entry.namespaces, seen),
            submitters,
            chains: self.chains(entry.chains.0.unwrap_or_default(), &execution_roles),
            cross_roles: entry
                .cross_role
                .0
                .unwrap_or_default()
                .into_iter()
                .filter_map(|pair| self.cross_role(pair, &execution_roles))
                .collect(),
            execution_roles,
        }
    }

    fn namespaces<K: Kind<Value = String>>(
        &mut self,
        list: At<Vec<Text<K>>>,
        seen: &mut HashMap<String, Position>,
    ) -> Vec<String> {
        if list.value.is_empty() {
            self.problem(
                list.at,
                "the list is empty; add a namespace or remove the entry",
            );
        }
        let mut names = Vec::with_capacity(list.value.len());
        for text in list.value {
            let at = text.at;
            let Some(name) = self.text(text) else {
                continue;
            };
            if let Some(first) = seen.insert(name.clone(), at) {
                let message = format!(
                    "the namespace `{name}` is already listed on line {}; list it once",
                    first.line
                );
                self.problem(at, message);
            }
            names.push(name);
        }
        names
    }

    fn submitter(
        &mut self,
        At { value: entry, at }: At<SubmitterEntry>,
        number: (usize, usize),
        execution_roles: &[RolePattern],
    ) -> Submitter {
        let users = entry.users.0.as_ref().map_or(0, Vec::len);
        let groups = entry.groups.0.as_ref().map_or(0, Vec::len);
        if users + groups == 0 {
            self.problem(
                at,
                "the entry has neither `users` nor `groups`; add one of them",
            );
        }
        Submitter {
            who: Subjects {
                users: self.optional(entry.users),
                groups: self.optional(entry.groups),
            },
            roles: self.submitted(entry.roles.0.unwrap_or_default(), execution_roles),
            service_accounts: self.own_accounts(entry.service_accounts, at, number),
            config_maps: self.optional(entry.config_maps),
            secrets: self.optional(entry.secrets),
            exec: entry.exec.0.is_some_and(|Flag(exec)| exec),
        }
    }

    /// The roles that may be submitted, of those that may run here.
    fn submitted<K: Kind<Value = RolePattern>>(
        &mut self,
        list: Vec<Text<K>>,
        execution_roles: &[RolePattern],
    ) -> Vec<RolePattern> {
        self.repeats(&list);
        let mut roles = Vec::with_capacity(list.len());
        for text in list {
            let at = text.at;
            let Some(role) = self.text(text) else {
                continue;
            };
            if !execution_roles.is_empty()
                && !execution_roles.iter().any(|listed| listed.overlaps(&role))
            {
                self.problem(at, cannot_run(role.as_str()));
            }
            roles.push(role);
        }
        roles
    }

    fn own_accounts<K: Kind<Value = String>>(
        &mut self,
        Given(list): Given<Vec<Text<K>>>,
        at: Position,
        (cluster, entry): (usize, usize),
    ) -> Vec<String> {
        if let Some(list) = &list {
            self.repeats(list);
        }
        let names: Vec<(String, Position)> = match list {
            Some(list) => list
                .into_iter()
                .filter_map(|text| {
                    let at = text.at;
                    self.text(text).map(|name| (name, at))
                })
                .collect(),
            None => vec![("default".to_owned(), at)],
        };
        for (name, at) in &names {
            self.listed.push(ListedAccount {
                cluster,
                entry,
                name: name.clone(),
                at: *at,
            });
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn cross_role(
        &mut self,
        entry: CrossRoleEntry,
        execution_roles: &[RolePattern],
    ) -> Option<CrossRole> {
        let at = entry.to.at;
        let (namespace, from, to) = (
            self.text(entry.namespace),
            self.text(entry.from),
            self.text(entry.to),
        );
        let to = to?;
        if !execution_roles.is_empty()
            && !execution_roles.iter().any(|roles| roles.matches(to.role()))
        {
            self.problem(at, cannot_run(to.as_str()));
        }
        Some(CrossRole {
            namespace: namespace?,
            from: from?.role().clone(),
            to: to.role().clone(),
        })
    }
}

fn cannot_run(role: &str) -> String {
    format!(
        "no job here can run as `{}`: `executionRoles` does not list it; add it there, or remove it here",
        shown(role, 160)
    )
}
