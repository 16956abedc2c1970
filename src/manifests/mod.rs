//! The in-tree guards: `ValidatingAdmissionPolicies` for what a webhook cannot
//! see, or what must hold while rolegate does not answer.
//!
//! Each is YAML to be read, a template beside this file. What the rules know by
//! name (labels, controllers, modes) stands in it as a placeholder and comes
//! from the same constants. `manifests/policies` holds the result; a test
//! compares.

mod placeholders;

use placeholders::fill;

/// One guard: a policy and its bindings.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Its name without `rolegate-`, and the name of its file.
    pub name: &'static str,
    /// Whether it is switched on by hand, as a kustomize component.
    pub optional: bool,
    template: &'static str,
}

/// Every guard, in the order of the documentation.
pub const GUARDS: [Guard; 7] = [
    shipped("secret-guard", include_str!("secret-guard.yaml")),
    shipped("namespace-guard", include_str!("namespace-guard.yaml")),
    shipped("webhook-guard", include_str!("webhook-guard.yaml")),
    shipped("chain-guard", include_str!("chain-guard.yaml")),
    shipped("self-guard", include_str!("self-guard.yaml")),
    shipped(
        "bootstrap-token-guard",
        include_str!("bootstrap-token-guard.yaml"),
    ),
    Guard {
        name: "node-guard",
        optional: true,
        template: include_str!("node-guard.yaml"),
    },
];

const fn shipped(name: &'static str, template: &'static str) -> Guard {
    Guard {
        name,
        optional: false,
        template,
    }
}

/// A template holds a placeholder that nothing fills: a mistake in rolegate.
#[derive(Debug, thiserror::Error)]
#[error("the template of {guard} holds `{word}`, which nothing fills")]
pub struct Unfilled {
    guard: &'static str,
    word: String,
}

impl Guard {
    /// The guard of that name, with or without `rolegate-`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("rolegate-").unwrap_or(name);
        GUARDS.into_iter().find(|guard| guard.name == name)
    }

    /// Where it stands below `manifests/policies`.
    #[must_use]
    pub fn path(&self) -> String {
        let Self { name, optional, .. } = self;
        if *optional {
            format!("{name}/{name}.yaml")
        } else {
            format!("{name}.yaml")
        }
    }

    /// The YAML: the policy, then its bindings.
    ///
    /// # Errors
    ///
    /// When the template holds a placeholder that nothing fills.
    pub fn yaml(&self) -> Result<String, Unfilled> {
        let head = format!(
            "# Printed by `rolegate manifests policies --only {}`: change src/guards/{0}.yaml, or\n# patch this in an overlay.\n#\n",
            self.name
        );
        match fill(self.template) {
            Ok(text) => Ok(head + &text),
            Err(word) => Err(Unfilled {
                guard: self.name,
                word,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use super::*;

    #[test]
    fn every_template_can_be_filled() {
        for guard in GUARDS {
            let text = guard.yaml().unwrap();
            assert!(!text.contains("{{"), "{text}");
            let policy = format!("  policyName: rolegate-{}\n", guard.name);
            assert!(text.contains(&policy), "{text}");
        }
    }

    #[test]
    fn guards_are_found_by_either_name() {
        for guard in GUARDS {
            let long = format!("rolegate-{}", guard.name);
            assert_eq!(Guard::named(guard.name).unwrap().name, guard.name);
            assert_eq!(Guard::named(&long).unwrap().name, guard.name);
        }
        assert!(Guard::named("rolegate-").is_none());
    }
}
