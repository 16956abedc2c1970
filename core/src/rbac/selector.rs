//! Label selectors, of aggregated cluster roles and of webhook configurations
//! (`k8s.io/apimachinery/pkg/apis/meta/v1.LabelSelectorAsSelector`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::List;

/// All of its requirements must hold. One without requirements selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    match_labels: Option<BTreeMap<Box<str>, Box<str>>>,
    match_expressions: List<Expression>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Expression {
    key: Box<str>,
    operator: Box<str>,
    values: List<Box<str>>,
}

/// The labels of an object.
pub type Labels = BTreeMap<Box<str>, Box<str>>;

impl Selector {
    /// Whether an object with these labels is selected.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        let mut pairs = self.match_labels.iter().flatten();
        pairs.all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|one| one.holds(labels))
    }

    /// Whether it selects no object with this label, whatever its value and its others.
    #[must_use]
    pub fn asks_for_absence_of(&self, label: &str) -> bool {
        let mut all = self.match_expressions.iter();
        all.any(|one| &*one.key == label && &*one.operator == "DoesNotExist")
    }
}

impl Expression {
    /// An unknown operator selects nothing: the API server stores none.
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match &*self.operator {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}
