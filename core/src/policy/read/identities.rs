//! `identities`.

use std::borrow::Cow;

use crate::policy::Reader;
use crate::policy::file::{
    AdminsEntry, At, EmrEntry, FixedAccountEntry, Given, IdentitiesEntry, OperatorEntry,
    PlatformEntry, Text,
};
use crate::policy::identity_kinds::AddOnName;
use crate::policy::{EmrService, FixedServiceAccount, Operator, Platform, Subjects};
use crate::policy::{builtin, platform_table};

pub(super) struct Identities {
    pub(super) emr_service: EmrService,
    pub(super) admins: Subjects,
    pub(super) platform: Vec<Platform>,
    pub(super) operators: Vec<Operator>,
}

impl Reader {
    pub(super) fn identities(&mut self, Given(entry): Given<IdentitiesEntry>) -> Identities {
        let entry = entry.unwrap_or_default();
        Identities {
            emr_service: self.emr_service(entry.emr_service),
            admins: self.admins(entry.admins),
            platform: self.platform(entry.add_ons, entry.platform.0.unwrap_or_default()),
            operators: self.operators(entry.operators.0.unwrap_or_default()),
        }
    }

    fn emr_service(&mut self, Given(entry): Given<EmrEntry>) -> EmrService {
        let mut emr = builtin::emr_service();
        if let Some(EmrEntry { users, role_arns }) = entry {
            if let Some(users) = users.0 {
                emr.users = self.list(users);
            }
            emr.roles = self
                .optional(role_arns)
                .into_iter()
                .map(|arn| arn.role().clone())
                .collect();
        }
        emr
    }

    fn admins(&mut self, Given(entry): Given<AdminsEntry>) -> Subjects {
        let mut admins = builtin::admins();
        if let Some(AdminsEntry { users, groups }) = entry {
            admins.users = self.optional(users);
            if let Some(groups) = groups.0 {
                admins.groups = self.list(groups);
            }
        }
        admins
    }

    /// What counts of the built-in table, without the users that the file lists,
    /// followed by the file's entries.
    fn platform(
        &mut self,
        add_ons: Given<Vec<Text<AddOnName>>>,
        entries: Vec<At<PlatformEntry>>,
    ) -> Vec<Platform> {
        let mut own: Vec<Platform> = Vec::with_capacity(entries.len());
        for At {
            value:
                PlatformEntry {
                    users,
                    capabilities,
                },
            at,
        } in entries
        {
            let users = self.filled(
                users,
                "the list is empty; add a username or remove the entry",
            );
            let known = |user: &&String| own.iter().any(|row| row.users.contains(user));
            if let Some(user) = users.iter().find(known) {
                let message =
                    format!("there is already an entry for `{user}`; merge the two entries");
                self.problem(at, message);
            }
            let capabilities = capabilities.into_iter().collect();
            own.push(Platform {
                users,
                capabilities,
                add_on: None,
                source: Cow::Borrowed("the policy file"),
            });
        }
        let mut table = platform_table::platform(&self.optional(add_ons));
        for row in &mut table {
            row.users
                .retain(|user| !own.iter().any(|entry| entry.users.contains(user)));
        }
        table.retain(|row| !row.users.is_empty());
        table.extend(own);
        table
    }

    fn operators(&mut self, entries: Vec<At<OperatorEntry>>) -> Vec<Operator> {
        let mut operators: Vec<Operator> = Vec::with_capacity(entries.len());
        for At { value: entry, at } in entries {
            let roles = self.filled(
                entry.roles,
                "the list is empty, so the operator could not start any job; add a role",
            );
            let mut operator = Operator {
                namespace: String::new(),
                name: String::new(),
                roles,
                job_service_accounts: Vec::new(),
            };
            if let Some((namespace, name)) = self.text(entry.service_account) {
                if operators
                    .iter()
                    .any(|other| (&other.namespace, &other.name) == (&namespace, &name))
                {
                    let message = format!(
                        "there is already an entry for `{namespace}/{name}`; merge the two entries"
                    );
                    self.problem(at, message);
                }
                (operator.namespace, operator.name) = (namespace, name);
            }
            for account in entry.job_service_accounts.0.unwrap_or_default() {
                self.fixed_account(account, &mut operator, &operators);
            }
            operators.push(operator);
        }
        operators
    }

    /// Adds a job service account to its operator, unless it contradicts another entry.
    fn fixed_account(
        &mut self,
        entry: FixedAccountEntry,
        operator: &mut Operator,
        others: &[Operator],
    ) {
        let (name_at, role_at) = (entry.name.at, entry.role.at);
        let namespaces = match entry.namespaces.0 {
            Some(list) => self.filled(
                list,
                "the list is empty; add a namespace, or remove `namespaces` to mean every namespace",
            ),
            None => Vec::new(),
        };
        let (Some(name), Some(arn)) = (self.text(entry.name), self.text(entry.role)) else {
            return;
        };
        let role = arn.role().clone();
        let mut known = others
            .iter()
            .flat_map(|other| &other.job_service_accounts)
            .chain(&operator.job_service_accounts)
            .filter(|account| account.name == name && account.role != role);
        let same = |other: &FixedServiceAccount| match namespaces.as_slice() {
            [] => other.namespaces.is_empty().then(String::new),
            own => {
                let mut both = own.iter().filter(|one| other.namespaces.contains(one));
                both.next().map(|one| format!(" in namespace `{one}`"))
            }
        };
        if let Some(place) = known.find_map(same) {
            let message = format!(
                "`{name}` already has another role{place} in this file; a service account has one role per namespace: list the `namespaces` of each entry"
            );
            return self.problem(name_at, message);
        }
        if !operator.roles.is_empty() && !operator.runs(&role) {
            return self.problem(
                role_at,
                "the operator may not start jobs with this role; add it to the operator's `roles`",
            );
        }
        if namespaces.is_empty() {
            self.fixed.push((name.clone(), name_at));
        }
        operator.job_service_accounts.push(FixedServiceAccount {
            name,
            namespaces,
            role,
        });
    }
}
