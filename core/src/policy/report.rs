//! The text that `rolegate policy check` prints for a valid policy.

use std::fmt::{self, Display, Formatter};

use jiff::{SignedDuration, Timestamp};

use super::about::Needed;
use super::platform_table;
use super::{Exemption, Policy, PolicyWarning, VirtualCluster};
use crate::names::SERVICE_ACCOUNT_PREFIX;
use crate::policy::Mode;

/// Reports what is in effect: the identities, each rule's mode, the settings per
/// namespace, the exemptions with the days they have left, and the warnings.
#[must_use]
pub fn check_report(
    source: &str,
    policy: &Policy,
    warnings: &[PolicyWarning],
    now: Timestamp,
) -> String {
    Report {
        source,
        policy,
        warnings,
        now,
    }
    .to_string()
}

struct Report<'a> {
    source: &'a str,
    policy: &'a Policy,
    warnings: &'a [PolicyWarning],
    now: Timestamp,
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: policy {}", self.source, self.policy.hash)?;
        self.identities(f)?;
        self.rules(f)?;
        self.clusters(f)?;
        self.exemptions(f)?;
        writeln!(
            f,
            "\nThe cluster\n  What rules ask of the cluster beside the policy depends on rolegate's rights there \
             (manifests/lookups, manifests/view).\n  Where it has none, /readyz, the metric \
             rolegate_view_state and the audit annotation `skipped` say what is not known."
        )?;
        if !self.warnings.is_empty() {
            writeln!(f, "\nNotes and warnings")?;
        }
        self.warnings
            .iter()
            .try_for_each(|warning| writeln!(f, "  {warning}"))
    }
}

impl Report<'_> {
    fn identities(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Policy {
            emr_service,
            admins,
            platform,
            operators,
            ..
        } = self.policy;
        writeln!(f, "\nIdentities")?;
        let roles = if emr_service.roles.is_empty() {
            "not pinned to a role ARN".to_owned()
        } else {
            format!("only as {}", joined(&emr_service.roles))
        };
        writeln!(f, "  Amazon EMR: {}; {roles}", joined(&emr_service.users))?;
        for component in &emr_service.components {
            let kinds = component.kinds.iter().map(|kind| kind.as_str());
            let kinds: Vec<_> = kinds.collect();
            writeln!(f, "    starts {} by {}", component.name, kinds.join(", "))?;
        }
        let (users, groups) = (joined(&admins.users), joined(&admins.groups));
        writeln!(f, "  admins: users {users}; groups {groups}")?;
        for operator in operators {
            writeln!(
                f,
                "  operator {}/{}: {}",
                operator.namespace,
                operator.name,
                joined(&operator.roles)
            )?;
            for account in &operator.job_service_accounts {
                let place = match account.namespaces.as_slice() {
                    [] => String::new(),
                    namespaces => format!(" in {}", joined(namespaces)),
                };
                writeln!(
                    f,
                    "    job service account {}{place} has the role {}",
                    account.name, account.role
                )?;
            }
        }
        for row in platform {
            let accounts: Vec<_> = row
                .users
                .iter()
                .map(|user| user.strip_prefix(SERVICE_ACCOUNT_PREFIX).unwrap_or(user))
                .collect();
            let (accounts, may, source) = (accounts.join(", "), row.capabilities, &row.source);
            let name = row
                .add_on
                .map_or_else(|| "platform".to_owned(), |name| format!("add-on {name}"));
            writeln!(f, "  {name} {accounts}: {may} ({source})")?;
            for grant in &row.tokens {
                writeln!(
                    f,
                    "    tokens of {} in {} for {}",
                    joined(&grant.service_accounts),
                    joined(&grant.namespaces),
                    joined(&grant.audiences)
                )?;
            }
        }
        let counted = |name: &&str| {
            let mut accounts = platform.iter().filter(|row| row.add_on == Some(*name));
            accounts.any(|row| {
                !row.users
                    .iter()
                    .all(|user| platform_table::always_counts(user))
            })
        };
        let missing: Vec<_> = platform_table::optional()
            .filter(|name| !counted(name))
            .collect();
        if !missing.is_empty() {
            writeln!(
                f,
                "  not counted outside kube-system, because `addOns` does not name them: {}",
                joined(&missing)
            )?;
        }
        Ok(())
    }

    fn rules(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nRules (the mode label of a namespace can only weaken them)"
        )?;
        let rules = &self.policy.rules;
        for (about, mode) in &rules.modes {
            let missing = |needed: Needed| !(needed.is_there)(self.policy);
            let why = if about.needs.is_some_and(missing) {
                "  not configured"
            } else if *mode == Mode::Off {
                "  set in the policy"
            } else {
                ""
            };
            writeln!(f, "  {:<24} {mode}{why}", about.id)?;
        }
        for rule in rules.planned {
            writeln!(f, "  {rule:<24} off  not in this version; no effect")?;
        }
        let doors = self.policy.doors;
        writeln!(f, "  cluster-scoped objects: {}", doors.cluster)?;
        writeln!(
            f,
            "  authorization without a namespace: {}  where the API server asks rolegate (docs/authorization.md)",
            doors.authorize_cluster_scoped
        )
    }

    fn clusters(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nNamespaces")?;
        for cluster in self.policy.clusters.iter() {
            writeln!(f, "  {}", cluster.namespaces.join(", "))?;
            cluster_lines(cluster, f)?;
        }
        writeln!(f, "  other labelled namespaces: no submitters, no chains")
    }

    fn exemptions(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let exemptions = &self.policy.exemptions;
        if !exemptions.is_empty() {
            writeln!(f, "\nExemptions")?;
        }
        for exemption in exemptions {
            let Exemption {
                rules,
                users,
                namespaces,
                reason,
                ..
            } = exemption;
            let (rules, users, namespaces) = (joined(rules), joined(users), joined(namespaces));
            writeln!(
                f,
                "  {rules} for {users} in {namespaces}: {}; {reason}",
                days_left(exemption, self.now)
            )?;
        }
        Ok(())
    }
}

fn cluster_lines(cluster: &VirtualCluster, f: &mut Formatter<'_>) -> fmt::Result {
    if cluster.execution_roles.is_empty() {
        writeln!(f, "    execution roles: any")?;
    } else {
        writeln!(
            f,
            "    execution roles: {}",
            joined(&cluster.execution_roles)
        )?;
    }
    for entry in &cluster.submitters {
        writeln!(
            f,
            "    submitters: users {}; groups {}",
            joined(&entry.who.users),
            joined(&entry.who.groups)
        )?;
        writeln!(f, "      jobs as {}", joined(&entry.roles))?;
        writeln!(f, "      pods as {}", joined(&entry.service_accounts))?;
        writeln!(
            f,
            "      ConfigMaps {}; Secrets {}",
            joined(&entry.config_maps),
            joined(&entry.secrets)
        )?;
        if entry.exec {
            writeln!(f, "      exec into their own pods")?;
        }
    }
    for pair in &cluster.cross_roles {
        writeln!(
            f,
            "    jobs in {} with the role {} may start pods with the role {}",
            pair.namespace, pair.from, pair.to
        )?;
    }
    for chain in &cluster.chains {
        let required = if chain.required { ", required" } else { "" };
        let default = chain
            .default
            .as_ref()
            .map_or_else(String::new, |arn| format!(", default {arn}"));
        writeln!(
            f,
            "    chain ({}{required}): {} to {}{default}",
            chain.mode.as_str(),
            chain.from.role(),
            joined(&chain.to)
        )?;
    }
    Ok(())
}

fn days_left(exemption: &Exemption, now: Timestamp) -> String {
    const DAY: i64 = 24 * 60 * 60;
    let left: SignedDuration = exemption.until.duration_since(now);
    if exemption.too_far(now) {
        "ends more than 90 days ahead; no effect yet".to_owned()
    } else if exemption.in_force(now) {
        // Rounded up: an exemption that ends tonight has one day left.
        let days = (left.as_secs() + DAY - 1) / DAY;
        format!("{days} {} left", if days == 1 { "day" } else { "days" })
    } else {
        "ended".to_owned()
    }
}

fn joined<T: Display>(list: &[T]) -> String {
    if list.is_empty() {
        return "none".to_owned();
    }
    list.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
