//! What subjects newly get by a role or by a binding.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::facts::{Class, Facts, View};
use crate::names::shown;
use crate::permissions::{Given, Recipient, class_of_subject, excesses};
use crate::rbac::{Binding, Graph, Role, RoleKey, Rule, Subject};
use crate::write::Write;

use super::Stop;
use super::facts::{Bound, Surroundings};

/// A subject, and what it newly gets.
pub(super) struct Gain {
    /// `group team-a`.
    pub(super) who: String,
    /// `get, list secrets and create pods/exec`.
    pub(super) what: String,
    /// How it gets it, if the request does not say: ` by RoleBinding spark-a/editors`.
    pub(super) how: String,
}

/// In the order of the subjects.
#[derive(Default)]
pub(super) struct Gains {
    /// As many as one request gets findings.
    pub(super) first: Vec<Gain>,
    /// How many there are besides.
    pub(super) more: usize,
}

/// As many findings as one request gets.
const SHOWN: usize = 8;

impl Gains {
    /// Sentences are made of the first only: a role may have thousands of bindings.
    fn of<T>(all: impl ExactSizeIterator<Item = T>, gain: impl FnMut(T) -> Gain) -> Self {
        let more = all.len().saturating_sub(SHOWN);
        let first = all.take(SHOWN).map(gain).collect();
        Self { first, more }
    }
}

/// By a binding: what its role gives the subjects that it did not have before.
pub(super) fn by_binding(
    write: &Write<'_>,
    facts: &Facts<'_>,
    old: Option<Binding>,
    new: &Binding,
) -> Result<Gains, Stop> {
    let none = Ok(Gains::default());
    let Some(role) = &new.role else {
        return none;
    };
    let before = old
        .filter(|old| old.role == new.role)
        .map_or_else(BTreeSet::new, |old| old.subjects.into_iter().collect());
    let added: Vec<(&Subject, Class)> = new
        .subjects
        .iter()
        .filter(|subject| !before.contains(*subject))
        .map(|subject| {
            let class = class_of_subject(subject, &new.key.namespace, write.policy);
            (subject, class)
        })
        .filter(|(_, class)| excesses(*class).next().is_some())
        .collect();
    if added.is_empty() {
        return none;
    }
    if let Some(Bound::Known(graph)) = fresh(facts).map(|view| Bound::in_view(role, view)) {
        let gains = gained_by(write, new, role, &added, &graph);
        if !gains.first.is_empty() {
            return Ok(gains);
        }
    }
    let graph = match Bound::of(role, facts)? {
        Bound::Known(graph) => graph,
        Bound::Absent => return none,
        Bound::Unknown(need) => match well_known(role) {
            Some(known) => Graph::new([known], []),
            None => return Err(need.into()),
        },
    };
    Ok(gained_by(write, new, role, &added, &graph))
}

/// How old the view may be that a denial stands on. The API server sends a bookmark
/// about once a minute where nothing changes.
const OLDEST: Duration = Duration::from_mins(2);

/// The view: a gain that it shows needs no look-up. What it does not show is looked up,
/// because it may lag behind. It counts in the second round too: where another rule asked
/// for something, what this one did not need was not looked up.
fn fresh<'a>(facts: &Facts<'a>) -> Option<&'a View> {
    facts.view(OLDEST)
}

/// What a role gives these subjects of a binding.
fn gained_by(
    write: &Write<'_>,
    new: &Binding,
    role: &RoleKey,
    added: &[(&Subject, Class)],
    graph: &Graph,
) -> Gains {
    let mut excess = Excesses::new(write, new.key.namespace.is_empty());
    let gains: Vec<(&Subject, Rc<str>)> = added
        .iter()
        .filter_map(|&(subject, class)| {
            let to = Recipient::of(subject, class, write.policy.tenancy(&new.key.namespace));
            Some((subject, excess.gained(to, role, graph, None)?))
        })
        .collect();
    Gains::of(gains.into_iter(), |(subject, what)| Gain {
        who: subject.to_string(),
        what: what.to_string(),
        how: String::new(),
    })
}

/// By a role: what its new rules, labels and selectors give the subjects that are
/// bound to it already, or to an aggregated role that has its rules.
pub(super) fn by_role(
    write: &Write<'_>,
    facts: &Facts<'_>,
    old: Option<&Role>,
    new: &Role,
) -> Result<Gains, Stop> {
    let none = Ok(Gains::default());
    let key = new.key.clone();
    let in_cluster = key.namespace.is_empty();
    let lone = Graph::new([new.clone()], []);
    let lone_before = old.map(|old| Graph::new([old.clone()], []));
    let own = Excesses::new(write, in_cluster);
    // Nothing but rules and aggregation gives anybody more.
    let aggregates = in_cluster
        && (!new.aggregates.is_empty() || !old.is_some_and(|old| old.has_labels_of(new)));
    let before = lone_before.as_ref().filter(|_| !aggregates);
    let anybody = Recipient {
        class: Class::Tenant,
        execs: false,
    };
    let what = own.computed(anybody, &key, &lone, before);
    if what.is_none() && new.aggregates.is_empty() {
        return none;
    }
    if let Some(view) = fresh(facts) {
        let around = Surroundings::in_view(new, view);
        let gains = gained_around(write, &around, old, new);
        if !gains.first.is_empty() {
            return Ok(gains);
        }
    }
    let Some(around) = Surroundings::of(&key, facts)? else {
        let what = own.computed(anybody, &key, &lone, lone_before.as_ref());
        let what: Vec<String> = what.into_iter().collect();
        return Ok(Gains::of(what.into_iter(), |what| Gain {
            who: "whoever is bound to it".to_owned(),
            what,
            how: ", and rolegate could not read who that is".to_owned(),
        }));
    };
    Ok(gained_around(write, &around, old, new))
}

/// What a changed role gives the subjects that are bound to it, or to an aggregated one
/// that has its rules.
fn gained_around(
    write: &Write<'_>,
    around: &Surroundings<'_>,
    old: Option<&Role>,
    new: &Role,
) -> Gains {
    let mut before = Graph::new(around.roles.iter().cloned(), []);
    match old {
        Some(old) => before.put_role(old.clone()),
        None => before.remove_role(&new.key),
    }
    let mut after = Graph::new(around.roles.iter().cloned(), []);
    after.put_role(new.clone());
    let mut inside = Excesses::new(write, false);
    let mut everywhere = Excesses::new(write, true);
    let mut gains = BTreeMap::new();
    let roles: Vec<RoleKey> = after.roles_with(&new.key).collect();
    let bound = |role| {
        around
            .bindings_of_role(role)
            .map(move |binding| (role, binding))
    };
    for (role, binding) in roles.iter().flat_map(bound) {
        let namespace = &binding.key.namespace;
        let excess = if namespace.is_empty() {
            &mut everywhere
        } else {
            &mut inside
        };
        for subject in &binding.subjects {
            let class = class_of_subject(subject, namespace, write.policy);
            let to = Recipient::of(subject, class, write.policy.tenancy(namespace));
            let Some(what) = excess.gained(to, role, &after, Some(&before)) else {
                continue;
            };
            gains.entry((subject, &binding.key)).or_insert(what);
        }
    }
    Gains::of(gains.into_iter(), |((subject, binding), what)| Gain {
        who: subject.to_string(),
        what: what.to_string(),
        how: format!(" by {binding}"),
    })
}

/// What roles give beyond a class, computed once for each role and class.
struct Excesses<'w, 'a> {
    write: &'w Write<'a>,
    in_cluster: bool,
    /// Few: for each role, a class or two.
    known: Vec<(RoleKey, Recipient, Option<Rc<str>>)>,
}

impl<'w, 'a> Excesses<'w, 'a> {
    const fn new(write: &'w Write<'a>, in_cluster: bool) -> Self {
        Self {
            write,
            in_cluster,
            known: Vec::new(),
        }
    }

    fn gained(
        &mut self,
        to: Recipient,
        role: &RoleKey,
        graph: &Graph,
        before: Option<&Graph>,
    ) -> Option<Rc<str>> {
        let mut known = self.known.iter();
        if let Some((.., known)) = known.find(|(of, too, _)| *too == to && of == role) {
            return known.clone();
        }
        let computed = self.computed(to, role, graph, before).map(Rc::from);
        self.known.push((role.clone(), to, computed.clone()));
        computed
    }

    /// In words; `None` if the role gives nothing new beyond the class.
    fn computed(
        &self,
        to: Recipient,
        role: &RoleKey,
        graph: &Graph,
        before: Option<&Graph>,
    ) -> Option<String> {
        let rules: Vec<&Rule> = graph.rules_of(role).collect();
        let before: Vec<&Rule> = before
            .map(|before| before.rules_of(role).collect())
            .unwrap_or_default();
        let given = Given::beyond(to, &rules, &before, self.in_cluster, self.write.tenancy);
        given.in_words()
    }
}

/// Kubernetes' own roles that give more than a tenant may have, by what they give of it, for a rolegate that
/// may not read roles (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`).
/// Nobody can have changed them to less for long: the API server restores them when it
/// starts.
fn well_known(role: &RoleKey) -> Option<Role> {
    let rules = match (&*role.namespace, &*role.name) {
        ("", "cluster-admin") => r#"[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]"#,
        ("", "admin" | "edit" | "system:aggregate-to-edit") => {
            r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get","list","watch"]},
                {"apiGroups":[""],"resources":["pods/attach","pods/exec","pods/portforward","pods/proxy","services/proxy"],"verbs":["*"]},
                {"apiGroups":[""],"resources":["serviceaccounts"],"verbs":["impersonate"]}]"#
        }
        (
            "",
            "system:node"
            | "system:kube-controller-manager"
            | "system:controller:generic-garbage-collector"
            | "system:controller:namespace-controller"
            | "system:controller:persistent-volume-binder"
            | "system:controller:expand-controller"
            | "system:controller:resourcequota-controller",
        ) => r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get","list","watch"]}]"#,
        ("", "system:controller:clusterrole-aggregation-controller") => {
            r#"[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["escalate"]}]"#
        }
        _ => return None,
    };
    let name = shown(&role.name, 253);
    let text =
        format!(r#"{{"kind":"ClusterRole","metadata":{{"name":"{name}"}},"rules":{rules}}}"#);
    Role::parse(&text, "").ok()
}
