//! What the cluster has of roles, bindings and managed namespaces.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::facts::{Facts, Known, Need, View};
use crate::json::{Pairs, Raw, Text};
use crate::names::MODE_LABEL;
use crate::rbac::{Binding, GROUP, Graph, Role, RoleKey};
use crate::request::{ReviewError, Stored, view};

use super::Stop;

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow, default)]
    items: Vec<Raw<'a>>,
}

#[derive(Deserialize)]
struct Namespace<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    labels: Pairs<'a>,
}

/// The objects of a list that was looked up; `None` if they are unknown.
type Listed<'a> = Option<Vec<Raw<'a>>>;

fn listed<'a>(known: Known<&'a Stored<'a>>) -> Result<Listed<'a>, ReviewError> {
    match known {
        Known::Is(stored, _) => Ok(Some(stored.object.read::<Items<'a>>()?.items)),
        // A cluster without the kind has none.
        Known::Absent(_) => Ok(Some(Vec::new())),
        Known::Unknown => Ok(None),
    }
}

/// Everything asked for at once, because there is no third round.
fn all<'a, const N: usize>(
    facts: &Facts<'a>,
    needs: [Need; N],
) -> Result<[Known<&'a Stored<'a>>; N], Stop> {
    let found = needs.map(|need| facts.object(need));
    if found.iter().any(Result::is_err) {
        return Err(Stop::Needs(
            found.into_iter().filter_map(Result::err).collect(),
        ));
    }
    Ok(found.map(|found| found.unwrap_or(Known::Unknown)))
}

fn roles(items: &[Raw<'_>]) -> Result<Vec<Role>, ReviewError> {
    let parse = |item: &Raw<'_>| Role::parse(item.get(), "");
    let roles: Result<_, _> = items.iter().map(parse).collect();
    roles.map_err(|error| ReviewError::json("a role in the cluster", error))
}

fn bindings(items: &[Raw<'_>]) -> Result<Vec<Binding>, ReviewError> {
    let parse = |item: &Raw<'_>| Binding::parse(item.get(), "");
    let bindings: Result<_, _> = items.iter().map(parse).collect();
    bindings.map_err(|error| ReviewError::json("a binding in the cluster", error))
}

/// Where bindings to a role are, and what other roles have its rules.
pub(super) struct Surroundings<'v> {
    /// The roles that matter.
    pub(super) roles: Vec<Role>,
    bindings: Bindings<'v>,
}

enum Bindings<'v> {
    /// Looked up. The managed namespaces are `None` for a Role: its namespace is the
    /// request's.
    Found(Box<Graph>, Option<BTreeSet<String>>),
    Watched(&'v View),
}

impl<'v> Surroundings<'v> {
    /// What the view shows of a role that is written.
    pub(super) fn in_view(role: &Role, view: &'v View) -> Self {
        Self {
            roles: view.graph.roles_around(role),
            bindings: Bindings::Watched(view),
        }
    }

    /// Of a role that is written; `None` if rolegate could not read all of it.
    pub(super) fn of(role: &RoleKey, facts: &Facts<'_>) -> Result<Option<Self>, Stop> {
        if !role.namespace.is_empty() {
            let [found] = all(facts, [Need::all(GROUP, "rolebindings", &role.namespace)])?;
            let Some(found) = listed(found)? else {
                return Ok(None);
            };
            let graph = Graph::new([], bindings(&found)?);
            return Ok(Some(Self {
                roles: Vec::new(),
                bindings: Bindings::Found(Box::new(graph), None),
            }));
        }
        let found = all(
            facts,
            [
                Need::all(GROUP, "clusterroles", ""),
                Need::all(GROUP, "clusterrolebindings", ""),
                Need::all(GROUP, "rolebindings", ""),
                Need::all("", "namespaces", ""),
            ],
        )?;
        let [
            Some(clustered),
            Some(in_cluster),
            Some(inside),
            Some(namespaces),
        ] = [
            listed(found[0])?,
            listed(found[1])?,
            listed(found[2])?,
            listed(found[3])?,
        ]
        else {
            return Ok(None);
        };
        let mut bound = bindings(&in_cluster)?;
        bound.append(&mut bindings(&inside)?);
        let mut managed = BTreeSet::new();
        for namespace in namespaces {
            let Namespace { metadata } = view::read("a namespace in the cluster", namespace)?;
            if metadata.labels.get(MODE_LABEL).is_some() {
                managed.insert(metadata.name.as_str().to_owned());
            }
        }
        Ok(Some(Self {
            roles: roles(&clustered)?,
            bindings: Bindings::Found(Box::new(Graph::new([], bound)), Some(managed)),
        }))
    }

    /// The bindings to a role that give something in a managed namespace.
    pub(super) fn bindings_of_role<'s>(
        &'s self,
        role: &'s RoleKey,
    ) -> impl Iterator<Item = &'s Binding> {
        let graph = match &self.bindings {
            Bindings::Found(graph, _) => &**graph,
            Bindings::Watched(view) => &view.graph,
        };
        graph.bindings_of_role(role, |namespace| {
            namespace.is_empty()
                || *namespace == *role.namespace
                || match &self.bindings {
                    Bindings::Found(_, None) => true,
                    Bindings::Found(_, Some(managed)) => managed.contains(namespace),
                    Bindings::Watched(view) => view.managed.contains_key(namespace),
                }
        })
    }
}

/// The rules of a role that a binding names.
pub(super) enum Bound {
    /// The role, with the roles that it aggregates.
    Known(Graph),
    /// There is no such role.
    Absent,
    /// rolegate could not read it; what it needed.
    Unknown(Need),
}

impl Bound {
    /// What the view shows of the role.
    pub(super) fn in_view(role: &RoleKey, view: &View) -> Self {
        match view.graph.role(role) {
            Some(stored) => Self::Known(Graph::new(view.graph.roles_around(stored), [])),
            None => Self::Absent,
        }
    }

    pub(super) fn of(role: &RoleKey, facts: &Facts<'_>) -> Result<Self, Stop> {
        // A label added a moment ago may feed it, before Kubernetes aggregates.
        let need = if role.namespace.is_empty() {
            Need::all(GROUP, "clusterroles", "")
        } else {
            Need::object(GROUP, "v1", "roles", &role.namespace, &role.name)
        };
        let [found] = all(facts, [need.clone()])?;
        let items = match found {
            Known::Unknown => return Ok(Self::Unknown(need)),
            Known::Absent(_) => return Ok(Self::Absent),
            Known::Is(stored, _) if !need.is_list() => vec![stored.object.raw()],
            known @ Known::Is(..) => listed(known)?.unwrap_or_default(),
        };
        let graph = Graph::new(roles(&items)?, []);
        Ok(match graph.role(role) {
            Some(_) => Self::Known(graph),
            None => Self::Absent,
        })
    }
}
