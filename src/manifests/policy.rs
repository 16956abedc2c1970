//! Each admission policy: its template, filled.

use super::placeholders::fill;

/// A `ValidatingAdmissionPolicy` and its bindings.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionPolicy {
    /// The policy's name without `rolegate-`; also the name of its file.
    pub name: &'static str,
    /// Whether it is off by default and enabled as a kustomize component.
    pub optional: bool,
    template: &'static str,
}

/// All admission policies, in the order of the documentation.
pub const ADMISSION_POLICIES: [AdmissionPolicy; 7] = [
    by_default("secret-guard", include_str!("secret-guard.yaml")),
    by_default("namespace-guard", include_str!("namespace-guard.yaml")),
    by_default("webhook-guard", include_str!("webhook-guard.yaml")),
    by_default("chain-guard", include_str!("chain-guard.yaml")),
    by_default("self-guard", include_str!("self-guard.yaml")),
    by_default(
        "bootstrap-token-guard",
        include_str!("bootstrap-token-guard.yaml"),
    ),
    AdmissionPolicy {
        name: "node-guard",
        optional: true,
        template: include_str!("node-guard.yaml"),
    },
];

const fn by_default(name: &'static str, template: &'static str) -> AdmissionPolicy {
    AdmissionPolicy {
        name,
        optional: false,
        template,
    }
}

/// A template has an unknown placeholder, which is a bug in rolegate.
#[derive(Debug, thiserror::Error)]
#[error("the template of {policy} has the unknown placeholder `{placeholder}`")]
pub struct UnknownPlaceholder {
    policy: &'static str,
    placeholder: String,
}

impl AdmissionPolicy {
    /// The policy of that name, with or without `rolegate-`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("rolegate-").unwrap_or(name);
        ADMISSION_POLICIES
            .into_iter()
            .find(|policy| policy.name == name)
    }

    /// The path of its file below `manifests/policies`.
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
    /// If the template has an unknown placeholder.
    pub fn yaml(&self) -> Result<String, UnknownPlaceholder> {
        let head = format!(
            "# Printed by `rolegate manifests policies --only {}`: change src/manifests/{0}.yaml,\n# or patch this in an overlay.\n#\n",
            self.name
        );
        match fill(self.template) {
            Ok(text) => Ok(head + &text),
            Err(placeholder) => Err(UnknownPlaceholder {
                policy: self.name,
                placeholder,
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
        for policy in ADMISSION_POLICIES {
            let text = policy.yaml().unwrap();
            assert!(!text.contains("{{"), "{text}");
            let binding = format!("  policyName: rolegate-{}\n", policy.name);
            assert!(text.contains(&binding), "{text}");
        }
    }

    #[test]
    fn policies_are_found_with_and_without_the_prefix() {
        for policy in ADMISSION_POLICIES {
            for name in [policy.name, &format!("rolegate-{}", policy.name)] {
                let found = AdmissionPolicy::named(name).unwrap();
                assert_eq!(found.name, policy.name);
            }
        }
        assert!(AdmissionPolicy::named("rolegate-").is_none());
    }
}
