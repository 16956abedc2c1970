//! # trust-policy
//!
//! Finds execution roles whose trust policies let in more than the policy means.
//!
//! ## What it finds
//!
//! Of the trust policies that `--trust` names: service accounts that can become a role
//! although they are not those of the role's own jobs, or although the policy does not let
//! the role run in their namespace. The service accounts of the cluster count, those of the
//! policy's jobs, and names that a tenant could create.
//!
//! ## Why
//!
//! AWS STS decides by the trust policy alone. Where it admits `emr-containers-sa-*`, every
//! job is every role, and no Kubernetes request is there to be denied.
//!
//! ## What to do instead
//!
//! `rolegate iam lint` prints the corrected statement, and
//! `rolegate iam render execution-role-trust` the whole document.
//!
//! ## What it does not see
//!
//! EKS Pod Identity associations, which are in AWS, and roles that `--trust` does not name.

use std::collections::BTreeMap;

use crate::facts::Addressee;
use crate::iam::{Account, Trust, Way, World, accounts_of, who_can_assume};
use crate::policy::{About, Severity};
use crate::rules::{Advice, Finding};

use super::{MOST, Place, Told};

pub(super) static ABOUT: About = About::new(
    "trust-policy",
    Severity::Critical,
    include_str!("trust_policy.rs"),
);

static ADVICE: Advice = Advice {
    why: "AWS STS decides by the trust policy alone who becomes the role",
    instead: &[(
        &Addressee::ALL,
        "narrow its `sub`: `rolegate iam lint` prints the corrected statement",
    )],
    source: "Amazon EMR on EKS: update the trust policy of the job execution role",
};

/// A finding for each role that others can become. `accounts` are those of the cluster.
#[must_use]
pub fn trust_policies(trusts: &[Trust], accounts: &[Account], world: &World<'_>) -> Vec<Told> {
    let mut all = accounts_of(trusts, world);
    all.extend(accounts.iter().cloned());
    all.sort();
    all.dedup();
    let mut strangers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for way in who_can_assume(trusts, &all, world) {
        if Way::is_strange(&way) {
            let account = format!("{}/{}", way.account.namespace, way.account.name);
            let known = strangers.entry(way.role.to_string()).or_default();
            if !known.contains(&account) {
                known.push(account);
            }
        }
    }
    let told = strangers.into_iter().map(|(role, accounts)| {
        let more = match accounts.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = accounts.iter().take(MOST).cloned();
        let names: Vec<String> = first.collect();
        let act = format!(
            "service accounts that the policy does not mean can become it: {}{more}",
            names.join(", ")
        );
        Told {
            place: Place {
                group: "iam".to_owned(),
                resource: "roles".to_owned(),
                namespace: String::new(),
                name: role,
            },
            finding: Finding::new(&ABOUT, &ADVICE, act),
        }
    });
    told.collect()
}
