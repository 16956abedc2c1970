//! What the first pass of a scan keeps.

use std::collections::{BTreeMap, HashMap};

use rolegate_core::facts::View;
use rolegate_core::iam::AwsAuth;
use rolegate_core::names::MODE_LABEL;
use rolegate_core::policy::Policy;
use rolegate_core::rbac::{Binding, GROUP, Role};
use rolegate_core::scan::StoredObject;

use super::{Item, Origin};

/// Namespaces, roles and bindings, webhook configurations and admission policies.
#[derive(Debug, Default)]
pub struct World {
    pub view: View,
    /// The labels of each namespace that was found.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    pub aws_auth: Option<AwsAuth>,
    /// Webhook configurations and admission policies, as JSON.
    pub(super) admission: Vec<(StoredObject, String, Origin)>,
    /// The service accounts of pods, by namespace and name.
    pub(super) accounts: HashMap<(String, String), String>,
    pub roles: usize,
    pub bindings: usize,
    pub(super) left_out: Vec<String>,
}

impl World {
    pub(super) fn add(&mut self, item: Item) {
        let Item { object, origin } = item;
        let text = object.object().to_string();
        match (object.group.as_str(), object.resource.as_str()) {
            ("", "namespaces") => self.namespace(&object),
            (GROUP, "roles" | "clusterroles") => match Role::parse(&text, &object.namespace) {
                Ok(role) => {
                    self.roles += 1;
                    self.view.graph.put_role(role);
                }
                Err(error) => self.left_out.push(format!("{object}: {error}")),
            },
            (GROUP, _) => match Binding::parse(&text, &object.namespace) {
                Ok(binding) => {
                    self.bindings += 1;
                    self.view.graph.put_binding(binding);
                }
                Err(error) => self.left_out.push(format!("{object}: {error}")),
            },
            ("", "configmaps") => self.aws_auth(&text),
            _ => self.admission.push((object, text, origin)),
        }
    }

    fn namespace(&mut self, object: &StoredObject) {
        let labels = object.object()["metadata"]["labels"].as_object();
        let labels: BTreeMap<String, String> = labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        if labels.contains_key(MODE_LABEL) {
            let all = labels.iter();
            let all = all.map(|(key, value)| (key.as_str().into(), value.as_str().into()));
            self.view
                .managed
                .insert(object.name.as_str().into(), all.collect());
        }
        self.namespaces.insert(object.name.clone(), labels);
    }

    /// Of the text of the `ConfigMap`.
    pub(super) fn aws_auth(&mut self, text: &str) {
        let object: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let data = |key: &str| object["data"][key].as_str().unwrap_or_default().to_owned();
        match AwsAuth::parse(&data("mapRoles"), &data("mapUsers")) {
            Ok(auth) => self.aws_auth = Some(auth),
            Err(error) => self.left_out.push(error),
        }
    }

    /// The namespaces of the policy that no file describes count as managed, in `enforce`:
    /// charts seldom contain them.
    pub(super) fn manage_those_of(&mut self, policy: &Policy) {
        let all = policy.clusters.iter().flat_map(|entry| &entry.namespaces);
        self.manage(all.map(String::as_str));
    }

    /// Counts namespaces that no file describes as managed, in `enforce`.
    pub(super) fn manage<'n>(&mut self, namespaces: impl IntoIterator<Item = &'n str>) {
        for name in namespaces {
            if !self.namespaces.contains_key(name) {
                let label = [(MODE_LABEL.into(), "enforce".into())];
                let managed = &mut self.view.managed;
                managed.insert(name.into(), label.into_iter().collect());
            }
        }
    }

    /// The mode label of a namespace; `None` if it is not managed.
    #[must_use]
    pub fn mode(&self, namespace: &str) -> Option<&str> {
        let labels = self.view.managed.get(namespace)?;
        labels.get(MODE_LABEL).map(|value| &**value)
    }

    pub fn managed(&self) -> impl Iterator<Item = &str> {
        self.view.managed.keys().map(|name| &**name)
    }
}

pub(super) fn is_aws_auth(object: &StoredObject) -> bool {
    object.is("", "configmaps") && object.namespace == "kube-system" && object.name == "aws-auth"
}
