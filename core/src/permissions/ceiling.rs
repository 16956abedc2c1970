//! What may not be granted to a class of requester in a managed namespace.
//!
//! RBAC lets its holders do what admission does not see (reads, impersonation), what
//! admission policies cannot stop (further admission policies), and what AWS's page
//! asks not to grant (exec). Whatever rolegate judges request by request, by its
//! object, may be granted: a team needs `create pods` for its own applications.

use std::collections::BTreeSet;

use crate::facts::Class;
use crate::facts::surface::{self, Row, Verb, Verbs};
use crate::rbac::Rule;

use super::Standing;

/// Verbs on a resource that may not be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    pub row: &'static Row,
    pub verb: Verb,
}

/// Open to whoever holds them, and more than a reader of a namespace has. What
/// Kubernetes' `ClusterRole` `view` gives is not here, although it shows Spark's RPC
/// secret: `rolegate can` lists it.
const GRAVE: [(&str, &str, &str); 21] = [
    ("", "secrets", ""),
    ("", "serviceaccounts", ""),
    ("", "users", ""),
    ("", "groups", ""),
    ("authentication.k8s.io", "uids", ""),
    ("authentication.k8s.io", "userextras", "*"),
    ("authentication.k8s.io", "users", ""),
    ("authentication.k8s.io", "groups", ""),
    ("authentication.k8s.io", "serviceaccounts", ""),
    ("authentication.k8s.io", "nodes", ""),
    ("rbac.authorization.k8s.io", "roles", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies",
        "",
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings",
        "",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
        "",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
        "",
    ),
    ("rolegate.dev", "breakglass", ""),
    ("", "nodes", "log"),
    ("", "nodes", "pods"),
    ("", "nodes", "checkpoint"),
    ("", "nodes", "status"),
];

/// Judged request by request, but the same right opens what is not: the kubelet's own
/// port, webhooks whose writers an admission policy asks for a further right, and what an
/// error shows before admission (a `patch` of a Secret that does not fit it).
const GRAVE_THOUGH_JUDGED: [((&str, &str, &str), Verbs); 4] = [
    (("", "nodes", "proxy"), Verbs::ALL),
    (
        (
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "",
        ),
        Verbs::ALL,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "",
        ),
        Verbs::ALL,
    ),
    (
        ("", "secrets", ""),
        Verbs::of(&[Verb::Patch, Verb::Delete, Verb::DeleteCollection]),
    ),
];

/// Everything that may not be granted to the class; empty for those whom the policy
/// trusts with more. The charts of operators let them read Secrets.
pub fn excesses(class: Class) -> impl Iterator<Item = Excess> {
    surface::rows().flat_map(move |row| {
        let verbs = excess(class, row);
        let verbs = row.verbs.iter().filter(move |verb| verbs.has(*verb));
        verbs.map(move |verb| Excess { row, verb })
    })
}

/// The row of a request for which the class may not hold the permission. Deletions of
/// Secrets are left to the admission policy for Secrets, which asks who may read them.
#[must_use]
pub fn exceeds(
    class: Class,
    group: &str,
    resource: &str,
    subresource: &str,
    verb: Verb,
) -> Option<&'static Row> {
    let row = surface::named(group, resource, subresource, verb)?;
    let deletes = matches!(verb, Verb::Delete | Verb::DeleteCollection);
    let left = deletes && (row.group, row.resource) == ("", "secrets");
    (excess(class, row).has(verb) && !left).then_some(row)
}

/// The verbs of a row that may not be granted to the class.
fn excess(class: Class, row: &Row) -> Verbs {
    let trusted = matches!(
        class,
        Class::System | Class::EmrService | Class::Admin | Class::Platform
    );
    let key = (row.group, row.resource, row.subresource);
    if trusted || class == Class::Operator && key == ("", "secrets", "") {
        return Verbs::NONE;
    }
    match Standing::of(class, row) {
        Standing::Denied(_) => Verbs::ALL,
        Standing::Open { .. } if GRAVE.contains(&key) => Verbs::ALL,
        Standing::Judged(_) => GRAVE_THOUGH_JUDGED
            .iter()
            .find(|(judged, _)| *judged == key)
            .map_or(Verbs::NONE, |(_, verbs)| *verbs),
        Standing::Open { .. } | Standing::Unlimited | Standing::Harmless => Verbs::NONE,
    }
}

/// For which objects rules allow something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover<'r> {
    /// At least one name, or none: nothing is allowed.
    Names(BTreeSet<&'r str>),
    All,
}

impl Excess {
    /// For which objects the rules allow it. `in_cluster` is false for rules that only
    /// a role binding gives: they reach no cluster-scoped object.
    #[must_use]
    pub fn cover<'r>(
        &self,
        rules: impl IntoIterator<Item = &'r Rule>,
        in_cluster: bool,
    ) -> Cover<'r> {
        let mut names = BTreeSet::new();
        if !in_cluster && !self.row.is_in_namespaces(self.verb) {
            return Cover::Names(names);
        }
        for rule in rules {
            if !self.is_in(rule) {
                continue;
            }
            if rule.resource_names.is_empty() {
                return Cover::All;
            }
            // A request for one object only; a collection and a new object have no
            // name.
            let nameless = matches!(self.verb, Verb::DeleteCollection)
                || self.verb == Verb::Create && self.row.subresource.is_empty();
            if !nameless {
                names.extend(rule.resource_names.iter().map(|name| &**name));
            }
        }
        Cover::Names(names)
    }

    fn is_in(&self, rule: &Rule) -> bool {
        let Row {
            group,
            resource,
            subresource,
            ..
        } = self.row;
        let verb = self.verb.as_str();
        // Since Kubernetes 1.35 impersonation has further verbs: impersonate:user-info.
        let restricted =
            |one: &str| self.verb == Verb::Impersonate && one.starts_with("impersonate:");
        let has_verb = |one: &str| one == "*" || one == verb || restricted(one);
        let has_resource = |one: &str| match one.split_once('/') {
            None => one == "*" || subresource.is_empty() && one == *resource,
            Some((main, sub)) => {
                !subresource.is_empty()
                    && (main == "*" || main == *resource)
                    && (sub == *subresource || *subresource == "*")
            }
        };
        rule.verbs.iter().any(|one| has_verb(one))
            && rule
                .api_groups
                .iter()
                .any(|one| &**one == "*" || &**one == *group)
            && rule.resources.iter().any(|one| has_resource(one))
    }
}

impl Cover<'_> {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Names(names) if names.is_empty())
    }

    /// What of it the other does not have.
    #[must_use]
    pub fn without(self, other: &Self) -> Self {
        match (self, other) {
            (_, Self::All) => Self::Names(BTreeSet::new()),
            (Self::All, Self::Names(_)) => Self::All,
            (Self::Names(mut own), Self::Names(other)) => {
                own.retain(|name| !other.contains(name));
                Self::Names(own)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_and_all_are_the_same_table() {
        for class in [Class::Tenant, Class::Job, Class::Operator, Class::Platform] {
            let all: Vec<Excess> = excesses(class).collect();
            for row in surface::rows() {
                for verb in row.verbs.iter() {
                    let one = exceeds(class, row.group, row.resource, row.subresource, verb);
                    let left = matches!(verb, Verb::Delete | Verb::DeleteCollection)
                        && (row.group, row.resource) == ("", "secrets");
                    let expected = all.contains(&Excess { row, verb }) && !left;
                    assert_eq!(one.is_some(), expected, "{row}");
                }
            }
        }
    }

    #[test]
    fn every_key_is_a_row() {
        let judged = GRAVE_THOUGH_JUDGED.iter().map(|(key, _)| key);
        for key in GRAVE.iter().chain(judged) {
            let (group, resource, subresource) = *key;
            assert!(
                surface::rows().any(|row| (row.group, row.resource, row.subresource) == *key),
                "{group} {resource}/{subresource}"
            );
        }
    }

    /// Kubernetes' own roles, by what matters of them.
    #[test]
    fn what_a_rule_gives_a_tenant() {
        let found = |rule: &str, in_cluster: bool| -> Vec<String> {
            let rule: Rule = serde_json::from_str(rule).expect("a rule");
            excesses(Class::Tenant)
                .filter(|excess| !excess.cover([&rule], in_cluster).is_empty())
                .map(|excess| format!("{} {}", excess.verb.as_str(), excess.row))
                .collect()
        };
        let view = r#"{"apiGroups":["","apps","batch"],"resources":["pods","pods/log","configmaps","services","deployments","jobs"],"verbs":["get","list","watch"]}"#;
        assert_eq!(found(view, true), Vec::<String>::new());
        let own = r#"{"apiGroups":["","apps"],"resources":["pods","deployments","services"],"verbs":["*"]}"#;
        assert_eq!(found(own, true), Vec::<String>::new());
        let secrets = r#"{"apiGroups":[""],"resources":["secrets"],"verbs":["get","create"]}"#;
        assert_eq!(found(secrets, false), ["get secrets"]);
        let exec = r#"{"apiGroups":["*"],"resources":["*/exec"],"verbs":["get"]}"#;
        assert_eq!(found(exec, false), ["get pods/exec"]);
        let nodes = r#"{"apiGroups":[""],"resources":["nodes/proxy"],"verbs":["get"]}"#;
        assert_eq!(
            found(nodes, false),
            Vec::<String>::new(),
            "no node is in a namespace"
        );
        assert_eq!(found(nodes, true), ["get nodes/proxy"]);
        // The API server asks for `bind` in the namespace of the new binding.
        let bind = r#"{"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["bind","escalate"]}"#;
        assert_eq!(
            found(bind, false),
            ["bind clusterroles.rbac.authorization.k8s.io"]
        );
        assert_eq!(found(bind, true).len(), 2);
        let impersonate = r#"{"apiGroups":["authentication.k8s.io"],"resources":["users","userextras/scopes"],"verbs":["impersonate:user-info"]}"#;
        assert_eq!(
            found(impersonate, true),
            [
                "impersonate userextras.authentication.k8s.io/*",
                "impersonate users.authentication.k8s.io"
            ]
        );
        let everything = r#"{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}"#;
        assert!(found(everything, true).len() > 40);
        assert_eq!(excesses(Class::Admin).count(), 0);
        // A name that no request has gives nothing.
        let named = r#"{"apiGroups":[""],"resources":["secrets"],"resourceNames":["x"],"verbs":["list","get"]}"#;
        assert_eq!(found(named, false), ["get secrets", "list secrets"]);
    }
}
