//! Parses a file's text into a policy: first the shape, then the values. Reports
//! every problem with the values in one run.

mod accounts;
mod chains;
mod clusters;
mod exemptions;
mod identities;
mod mend;
mod rules;

use std::sync::Arc;

use jiff::Timestamp;

use super::about::RuleList;
use super::accounts::Accounts;
use super::cluster::VirtualClusters;
use super::file::{DoorsEntry, File, Given, Head, Text};
use super::messages::{self, Blame};
use super::names::{ApiVersion, PolicyKind};
use super::{
    Doors, Level, Policy, PolicyError, PolicyHash, PolicyWarning, Position, Problem, Reader,
    RuleId, RuleSettings, Strictness,
};
use mend::Mended;

/// The size limit of a file in bytes. 1 MiB holds about ten thousand namespaces.
pub(super) const LONGEST: usize = 1 << 20;

impl Policy {
    /// Parses a policy file's text. `source` names the file in messages; `now`
    /// decides which exemptions have ended or end too far ahead. `R` is the list
    /// of rules; `Policy::parse` uses the rules of this version.
    ///
    /// # Errors
    ///
    /// Every problem that can be found: those behind a value of a wrong shape too, unless
    /// they may only follow from it.
    pub fn parse_for<R: RuleList>(
        source: &str,
        text: &str,
        now: Timestamp,
        strictness: Strictness,
    ) -> Result<(Self, Vec<PolicyWarning>), PolicyError> {
        let refuse = |mut problems: Vec<Problem>, mut warnings: Vec<PolicyWarning>| {
            problems.sort_by_key(|problem| problem.at);
            // A bad text with an anchor is found once per alias.
            problems.dedup();
            warnings.sort_by_key(|warning| warning.at);
            warnings.dedup();
            PolicyError {
                source: source.to_owned(),
                problems,
                warnings,
            }
        };
        let hash = PolicyHash::of(text.as_bytes());
        let text = without_end(text);
        head(text).map_err(|problems| refuse(problems, Vec::new()))?;
        let Shape {
            file,
            mut problems,
            mended,
        } = shape::<R>(text);
        let Some(file) = file else {
            return Err(refuse(problems, Vec::new()));
        };
        let mut reader = Reader::new(now, strictness, rule_ids::<R>());
        let policy = reader.policy(file, hash);
        let Reader {
            problems: mut found,
            mut texts,
            mut warnings,
            ..
        } = reader;
        if let Some(mended) = mended {
            found.retain(|problem| !mended.is_wounded(problem.at));
            texts.retain(|problem| !mended.is_quoted(problem.at));
            warnings.retain(|warning| !warning.at.is_some_and(|at| mended.is_wounded(at)));
        }
        problems.extend(found);
        problems.extend(texts);
        if problems.is_empty() {
            warnings.sort_by_key(|warning| std::cmp::Reverse(warning.level));
            Ok((policy, warnings))
        } else {
            // What is off or missing may only follow from a problem.
            warnings.retain(|warning| warning.level > Level::Note && warning.at.is_some());
            Err(refuse(problems, warnings))
        }
    }
}

/// The most values of a wrong shape that one run looks for.
const MOST_ROUNDS: usize = 20;

/// A file's values, and what is wrong with its shape.
struct Shape<R> {
    /// Without the values of a wrong shape; `None` where too little is left.
    file: Option<File<R>>,
    problems: Vec<Problem>,
    /// The text without the values of a wrong shape, if there are any.
    mended: Option<Mended>,
}

/// Reads the text as YAML of the right shape, as far as it has one.
fn shape<R: RuleList>(text: &str) -> Shape<R> {
    let mut problems = Vec::new();
    let mut mended: Option<Mended> = None;
    for _ in 0..MOST_ROUNDS {
        let rest = mended.as_ref().map(Mended::text);
        let error = match parse(rest.as_deref().unwrap_or(text)) {
            Ok(file) => {
                let file = Some(file);
                return Shape {
                    file,
                    problems,
                    mended,
                };
            }
            Err(error) => error,
        };
        let problem = messages::problem(&error);
        let blame = messages::blame(&error);
        let known = mended.as_ref().zip(blame);
        if !known.is_some_and(|(mended, blame)| mended.follows(problem.at, blame)) {
            // An error that is not about a shape, in a text that was changed, may only
            // follow from the change.
            if blame.is_some() || mended.is_none() {
                problems.push(problem.clone());
            }
        }
        let mended = mended.get_or_insert_with(|| {
            let mut mended = Mended::of(text);
            // First, because what is taken out may be one of the two.
            for (key, at) in mended.twice() {
                let message = messages::twice(&key);
                problems.push(Problem { at, message });
                mended.take_out(at, Blame::Key);
            }
            mended
        });
        if !blame.is_some_and(|blame| mended.take_out(problem.at, blame)) {
            break;
        }
    }
    Shape {
        file: None,
        problems,
        mended: None,
    }
}

/// Checks the size, and whether the two keys that start the file are those of a policy of
/// any version. The rest of the problems with them are found with all others.
fn head(text: &str) -> Result<(), Vec<Problem>> {
    let at_start = |message: &str| {
        vec![Problem {
            at: Position::START,
            message: message.to_owned(),
        }]
    };
    if text.len() > LONGEST {
        return Err(at_start(
            "the file is larger than 1 MiB, the limit for a policy; make it smaller",
        ));
    }
    let head: Head = match parse(text) {
        Ok(head) => head,
        // Found again, with the problems behind it.
        Err(error) if messages::blame(&error).is_some() => return Ok(()),
        Err(error) => return Err(vec![messages::problem(&error)]),
    };
    let Head {
        api_version: Given(Some(version)),
        kind: Given(Some(kind)),
    } = head
    else {
        return Err(at_start(
            "`apiVersion` or `kind` is missing; start the file with `apiVersion: rolegate.dev/v1alpha1` and `kind: Policy`",
        ));
    };
    if version.value.starts_with("rolegate.dev/") {
        return Ok(());
    }
    if kind.value == "ConfigMap" {
        return Err(vec![Problem {
            at: kind.at,
            message: "this is a ConfigMap, not a policy; save the text under its `data` in a file of its own, and check that".to_owned(),
        }]);
    }
    let version = Text::<ApiVersion>::of(version).into_value().err();
    let kind = Text::<PolicyKind>::of(kind).into_value().err();
    let problems: Vec<Problem> = version.into_iter().chain(kind).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The text without a line `---` at its end, which begins a document of nothing.
fn without_end(text: &str) -> &str {
    let is_nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        end -= line.len();
        let before = text.get(..end).unwrap_or_default();
        if line.trim_end() == "---" && !before.lines().all(is_nothing) {
            return before;
        }
        if !is_nothing(line) {
            break;
        }
    }
    text
}

/// Parses one document. The limits are far above any real policy and far below
/// a noticeable cost. A text that YAML could read as a number needs quotes, so
/// that the JSON Schema and this reader agree on every file.
fn parse<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            // Two, so that a second document has its own error and is not reported as
            // a file that is too large.
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
    serde_saphyr::from_str_with_options(text, options)
}

impl Reader {
    fn policy<R: RuleList>(&mut self, file: File<R>, hash: PolicyHash) -> Policy {
        self.text(file.api_version);
        self.text(file.kind);
        let identities = self.identities(file.identities);
        let given = self.rules(file.rules);
        let mut policy = Policy {
            hash,
            emr_service: identities.emr_service,
            admins: identities.admins,
            platform: identities.platform,
            operators: identities.operators,
            doors: Self::doors(file.doors),
            rules: RuleSettings::default(),
            exemptions: self.exemptions(file.exemptions),
            clusters: VirtualClusters::new(self.clusters(file.virtual_clusters)),
            accounts: Accounts::default(),
        };
        policy.accounts = Accounts::of(&policy);
        let sure = self.warnings.len();
        self.accounts(&policy);
        if !self.problems.is_empty() || !self.texts.is_empty() {
            // They compare what is left of the file.
            self.warnings.truncate(sure);
        }
        let modes = given.modes;
        policy.rules.options = given.options.into_iter().map(Arc::from).collect();
        self.notes::<R>(&policy, &modes);
        policy.rules.modes = policy.effective_modes(R::ABOUT, &modes);
        policy.rules.planned = R::PLANNED;
        policy
    }

    fn doors(Given(doors): Given<DoorsEntry>) -> Doors {
        let unset = Doors::default();
        let Some(DoorsEntry { cluster, authorize }) = doors else {
            return unset;
        };
        let scoped = authorize.0.and_then(|entry| entry.cluster_scoped.0);
        Doors {
            cluster: cluster.0.unwrap_or(unset.cluster),
            authorize_cluster_scoped: scoped.unwrap_or(unset.authorize_cluster_scoped),
        }
    }
}

/// The ids that a file may name.
fn rule_ids<R: RuleList>() -> Vec<RuleId> {
    let known = R::ABOUT.iter().map(|about| about.id);
    known.chain(R::PLANNED.iter().copied()).collect()
}
