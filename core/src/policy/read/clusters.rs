//! `virtualClusters`.

use std::collections::HashMap;

use crate::names::{RoleArn, RolePattern};
use crate::policy::Reader;
use crate::policy::file::{
    At, ChainEntry, ClusterEntry, CrossRoleEntry, Flag, Given, ProfileEntry, Seconds,
    SubmitterEntry, Text,
};
use crate::policy::{
    Chain, ChainMode, CrossRole, ExtraProfile, Kind, Level, Position, Subjects, Submitter,
    TokenSource, VirtualCluster,
};

impl Reader {
    pub(super) fn clusters(
        &mut self,
        Given(entries): Given<Vec<At<ClusterEntry>>>,
    ) -> Vec<VirtualCluster> {
        let mut seen = HashMap::new();
        entries
            .unwrap_or_default()
            .into_iter()
            .map(|entry| self.cluster(entry.value, &mut seen))
            .collect()
    }

    fn cluster(
        &mut self,
        entry: ClusterEntry,
        seen: &mut HashMap<String, Position>,
    ) -> VirtualCluster {
        let execution_roles = match entry.execution_roles.0 {
            Some(list) => self.filled(
                list,
                "the list is empty, so no job could run here; add a role, or leave `executionRoles` out to allow any",
            ),
            None => Vec::new(),
        };
        VirtualCluster {
            namespaces: self.namespaces(entry.namespaces, seen),
            submitters: self.each(entry.submitters, Self::submitter),
            chains: self.chains(entry.chains.0.unwrap_or_default(), &execution_roles),
            cross_roles: entry
                .cross_role
                .0
                .unwrap_or_default()
                .into_iter()
                .filter_map(|pair| self.cross_role(pair))
                .collect(),
            execution_roles,
        }
    }

    fn each<E, V>(
        &mut self,
        Given(list): Given<Vec<At<E>>>,
        read: fn(&mut Self, At<E>) -> V,
    ) -> Vec<V> {
        list.unwrap_or_default()
            .into_iter()
            .map(|entry| read(self, entry))
            .collect()
    }

    fn namespaces<K: Kind<Value = String>>(
        &mut self,
        list: At<Vec<Text<K>>>,
        seen: &mut HashMap<String, Position>,
    ) -> Vec<String> {
        if list.value.is_empty() {
            self.problem(
                list.at,
                "the list names no namespace; add one, or leave the entry out",
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
                    "the namespace `{name}` is in line {} already; list it once",
                    first.line
                );
                self.problem(at, message);
            }
            names.push(name);
        }
        names
    }

    fn submitter(&mut self, At { value: entry, at }: At<SubmitterEntry>) -> Submitter {
        let users = entry.users.0.as_ref().map_or(0, Vec::len);
        let groups = entry.groups.0.as_ref().map_or(0, Vec::len);
        if users + groups == 0 {
            self.problem(at, "the entry names nobody; give it `users` or `groups`");
        }
        Submitter {
            who: Subjects {
                users: self.optional(entry.users),
                groups: self.optional(entry.groups),
            },
            roles: self.optional(entry.roles),
            service_accounts: match entry.service_accounts.0 {
                Some(list) => self.list(list),
                None => vec!["default".to_owned()],
            },
            config_maps: self.optional(entry.config_maps),
            secrets: self.optional(entry.secrets),
        }
    }

    fn cross_role(&mut self, entry: CrossRoleEntry) -> Option<CrossRole> {
        let (namespace, from, to) = (
            self.text(entry.namespace),
            self.text(entry.from),
            self.text(entry.to),
        );
        Some(CrossRole {
            namespace: namespace?,
            from: from?.role().clone(),
            to: to?.role().clone(),
        })
    }

    fn chains(
        &mut self,
        entries: Vec<At<ChainEntry>>,
        execution_roles: &[RolePattern],
    ) -> Vec<Chain> {
        let mut chains: Vec<Chain> = Vec::with_capacity(entries.len());
        for At { value: entry, at } in entries {
            let Some(chain) = self.chain(entry, execution_roles) else {
                continue;
            };
            let role = chain.from.role();
            if chains.iter().any(|other| other.from.role() == role) {
                let message =
                    format!("there is a chain from `{role}` here already; put its roles into one");
                self.problem(at, message);
            }
            chains.push(chain);
        }
        chains
    }

    fn chain(&mut self, entry: ChainEntry, execution_roles: &[RolePattern]) -> Option<Chain> {
        let from_at = entry.from.at;
        let from = self.text(entry.from);
        let to = self.arns(entry.to.value, from.as_ref(), Some(entry.to.at));
        let hops = entry.hops.0.map_or_else(Vec::new, |hops| {
            if hops.value.len() > 3 {
                self.problem(
                    hops.at,
                    "a chain has at most 3 hops between its ends; take some out",
                );
            }
            self.arns(hops.value, from.as_ref(), None)
        });
        let default = entry.default.0.and_then(|text| {
            let at = text.at;
            let arn = self.text(text)?;
            if !to.iter().any(|permitted| permitted.role() == arn.role()) {
                self.problem(
                    at,
                    "the default is not among the roles of `to`; add it there",
                );
            }
            Some(arn)
        });
        let session_duration = entry.session_duration.0.and_then(
            |At {
                 value: Seconds(value),
                 at,
             }| {
                let seconds = u16::try_from(value)
                    .ok()
                    .filter(|seconds| (900..=3600).contains(seconds));
                if seconds.is_none() {
                    self.problem(
                        at,
                        "a chained session lasts 900 to 3600 seconds; STS gives no more",
                    );
                }
                seconds
            },
        );
        let profiles = self.profiles(entry.profiles.0.unwrap_or_default());
        let from = from?;
        if !execution_roles.is_empty()
            && !execution_roles
                .iter()
                .any(|pattern| pattern.matches(from.role()))
        {
            let message = format!(
                "no job here runs as `{}`: `executionRoles` does not list it",
                from.role()
            );
            self.warn(Level::Warning, Some(from_at), message);
        }
        let (mode, token) = (
            entry.mode.0.unwrap_or_default(),
            entry.token.0.unwrap_or_default(),
        );
        if (mode, token) == (ChainMode::PodIdentity, TokenSource::Own) {
            self.problem(
                from_at,
                "`mode: pod-identity` takes its credentials from EKS's agent, so `token: own` has no use; leave one of them out",
            );
        }
        let containers = match entry.containers.0 {
            Some(list) => self.filled(
                list,
                "the list is empty, so no container would get the profile; leave it out for Spark's containers",
            ),
            None => Chain::spark_containers(),
        };
        let region = entry.region.0.and_then(|text| self.text(text));
        if token == TokenSource::Own && region.is_none() {
            let message = "`token: own` without `region`: where EKS's webhook writes none into the pod, boto3 and the AWS CLI find no region to call";
            self.warn(Level::Warning, Some(from_at), message);
        }
        Some(Chain {
            from,
            to,
            default,
            required: entry.required.0.is_some_and(|Flag(required)| required),
            mode,
            token,
            own_settings: entry.own_settings.0.unwrap_or_default(),
            containers,
            external_id: entry.external_id.0.and_then(|text| self.text(text)),
            region,
            session_duration,
            hops,
            profiles,
        })
    }

    /// Role ARNs of the partition of `from`: no role is assumed across
    /// partitions. With `filled` the list must hold one.
    fn arns<K: Kind<Value = RoleArn>>(
        &mut self,
        list: Vec<Text<K>>,
        from: Option<&RoleArn>,
        filled: Option<Position>,
    ) -> Vec<RoleArn> {
        if let (true, Some(at)) = (list.is_empty(), filled) {
            self.problem(
                at,
                "the list holds no role, so the chain could end nowhere; add one",
            );
        }
        let mut arns = Vec::with_capacity(list.len());
        for text in list {
            let at = text.at;
            let Some(arn) = self.text(text) else { continue };
            if let Some(from) = from.filter(|from| from.partition() != arn.partition()) {
                let message = format!(
                    "a role of partition {} can not assume one of {}; chains stay in one partition",
                    from.partition(),
                    arn.partition(),
                );
                self.problem(at, message);
            }
            arns.push(arn);
        }
        arns
    }

    fn profiles(&mut self, entries: Vec<ProfileEntry>) -> Vec<ExtraProfile> {
        let mut profiles: Vec<ExtraProfile> = Vec::with_capacity(entries.len());
        for entry in entries {
            let at = entry.name.at;
            let (name, role) = (self.text(entry.name), self.text(entry.role));
            let external_id = entry.external_id.0.and_then(|text| self.text(text));
            let (Some(name), Some(role)) = (name, role) else {
                continue;
            };
            if profiles.iter().any(|other| other.name == name) {
                self.problem(
                    at,
                    format!("there is a profile `{name}` already; give this one another name"),
                );
            }
            profiles.push(ExtraProfile {
                name,
                role,
                external_id,
            });
        }
        profiles
    }
}
