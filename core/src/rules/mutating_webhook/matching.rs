//! What a webhook or an admission policy matches: resources, operations and namespaces,
//! as `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates` does.
//!
//! Where the answer depends on an object, on a condition or on versions, it is yes.

use serde::Deserialize;

use crate::facts::View;
use crate::json::List;
use crate::names::{MODE_LABEL, shown};
use crate::rbac::Selector;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rule {
    operations: List<Box<str>>,
    api_groups: List<Box<str>>,
    /// `pods`, `pods/*`, `*/scale`, `*`, `*/*`.
    resources: List<Box<str>>,
    scope: Option<Box<str>>,
}

/// What decides about a job's identity or its program, and by which operation a mutator
/// gets it.
struct Target {
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    operations: &'static [&'static str],
}

const WRITTEN: &[&str] = &["CREATE", "UPDATE"];
const CREATED: &[&str] = &["CREATE"];
const CONNECTED: &[&str] = &["CONNECT"];

const fn target(group: &'static str, resource: &'static str) -> Target {
    Target {
        group,
        resource,
        subresource: "",
        operations: WRITTEN,
    }
}

const TARGETS: [Target; 17] = [
    target("", "pods"),
    target("", "configmaps"),
    target("", "serviceaccounts"),
    target("", "secrets"),
    target("", "podtemplates"),
    target("", "replicationcontrollers"),
    target("apps", "deployments"),
    target("apps", "statefulsets"),
    target("apps", "daemonsets"),
    target("apps", "replicasets"),
    target("batch", "jobs"),
    target("batch", "cronjobs"),
    target("sparkoperator.k8s.io", "sparkapplications"),
    target("flink.apache.org", "flinkdeployments"),
    Target {
        group: "",
        resource: "serviceaccounts",
        subresource: "token",
        operations: CREATED,
    },
    Target {
        group: "",
        resource: "pods",
        subresource: "ephemeralcontainers",
        operations: &["UPDATE"],
    },
    Target {
        group: "",
        resource: "pods",
        subresource: "exec",
        operations: CONNECTED,
    },
];

const ALL: &str = "*";

impl Rule {
    fn matches(&self, target: &Target) -> bool {
        has(&self.api_groups, target.group)
            && target
                .operations
                .iter()
                .any(|operation| has(&self.operations, operation))
            && self.scope.as_deref() != Some("Cluster")
            && self.resources.iter().any(|resource| {
                let (main, sub) = resource.split_once('/').unwrap_or((resource, ""));
                (main == ALL || main == target.resource)
                    && (sub == ALL || sub == target.subresource)
            })
    }
}

fn has(list: &[Box<str>], value: &str) -> bool {
    list.iter().any(|item| &**item == ALL || &**item == value)
}

/// Of what matters to jobs, what these rules match, in words: `pods, configmaps and 3
/// more`. `None` if it is nothing.
pub(super) fn reached(rules: &[Rule]) -> Option<String> {
    let reached = TARGETS
        .iter()
        .filter(|target| rules.iter().any(|rule| rule.matches(target)))
        .map(|target| {
            let slash = if target.subresource.is_empty() {
                ""
            } else {
                "/"
            };
            let dot = if target.group.is_empty() { "" } else { "." };
            let Target {
                group,
                resource,
                subresource,
                ..
            } = target;
            format!("{resource}{dot}{group}{slash}{subresource}")
        });
    listed(reached.collect())
}

/// The managed namespaces that a selector selects, in words: `in namespaces a and b`.
/// `None` if there is none. Without a view it may be any that has a mode.
pub(super) fn namespaces(selector: Option<&Selector>, view: Option<&View>) -> Option<String> {
    let Some(view) = view else {
        let excluded = selector.is_some_and(|one| one.asks_for_absence_of(MODE_LABEL));
        return (!excluded).then(|| "in managed namespaces".to_owned());
    };
    let selected = view
        .managed
        .iter()
        .filter(|(_, labels)| selector.is_none_or(|selector| selector.selects(labels)))
        .map(|(name, _)| shown(name, 63));
    let selected: Vec<String> = selected.collect();
    match selected.len() {
        1 => listed(selected).map(|names| format!("in namespace {names}")),
        _ => listed(selected).map(|names| format!("in namespaces {names}")),
    }
}

/// How many names a sentence has.
const MOST: usize = 3;

fn listed(names: Vec<String>) -> Option<String> {
    let more = names.len().saturating_sub(MOST);
    let mut names = names.into_iter().take(MOST).collect::<Vec<_>>();
    if more > 0 {
        return Some(format!("{} and {more} more", names.join(", ")));
    }
    let last = names.pop()?;
    Some(if names.is_empty() {
        last
    } else {
        format!("{} and {last}", names.join(", "))
    })
}
