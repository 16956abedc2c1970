//! `virtualClusters[].chains`.

use std::collections::{HashMap, HashSet};

use crate::names::{RoleArn, RolePattern};
use crate::policy::Reader;
use crate::policy::file::{At, ChainEntry, Flag, Given, ProfileEntry, Seconds, Text};
use crate::policy::names::{ChainedContainer, ExactRole, Region};
use crate::policy::{Chain, ChainMode, ExtraProfile, Level, Position, TokenSource};

/// The most roles between the two ends of a chain.
const MOST_HOPS: usize = 3;
/// The most bytes of a profile. All annotations of a pod may have 256 KiB together,
/// and most of that stays the pod's own.
const MOST_PROFILE_BYTES: usize = 64 * 1024;

impl Reader {
    pub(super) fn chains(
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
                    format!("there is already a chain from `{role}` here; merge the two chains");
                self.problem(at, message);
            }
            chains.push(chain);
        }
        chains
    }

    fn chain(&mut self, entry: ChainEntry, execution_roles: &[RolePattern]) -> Option<Chain> {
        let from_at = entry.from.at;
        let from = self.text(entry.from);
        if entry.to.value.is_empty() {
            let message = "the list is empty, so the chain leads to no role; add one";
            self.problem(entry.to.at, message);
        }
        let to = self.arns(entry.to.value, from.as_ref());
        let hops = self.hops(entry.hops, from.as_ref());
        let default = self.default_role(entry.default, &to);
        let session_duration = self.session_duration(entry.session_duration);
        let profiles = self.profiles(entry.profiles.0.unwrap_or_default(), from.as_ref());
        let from = from?;
        self.one_way_to_write(from_at, &from, [&to, &hops], &profiles);
        if !execution_roles.is_empty()
            && !execution_roles
                .iter()
                .any(|pattern| pattern.matches(from.role()))
        {
            let message = format!(
                "no job here can run as `{}`: `executionRoles` does not list it",
                from.role()
            );
            self.warn(Level::Warning, Some(from_at), message);
        }
        let region = self.region(entry.region, &from);
        let mode = entry.mode.0.unwrap_or_default();
        let token = entry.token.0.unwrap_or_default();
        self.check_own_token(from_at, mode, token, region.is_some());
        let chain = Chain {
            from,
            to,
            default,
            required: entry.required.0.is_some_and(|Flag(required)| required),
            mode,
            token,
            own_settings: entry.own_settings.0.unwrap_or_default(),
            containers: self.containers(entry.containers),
            external_id: entry.external_id.0.and_then(|text| self.text(text)),
            region,
            session_duration,
            hops,
            profiles,
        };
        let bytes = chain.most_profile_bytes();
        if bytes > MOST_PROFILE_BYTES {
            let message = format!(
                "the profile of this chain could have {bytes} bytes, and an annotation of a pod has room for {MOST_PROFILE_BYTES}; list fewer `profiles`, or move some to another chain"
            );
            self.problem(from_at, message);
        }
        Some(chain)
    }

    /// Role ARNs in the partition of `from`.
    fn arns(&mut self, list: Vec<Text<ExactRole>>, from: Option<&RoleArn>) -> Vec<RoleArn> {
        let mut arns = Vec::with_capacity(list.len());
        for text in list {
            let at = text.at;
            let Some(arn) = self.text(text) else { continue };
            self.one_partition(at, &arn, from);
            arns.push(arn);
        }
        arns
    }

    /// A role cannot be assumed across partitions.
    fn one_partition(&mut self, at: Position, arn: &RoleArn, from: Option<&RoleArn>) {
        if let Some(from) = from.filter(|from| from.partition() != arn.partition()) {
            let message = format!(
                "a role in partition {} cannot assume a role in partition {}; use roles of one partition",
                from.partition(),
                arn.partition(),
            );
            self.problem(at, message);
        }
    }

    /// Names of roles are unique in an account, so of two paths for one role one is
    /// wrong, and AWS STS finds no role by it.
    fn one_way_to_write(
        &mut self,
        at: Position,
        from: &RoleArn,
        lists: [&[RoleArn]; 2],
        profiles: &[ExtraProfile],
    ) {
        let mut written: HashMap<_, &RoleArn> = HashMap::new();
        let others = lists.into_iter().flatten();
        let others = others.chain(profiles.iter().map(|profile| &profile.role));
        for arn in std::iter::once(from).chain(others) {
            let first = *written.entry(arn.role()).or_insert(arn);
            if first != arn && first.partition() == arn.partition() {
                let message = format!(
                    "this chain writes one role in two ways, `{first}` and `{arn}`; write its path the same each time"
                );
                return self.problem(at, message);
            }
        }
    }

    /// A region of the chain's partition: the endpoints of another know no such role.
    fn region(&mut self, Given(text): Given<Text<Region>>, from: &RoleArn) -> Option<String> {
        let text = text?;
        let at = text.at;
        let region = self.text(text)?;
        let partition = partition_of(&region);
        if partition != from.partition() {
            let message = format!(
                "`{region}` is a region of the partition {partition}, and the chain's roles are in {}; use a region of that",
                from.partition()
            );
            self.problem(at, message);
        }
        Some(region)
    }

    fn hops(
        &mut self,
        Given(hops): Given<At<Vec<Text<ExactRole>>>>,
        from: Option<&RoleArn>,
    ) -> Vec<RoleArn> {
        let Some(hops) = hops else { return Vec::new() };
        if hops.value.len() > MOST_HOPS {
            let message = format!("a chain has at most {MOST_HOPS} hops; remove some");
            self.problem(hops.at, message);
        }
        self.arns(hops.value, from)
    }

    fn default_role(
        &mut self,
        Given(text): Given<Text<ExactRole>>,
        to: &[RoleArn],
    ) -> Option<RoleArn> {
        let text = text?;
        let at = text.at;
        let arn = self.text(text)?;
        // The entry itself: of two paths for one role, `to` says the right one.
        let mut listed = to.iter();
        let same = |listed: &&RoleArn| {
            listed.role() == arn.role() && listed.partition() == arn.partition()
        };
        let entry = listed.find(same).cloned();
        if entry.is_none() {
            self.problem(at, "the default role is not in `to`; add it there");
        }
        entry
    }

    fn session_duration(&mut self, Given(seconds): Given<At<Seconds>>) -> Option<u16> {
        let At {
            value: Seconds(value),
            at,
        } = seconds?;
        let seconds = u16::try_from(value)
            .ok()
            .filter(|seconds| (900..=3600).contains(seconds));
        if seconds.is_none() {
            let message = "STS allows 900 to 3600 seconds for a chained session; write a number in that range";
            self.problem(at, message);
        }
        seconds
    }

    fn check_own_token(
        &mut self,
        at: Position,
        mode: ChainMode,
        token: TokenSource,
        has_region: bool,
    ) {
        if token != TokenSource::Own {
            return;
        }
        if mode == ChainMode::PodIdentity {
            self.problem(
                at,
                "`mode: pod-identity` gets credentials from the EKS Pod Identity agent and uses no token; remove `token: own` or choose another mode",
            );
        }
        if !has_region {
            let message = "`token: own` without `region`: boto3 and the AWS CLI find no region for STS unless EKS's webhook writes one into the pod";
            self.warn(Level::Warning, Some(at), message);
        }
    }

    fn containers(&mut self, Given(list): Given<At<Vec<Text<ChainedContainer>>>>) -> Vec<String> {
        match list {
            Some(list) => self.filled(
                list,
                "the list is empty, so no container would get the profile; remove `containers` to use Spark's containers",
            ),
            None => Chain::spark_containers(),
        }
    }

    fn profiles(
        &mut self,
        entries: Vec<ProfileEntry>,
        from: Option<&RoleArn>,
    ) -> Vec<ExtraProfile> {
        let mut profiles: Vec<ExtraProfile> = Vec::with_capacity(entries.len());
        let mut names = HashSet::with_capacity(entries.len());
        for entry in entries {
            let (at, role_at) = (entry.name.at, entry.role.at);
            let (name, role) = (self.text(entry.name), self.text(entry.role));
            if let Some(role) = &role {
                self.one_partition(role_at, role, from);
            }
            let external_id = entry.external_id.0.and_then(|text| self.text(text));
            let (Some(name), Some(role)) = (name, role) else {
                continue;
            };
            if !names.insert(name.clone()) {
                let message = format!("there is already a profile `{name}`; rename one of the two");
                self.problem(at, message);
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

/// The partition of a region, from the endpoint data of botocore.
fn partition_of(region: &str) -> &'static str {
    const BEGINNINGS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    let mut known = BEGINNINGS.into_iter();
    let found = known.find(|(beginning, _)| region.starts_with(beginning));
    found.map_or("aws", |(_, partition)| partition)
}
