//! Which service accounts can become which roles: through IRSA, through EKS Pod Identity,
//! and from role to role.

use std::collections::BTreeSet;

use super::condition::Context;
use super::document::{Document, Principals};
use super::evaluate::{Caller, Request};
use super::world::{ASSUME, Whose, World};
use crate::names::RoleArn;

/// A role with its trust policy.
#[derive(Clone, Debug)]
pub struct Trust {
    pub role: RoleArn,
    pub document: Document,
}

/// A service account of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub namespace: String,
    pub name: String,
}

/// How a service account becomes a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    Irsa,
    /// If an association is made for the service account.
    PodIdentity,
    /// From these roles, the first of which the service account becomes directly. `true`:
    /// a trust policy on the way names an account, so the role before it needs a policy
    /// that allows it.
    Chain(Vec<RoleArn>, bool),
}

/// A service account that can become a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    pub role: RoleArn,
    pub account: Account,
    pub whose: Whose,
    /// Who may submit jobs under the account.
    pub tenants: Vec<String>,
    pub via: Via,
    /// Whether the policy lets the role's jobs run in the namespace; `None` for a role that
    /// it lists nowhere.
    pub meant: Option<bool>,
}

impl Way {
    /// Whether the policy does not mean it: another service account than those of the
    /// role's own jobs, or a namespace in which it does not let the role run. Chains are
    /// judged by their first role.
    #[must_use]
    pub fn is_strange(&self) -> bool {
        !matches!(self.via, Via::Chain(..))
            && (self.whose != Whose::Own || self.meant == Some(false))
    }
}

/// Chains longer than this are not followed.
const MOST_HOPS: usize = 8;

/// The accounts that these trust policies admit, where no cluster's are known: those of
/// the policy's jobs, and made-up ones that stand for what a tenant could create.
#[must_use]
pub fn accounts_of(trusts: &[Trust], world: &World<'_>) -> Vec<Account> {
    let admitted = trusts
        .iter()
        .flat_map(|trust| world.admitted(&trust.document, trust.role.role()));
    let mut accounts: Vec<_> = admitted
        .map(|one| Account {
            namespace: one.namespace,
            name: one.name,
        })
        .collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

/// Every way, in the order of roles and accounts.
#[must_use]
pub fn who_can_assume(trusts: &[Trust], accounts: &[Account], world: &World<'_>) -> Vec<Way> {
    let mut ways = BTreeSet::new();
    for account in accounts {
        let mut reached: Vec<(&Trust, Vec<RoleArn>, bool)> = Vec::new();
        for trust in trusts {
            for via in [Via::Irsa, Via::PodIdentity] {
                let becomes = match via {
                    Via::Irsa => world.by_token(&trust.document, &account.namespace, &account.name),
                    _ => world.by_pod_identity(&trust.document, &account.namespace, &account.name),
                };
                if becomes {
                    ways.insert(way(trust, account, via, world));
                    if !reached
                        .iter()
                        .any(|(known, ..)| known.role.is_same(&trust.role))
                    {
                        reached.push((trust, Vec::new(), false));
                    }
                }
            }
        }
        // Breadth first, so that each role is reached by its shortest chain.
        let mut next = 0;
        while let Some((from, path, needs)) = reached.get(next).cloned() {
            next += 1;
            if path.len() >= MOST_HOPS {
                continue;
            }
            for trust in trusts {
                if reached
                    .iter()
                    .any(|(known, ..)| known.role.is_same(&trust.role))
                {
                    continue;
                }
                let Some(by_account) = assumes(&from.role, trust) else {
                    continue;
                };
                let mut path = path.clone();
                path.push(from.role.clone());
                let needs = needs || by_account;
                ways.insert(way(trust, account, Via::Chain(path.clone(), needs), world));
                reached.push((trust, path, needs));
            }
        }
    }
    ways.into_iter().collect()
}

fn way(trust: &Trust, account: &Account, via: Via, world: &World<'_>) -> Way {
    let role = trust.role.role();
    let runs = world.namespaces_of(role);
    Way {
        role: trust.role.clone(),
        account: account.clone(),
        tenants: world.tenants(&account.namespace, &account.name),
        whose: world.whose(&account.namespace, &account.name, role),
        via,
        meant: (!runs.is_empty()).then(|| runs.contains(&account.namespace)),
    }
}

/// Whether a session of a role can assume another one by its trust policy, with the
/// external id that the policy asks for; `Some(true)` if only because it names the account.
fn assumes(from: &RoleArn, trust: &Trust) -> Option<bool> {
    let mut context = Context::default()
        .with("aws:PrincipalArn", [from.as_str()])
        .with("aws:PrincipalAccount", [from.role().account.as_str()])
        .in_any_circumstances();
    // A job can send any external id that it has read somewhere.
    for condition in trust
        .document
        .statements
        .iter()
        .flat_map(|statement| &statement.conditions)
    {
        if condition.key.eq_ignore_ascii_case("sts:ExternalId") {
            let value = condition
                .values
                .first()
                .map(|value| value.replace(['*', '?'], "x"));
            context = context.with(&condition.key, value.as_deref());
        }
    }
    let request = Request {
        caller: Caller::Role(from, "session"),
        action: ASSUME,
        resource: None,
        context,
    };
    let super::evaluate::Answer::Allowed(number) = trust.document.answer(&request) else {
        return None;
    };
    let statement = trust.document.statements.get(number)?;
    let named = match &statement.principal {
        Principals::Only(listed) => listed.iter().any(|one| one.value == from.as_str()),
        Principals::None | Principals::AllBut(_) => false,
    };
    Some(!named)
}
