//! From a file's text to a policy: shape first, then meaning, and every
//! problem that can be found in one go.

mod clusters;
mod exemptions;
mod identities;
mod rules;

use std::sync::Arc;

use jiff::Timestamp;

use super::about::RuleList;
use super::cluster::VirtualClusters;
use super::file::{AuthorizeEntry, DoorsEntry, File, Given, Head};
use super::messages;
use super::{
    Doors, Policy, PolicyError, PolicyHash, PolicyWarning, Position, Problem, Reader, RuleId,
    RuleSettings, Strictness,
};

/// The longest file taken, in bytes: 1 MiB is some ten thousand namespaces.
pub(super) const LONGEST: usize = 1 << 20;

impl Policy {
    /// Reads a policy file's text; `source` names it in messages, and `now`
    /// decides which exemptions are over or end too far ahead. `R` is the list
    /// of rules; `Policy::parse` is this for the rules of this version.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the content, or the first thing that is
    /// wrong with the shape.
    pub fn parse_for<R: RuleList>(
        source: &str,
        text: &str,
        now: Timestamp,
        strictness: Strictness,
    ) -> Result<(Self, Vec<PolicyWarning>), PolicyError> {
        let refuse = |problem: Problem| PolicyError {
            source: source.to_owned(),
            problems: vec![problem],
        };
        let file = shape::<R>(text).map_err(refuse)?;
        let mut reader = Reader::new(now, strictness, rule_ids::<R>());
        let policy = reader.policy(file, PolicyHash::of(text.as_bytes()));
        let Reader {
            mut problems,
            mut warnings,
            ..
        } = reader;
        if problems.is_empty() {
            warnings.sort_by_key(|warning| std::cmp::Reverse(warning.level));
            Ok((policy, warnings))
        } else {
            problems.sort_by_key(|problem| problem.at);
            // A bad text behind an alias is met once for each use.
            problems.dedup();
            Err(PolicyError {
                source: source.to_owned(),
                problems,
            })
        }
    }
}

/// Reads the text as YAML of the right shape.
fn shape<R: RuleList>(text: &str) -> Result<File<R>, Problem> {
    let at_start = |message: &str| Problem {
        at: Position::START,
        message: message.to_owned(),
    };
    if text.len() > LONGEST {
        return Err(at_start(
            "the file is longer than the 1 MiB a policy may have; make it shorter",
        ));
    }
    let head: Head = yaml(text)?;
    let Head {
        api_version: Given(Some(version)),
        kind: Given(Some(kind)),
    } = head
    else {
        return Err(at_start(
            "the file does not say that it is a policy; start it with `apiVersion: rolegate.dev/v1alpha1` and `kind: Policy`",
        ));
    };
    version.into_value()?;
    kind.into_value()?;
    yaml(text)
}

/// One document, with limits far above any real policy and far below what
/// would be felt. Texts that YAML could take for numbers want quotes, so that
/// the JSON Schema and this reader agree on every file.
fn yaml<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            // Two, so that the second is told apart from a file that is too large.
            max_documents: 2,
            max_nodes: 200_000,
            max_total_scalar_bytes: LONGEST,
            max_aliases: 1_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 1_000,
        },
        strict_booleans: true,
        no_schema: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| messages::problem(&error))
}

impl Reader {
    fn policy<R: RuleList>(&mut self, file: File<R>, hash: PolicyHash) -> Policy {
        let identities = self.identities(file.identities);
        let given = self.rules(file.rules);
        let mut policy = Policy {
            hash,
            emr_service: identities.emr_service,
            admins: identities.admins,
            platform: identities.platform,
            operators: identities.operators,
            doors: doors(file.doors),
            rules: RuleSettings::default(),
            exemptions: self.exemptions(file.exemptions),
            clusters: VirtualClusters::new(self.clusters(file.virtual_clusters)),
        };
        let modes = given.modes;
        policy.rules.options = given.options.into_iter().map(Arc::from).collect();
        self.notes::<R>(&policy, &modes);
        policy.rules.modes = policy.effective_modes(R::ABOUT, &modes);
        policy.rules.planned = R::PLANNED;
        policy
    }
}

/// The rules that a file may name.
fn rule_ids<R: RuleList>() -> Vec<RuleId> {
    let known = R::ABOUT.iter().map(|about| about.id);
    known.chain(R::PLANNED.iter().copied()).collect()
}

fn doors(Given(doors): Given<DoorsEntry>) -> Doors {
    let unsaid = Doors::default();
    let Some(DoorsEntry { cluster, authorize }) = doors else {
        return unsaid;
    };
    let scoped = authorize
        .0
        .and_then(|AuthorizeEntry { cluster_scoped }| cluster_scoped.0);
    Doors {
        cluster: cluster.0.unwrap_or(unsaid.cluster),
        authorize_cluster_scoped: scoped.unwrap_or(unsaid.authorize_cluster_scoped),
    }
}
