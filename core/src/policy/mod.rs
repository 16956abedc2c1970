//! The policy file: who is who, which rules hold how strictly, and what each
//! namespace allows.
//!
//! A file is read once, at the edge, into types that can not hold a bad ARN, a
//! pattern that matches everybody or a reserved name; everything behind it asks
//! [`Policy`] and checks nothing again. Nothing here touches a file or a clock.

mod builtin;
mod chain;
mod cluster;
mod exemption;
mod file;

mod hash;
mod identity;
mod messages;
mod names;
mod platform;
mod platform_table;
mod problem;
mod read;
mod report;

mod identity_kinds;
mod mode;
mod rule_id;
mod schema;
mod settings;
mod store;

pub use chain::{Chain, ChainMode, ExtraProfile, OwnSettings, TokenSource};
pub use cluster::{CrossRole, Submitter, VirtualCluster};
pub use exemption::Exemption;

pub use hash::PolicyHash;
pub use identity::{EmrService, FixedServiceAccount, Operator, Subjects};
pub use platform::{Capabilities, Capability, Platform};
pub use problem::{Level, PolicyError, PolicyWarning, Position, Problem};
pub use report::check_report;

pub use schema::json_schema;
pub use settings::{Cidr, CredentialProvider, Doors, EndpointExposure, ImageSource, RuleSettings};
pub use store::{PolicyStore, ReloadOutcome};

pub use mode::Mode;
pub use rule_id::{RuleId, UnknownRule};

/// A whole policy, checked: one file, or the built-in one.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub clusters: Vec<VirtualCluster>,
    /// What a labelled namespace gets that no entry names.
    default_tenancy: VirtualCluster,
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
    /// The rule's own mode; a door's ceiling comes on top. What the file does
    /// not say is `enforce`, but `warn` for `job-lifecycle`, and `off` for a
    /// rule that has nothing to compare with until the policy gives it a list.
    #[must_use]
    pub fn mode(&self, rule: RuleId) -> Mode {
        if !self.is_configured(rule) {
            return Mode::Off;
        }
        let unsaid = if rule == RuleId::JobLifecycle {
            Mode::Warn
        } else {
            Mode::Enforce
        };
        self.rules.modes.get(&rule).copied().unwrap_or(unsaid)
    }

    /// Whether the rule has what it compares with.
    #[must_use]
    pub fn is_configured(&self, rule: RuleId) -> bool {
        match rule {
            RuleId::ExecutionRole => self
                .clusters
                .iter()
                .any(|cluster| !cluster.execution_roles.is_empty()),
            RuleId::ImageSource => self.rules.image_source != ImageSource::default(),
            RuleId::ChainProfile => self
                .clusters
                .iter()
                .any(|cluster| !cluster.chains.is_empty()),
            _ => true,
        }
    }

    /// What holds in a namespace: its entry, else the built-in one.
    #[must_use]
    pub fn tenancy(&self, namespace: &str) -> &VirtualCluster {
        self.clusters
            .iter()
            .find(|cluster| cluster.namespaces.iter().any(|own| own == namespace))
            .unwrap_or(&self.default_tenancy)
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
