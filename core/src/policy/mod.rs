//! The policy file: who is who, which rules hold how strictly, and what each
//! namespace allows.
//!
//! A file is read once, at the edge, into types that can not hold a bad ARN, a
//! pattern that matches everybody or a reserved name; everything behind it asks
//! [`Policy`] and checks nothing again. Nothing here touches a file or a clock.

pub(crate) mod about;
mod builtin;
mod chain;
mod cluster;
mod doors;
mod exemption;
mod file;
mod hash;
mod identity;
mod identity_kinds;
mod kind;
mod messages;
mod mode;
mod mode_only;
mod names;
mod platform;
mod platform_table;
mod problem;
mod read;
mod reader;
mod report;
mod rule_id;
mod rule_settings;
mod schema;

pub use about::{About, Needed, RuleEntry, RuleList, RuleOptions};
pub use chain::{Chain, ChainMode, ExtraProfile, OwnSettings, TokenSource};
pub use cluster::{CrossRole, Submitter, VirtualCluster, VirtualClusters};
pub use doors::Doors;
pub use exemption::Exemption;
pub use hash::PolicyHash;
pub use identity::{EmrService, FixedServiceAccount, Operator, Subjects};
pub use mode::Mode;
pub use mode_only::ModeOnly;
pub use platform::{Capabilities, Capability, Platform};
pub use problem::{Level, PolicyError, PolicyWarning, Position, Problem};
pub use reader::Reader;
pub use report::check_report;
pub use rule_id::{RuleId, Severity};
pub use rule_settings::RuleSettings;
pub use schema::json_schema_for;

pub(crate) use about::Given as GivenRules;
pub(crate) use file::{Flag, Given, Text};
pub(crate) use kind::Kind;
pub(crate) use names::{glob_of, kind};

/// A whole policy, checked: one file, or the built-in one.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name of the exact text it came from.
    pub hash: PolicyHash,
    /// Amazon EMR.
    pub emr_service: EmrService,
    /// Who may do everything, recorded.
    pub admins: Subjects,
    /// Cluster software: the built-in table and the file's own entries.
    pub platform: Vec<Platform>,
    /// Controllers that start jobs.
    pub operators: Vec<Operator>,
    /// Ceilings for requests without a namespace.
    pub doors: Doors,
    /// Modes and options of rules.
    pub rules: RuleSettings,
    /// Leave to do what a rule forbids, for a time.
    pub exemptions: Vec<Exemption>,
    /// What single namespaces allow; no namespace is in two of them.
    pub clusters: VirtualClusters,
}

/// When a policy is read, which decides about exemptions that end too far ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// By `policy check` and on reload: an error, somebody is there to mend it.
    Check,
    /// At start: only that exemption has no effect, since a restart must never
    /// fail on the calendar.
    Start,
}

impl Policy {
    /// The rule's own mode; the scope's ceiling comes on top. A rule that the
    /// policy does not know is enforced.
    #[must_use]
    pub fn mode(&self, rule: RuleId) -> Mode {
        let mut modes = self.rules.modes.iter();
        modes
            .find(|(about, _)| about.id == rule)
            .map_or(Mode::Enforce, |(_, mode)| *mode)
    }

    /// A rule's options, as the file gives them; `None` where it gives none.
    #[must_use]
    pub fn options<T: RuleOptions>(&self) -> Option<&T> {
        let mut options = self.rules.options.iter();
        options.find_map(|options| (&**options as &dyn std::any::Any).downcast_ref())
    }

    /// What holds in a namespace: its entry, else the built-in one.
    #[must_use]
    pub fn tenancy(&self, namespace: &str) -> &VirtualCluster {
        self.clusters.of(namespace)
    }

    /// The operator's entry that gives this service account name a role.
    #[must_use]
    pub fn fixed_service_account(&self, name: &str) -> Option<&FixedServiceAccount> {
        self.operators
            .iter()
            .flat_map(|operator| &operator.job_service_accounts)
            .find(|entry| entry.name == name)
    }
}
