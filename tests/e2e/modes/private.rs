//! A rolegate with a policy of the test's own, beside the shared one.
//!
//! The control plane is shared, so the shipped configuration goes in a second
//! time under another name, with another mode label. Of cluster-scoped
//! requests, which no label selects, it sees only those on objects whose name
//! begins with its own.

use serde_json::{Value, json};

use crate::harness::audit::annotation;
use crate::harness::namespace::MODE_LABEL;
use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, dirs, wait};

/// The second rolegate; its configuration goes when it goes.
pub(super) struct Private {
    cluster: &'static Cluster,
    label: String,
    rolegate: Rolegate,
    /// The name of its configuration, and the beginning of the names of
    /// cluster-scoped objects that it sees.
    pub(super) name: String,
}

impl Private {
    /// Makes a namespace in `mode` and starts a rolegate with the policy that
    /// is written for its name.
    pub(super) fn start(
        mode: &str,
        policy: impl FnOnce(&str) -> String,
    ) -> (Self, Namespace<'static>) {
        let cluster = Cluster::shared();
        let name = dirs::random_name("rolegate");
        let label = format!("{MODE_LABEL}-{name}");
        let namespace = Namespace::with_labels(cluster, &json!({label.as_str(): mode}));
        let head = "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n";
        let rolegate = Rolegate::start(Some(&format!("{head}{}", policy(&namespace.name))));
        let private = Self {
            cluster,
            label,
            rolegate,
            name,
        };
        for mut object in cluster.read_manifest(VALIDATING) {
            private.adapt(&mut object);
            cluster.install_object(object, &private.rolegate);
        }
        private.wait_until_asked(&namespace, mode);
        (private, namespace)
    }

    fn adapt(&self, configuration: &mut Value) {
        configuration["metadata"]["name"] = self.name.as_str().into();
        let webhooks = configuration["webhooks"].as_array_mut();
        for webhook in webhooks.into_iter().flatten() {
            let selector = webhook["namespaceSelector"]["matchExpressions"].as_array_mut();
            for expression in selector.into_iter().flatten() {
                if expression["key"] == MODE_LABEL {
                    expression["key"] = self.label.as_str().into();
                }
            }
            if webhook["name"] == "cluster.rolegate.dev" {
                let own = format!(
                    "has(request.name) && request.name.startsWith('{}')",
                    self.name
                );
                let conditions = webhook["matchConditions"].as_array_mut();
                conditions
                    .expect("the shipped door has some")
                    .push(json!({"name": "own", "expression": own}));
            }
        }
    }

    /// Whatever the policy makes of it, an answer names the policy.
    fn wait_until_asked(&self, namespace: &Namespace<'_>, mode: &str) {
        let key = format!("{mode}.rolegate.dev/policy");
        wait::until("the second rolegate to be asked", || {
            let answer = namespace.try_config_map()?;
            let asked = self
                .cluster
                .audit_events(&namespace.name, |event| annotation(event, &key).is_some());
            (!asked.is_empty()).then_some(()).ok_or(answer.body)
        });
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let path = format!(
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{}",
            self.name
        );
        // Not worth a second panic while a test fails.
        let _ = self
            .cluster
            .request(self.cluster.admin(), "DELETE", &path)
            .try_send();
    }
}
