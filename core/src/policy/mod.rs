//! The policy: identities, the mode and options of each rule, exemptions, and the
//! settings per namespace.
//!
//! A file is parsed once into types that cannot hold an invalid ARN, a pattern
//! that matches every user, or a reserved name. The rest of the engine uses
//! [`Policy`] without further checks. This module does no I/O and reads no clock.

pub(crate) mod about;
mod accounts;
mod builtin;
mod chain;
mod cluster;
mod doors;
mod exemption;
mod file;
mod fixed;
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

pub use about::{About, Needed, Notes, RuleEntry, RuleList, RuleOptions};
pub use accounts::Grant;
pub use chain::{Chain, ChainMode, ExtraProfile, OwnSettings, TokenSource};
pub use cluster::{CrossRole, Submitter, VirtualCluster, VirtualClusters};
pub use doors::Doors;
pub use exemption::Exemption;
pub use fixed::Fixed;
pub use hash::PolicyHash;
pub use identity::{
    EmrComponent, EmrService, FixedServiceAccount, Operator, Subjects, WorkloadKind,
};
pub use mode::Mode;
pub use mode_only::ModeOnly;
pub use platform::{Capabilities, Capability, Platform, TokenGrant};
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

use accounts::Accounts;

/// A valid policy, from a file or built in.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Identifies the exact text of the policy.
    pub hash: PolicyHash,
    pub emr_service: EmrService,
    /// Users that no rule limits; their requests are recorded.
    pub admins: Subjects,
    /// Cluster software: the built-in table and the entries of the file.
    pub platform: Vec<Platform>,
    /// Controllers that start jobs for users.
    pub operators: Vec<Operator>,
    pub doors: Doors,
    pub rules: RuleSettings,
    pub exemptions: Vec<Exemption>,
    /// The settings per namespace; a namespace is in one entry at most.
    pub clusters: VirtualClusters,
    /// The service accounts that all of these name.
    accounts: Accounts,
}

/// How an exemption that ends too far ahead is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// By `policy check` and on reload: as an error, because someone can fix the file.
    Check,
    /// At start: it has no effect. A restart must not fail because of a date.
    Start,
}

impl Policy {
    /// The rule's mode, before the limit of the scope. An unknown rule is enforced.
    #[must_use]
    pub fn mode(&self, rule: RuleId) -> Mode {
        let mut modes = self.rules.modes.iter();
        modes
            .find(|(about, _)| about.id == rule)
            .map_or(Mode::Enforce, |(_, mode)| *mode)
    }

    /// A rule's options; `None` if the file sets none.
    #[must_use]
    pub fn options<T: RuleOptions>(&self) -> Option<&T> {
        let mut options = self.rules.options.iter();
        options.find_map(|options| (&**options as &dyn std::any::Any).downcast_ref())
    }

    /// The settings of a namespace: its entry, or the built-in one.
    #[must_use]
    pub fn tenancy(&self, namespace: &str) -> &VirtualCluster {
        self.clusters.of(namespace)
    }

    /// The add-on of the built-in table to which this username would belong if the
    /// policy named the add-on under `addOns`.
    #[must_use]
    pub fn unnamed_add_on(&self, username: &str) -> Option<&'static str> {
        let add_on = platform_table::add_on_of(username)?;
        let mut users = self.platform.iter().flat_map(|entry| &entry.users);
        (!users.any(|user| user == username)).then_some(add_on)
    }

    /// The entry that this username would have if the policy named that add-on.
    #[must_use]
    pub fn unnamed_entry(&self, username: &str) -> Option<Platform> {
        let add_on = self.unnamed_add_on(username)?;
        let mut entries = platform_table::platform(&[add_on]).into_iter();
        entries.find(|entry| entry.users.iter().any(|user| user == username))
    }
}
