//! `identities`.

use std::borrow::Cow;

use crate::names::{Glob, Role};
use crate::policy::Kind;
use crate::policy::Reader;
use crate::policy::file::{
    AdminsEntry, At, ComponentEntry, EmrEntry, FixedAccountEntry, Given, IdentitiesEntry,
    OperatorEntry, PlatformEntry, Text, TokensEntry,
};
use crate::policy::identity_kinds::AddOnName;
use crate::policy::reader::FixedEntry;
use crate::policy::{
    Capabilities, EmrComponent, EmrService, FixedServiceAccount, Level, Operator, Platform,
    Subjects, TokenGrant,
};
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
        if let Some(EmrEntry {
            users,
            role_arns,
            components,
        }) = entry
        {
            emr.roles = self
                .optional(role_arns)
                .into_iter()
                .map(|arn| arn.role().clone())
                .collect();
            if let Some(At { value, at }) = users.0 {
                let given = value.len();
                let users = self.emr_users(value, &emr.roles);
                let are_all = users.len() == given;
                let builtin = std::mem::replace(&mut emr.users, users);
                for name in builtin {
                    if are_all && !emr.users.iter().any(|user| user.overlaps(&name)) {
                        let message = format!(
                            "`users` lacks `{name}`, by which Amazon EMR comes to some clusters; rolegate treats it as a tenant then, and every job fails. Add the name, or leave `users` out"
                        );
                        self.warn(Level::Warning, Some(at), message);
                    }
                }
            }
            emr.components = self.components(components.0.unwrap_or_default());
        }
        emr
    }

    /// EMR's usernames. The name of a role's session says a role, which `roleArns` must
    /// list.
    fn emr_users<K: Kind<Value = Glob>>(
        &mut self,
        list: Vec<Text<K>>,
        roles: &[Role],
    ) -> Vec<Glob> {
        self.repeats(&list);
        let mut users = Vec::with_capacity(list.len());
        for text in list {
            let at = text.at;
            let Some(user) = self.text(text) else {
                continue;
            };
            let session = |role: &Role| {
                let (account, name) = (role.account.as_str(), role.name.as_str());
                Glob::new(&format!("arn:*:sts::{account}:assumed-role/{name}/*"))
            };
            if !roles.is_empty()
                && user.as_str().starts_with("arn:")
                && !roles.iter().any(|role| session(role).overlaps(&user))
            {
                let message = format!(
                    "`{user}` is a session of a role that `roleArns` does not list, so no request by that name counts as EMR's; add the role there, or remove the name"
                );
                self.problem(at, message);
            }
            users.push(user);
        }
        users
    }

    fn components(&mut self, entries: Vec<ComponentEntry>) -> Vec<EmrComponent> {
        let mut components: Vec<EmrComponent> = Vec::with_capacity(entries.len());
        for ComponentEntry { name, kinds } in entries {
            let at = name.at;
            if kinds.value.is_empty() {
                let message = "the list is empty, so nothing may start the component; add a kind or remove the entry";
                self.problem(kinds.at, message);
            }
            let Some(name) = self.text(name) else {
                continue;
            };
            if components.iter().any(|known| known.name == name) {
                let message =
                    format!("there is already an entry for `{name}`; merge the two entries");
                self.problem(at, message);
            }
            components.push(EmrComponent {
                name,
                kinds: kinds.value,
            });
        }
        components
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
                    tokens,
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
            if capabilities.0.is_none() && tokens.0.is_none() {
                let message = "the entry says nothing; add `capabilities` or `tokens`";
                self.problem(at, message);
            }
            let tokens = self.tokens(tokens.0.unwrap_or_default());
            let given = capabilities
                .0
                .map(|list| list.into_iter().collect::<Capabilities>());
            for user in users {
                let table = || platform_table::capabilities_of(&user);
                own.push(Platform {
                    capabilities: given.unwrap_or_else(table),
                    users: vec![user],
                    tokens: tokens.clone(),
                    add_on: None,
                    source: Cow::Borrowed("the policy file"),
                });
            }
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

    fn tokens(&mut self, entries: Vec<TokensEntry>) -> Vec<TokenGrant> {
        let empty = "the list is empty; add an element or remove the entry";
        let entries = entries.into_iter();
        let grants = entries.map(|entry| TokenGrant {
            namespaces: self.filled(entry.namespaces, empty),
            service_accounts: self.filled(entry.service_accounts, empty),
            audiences: self.filled(entry.audiences, empty),
        });
        grants.collect()
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
            // Which of two entries without namespaces counts where, the roles of the
            // virtual clusters say.
            [] => None,
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
        self.fixed.push(FixedEntry {
            name: name.clone(),
            namespaces: namespaces.clone(),
            role: arn,
            at: name_at,
        });
        operator.job_service_accounts.push(FixedServiceAccount {
            name,
            namespaces,
            role,
        });
    }
}
