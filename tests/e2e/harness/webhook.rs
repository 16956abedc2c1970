//! Our shipped webhook configuration, pointed at a rolegate on this machine.
//!
//! What is tested is the file users install: only `clientConfig` changes, from
//! a Service, which nobody could reach without nodes, to a URL.

use std::path::Path;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::authorizer::{Authorizer, BUILT_IN, DOORS};
use super::cast::config_map;
use super::cluster::Cluster;
use super::namespace::Namespace;
use super::pod_identity;
use super::rolegate::Rolegate;
use super::wait;

/// The shipped file, from the repository's root.
pub(crate) const VALIDATING: &str = "manifests/webhook/validating.yaml";

/// The shared control plane with rolegate in front of it and its guards in
/// place, installed on first use. Its namespaces without a mode label do not
/// notice.
pub(crate) struct Guarded {
    pub(crate) cluster: &'static Cluster,
    pub(crate) rolegate: Rolegate,
}

/// A control plane that asks rolegate at both doors, with everything that we ship and
/// EKS brings along, for the honest flows: what passes both passes admission alone too,
/// since `/authorize` allows nothing.
pub(crate) fn guarded_at_both_doors() -> &'static Guarded {
    static GUARDED: LazyLock<Guarded> = LazyLock::new(|| {
        let (mut authorizer, cluster) = Authorizer::start();
        authorizer.protect(cluster, BUILT_IN);
        let rolegate = authorizer.rolegate;
        Guarded { cluster, rolegate }
    });
    &GUARDED
}

/// The one [`Guarded`] that tests share, with the built-in policy.
pub(crate) fn guarded() -> &'static Guarded {
    static GUARDED: LazyLock<Guarded> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        let rolegate = Rolegate::start(None);
        cluster.install(VALIDATING, &rolegate);
        cluster.install_guards();
        // As on EKS: without it no job's pod has credentials, and none passes.
        pod_identity::install_shared();
        cluster.wait_until_enforced();
        Guarded { cluster, rolegate }
    });
    &GUARDED
}

impl Authorizer {
    /// Puts everything in place that EKS and we bring along, with this policy, which
    /// also enforces for requests without a namespace.
    pub(crate) fn protect(&mut self, cluster: &Cluster, policy: &str) {
        assert!(!policy.contains("doors:"), "{policy}");
        // First: whom they stop the authorization webhook would stop before them.
        cluster.install_guards();
        self.let_it_look_up(cluster, &format!("{policy}\n{DOORS}\n"));
        cluster.install(VALIDATING, &self.rolegate);
        pod_identity::install(cluster);
        cluster.wait_until_enforced();
    }
}

impl Cluster {
    /// Applies the objects of a shipped manifest as admin. Webhooks in them
    /// are pointed at `rolegate`; everything else goes in as it is.
    pub(crate) fn install(&self, manifest: &str, rolegate: &Rolegate) {
        for object in self.read_manifest(manifest) {
            self.install_object(object, rolegate);
        }
    }

    /// [`Cluster::install`] of one object that has been read.
    pub(crate) fn install_object(&self, mut object: Value, rolegate: &Rolegate) {
        let mutates = object["kind"] == "MutatingWebhookConfiguration";
        for webhook in webhooks_of(&mut object) {
            point_at(&mut webhook["clientConfig"], rolegate);
            if mutates {
                let labels = webhook["namespaceSelector"]["matchLabels"].clone();
                self.watcher().expect_rolegate(labels, rolegate.policy());
            }
        }
        self.apply_as_admin(&object);
    }

    /// The objects of a manifest, read by the real kubectl: it checks every
    /// field against the API server's schema on the way.
    pub(crate) fn read_manifest(&self, manifest: &str) -> Vec<Value> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
        assert!(path.exists(), "the manifest {} is missing", path.display());
        let printed = self
            .kubectl(self.admin())
            .run(&[
                "create",
                "--dry-run=client",
                "-o",
                "json",
                "-f",
                &path.display().to_string(),
            ])
            .expect_ok();
        // One document an object, a List holds several.
        serde_json::Deserializer::from_str(&printed)
            .into_iter::<Value>()
            .map(|object| object.unwrap_or_else(|e| panic!("kubectl printed {printed:?}: {e}")))
            .flat_map(|object| match object["items"].as_array() {
                Some(items) => items.clone(),
                None => vec![object],
            })
            .collect()
    }

    /// Server-side apply of one object of any kind, through kubectl.
    pub(crate) fn apply_as_admin(&self, object: &Value) {
        self.kubectl(self.admin())
            .stdin(object.to_string())
            .run(&["apply", "--server-side", "--force-conflicts", "-f", "-"])
            .expect_ok();
    }

    /// Waits until a tenant's `ConfigMap` is refused by the webhook: a new
    /// configuration takes about a second to reach the API server's own cache.
    pub(crate) fn wait_until_enforced(&self) {
        let probe = Namespace::labelled(self, "enforce");
        wait::until("rolegate's webhook to be in effect", || {
            let answer = probe.try_config_map()?;
            answer
                .refused_by_webhook()
                .then_some(())
                .ok_or_else(|| format!("{} {}", answer.status, answer.body))
        });
    }
}

impl Namespace<'_> {
    /// Labels the namespace, and waits until that takes effect.
    pub(crate) fn start_enforcing(&self) {
        self.set_mode("enforce");
        wait::until("the label to take effect", || {
            let answer = self.try_config_map()?;
            answer.refused_by_webhook().then_some(()).ok_or(answer.body)
        });
    }

    /// alice's dry-run CREATE of a `ConfigMap`: harmless, and refused wherever
    /// rolegate enforces.
    pub(crate) fn try_config_map(&self) -> Result<super::http::Answer, String> {
        self.cluster
            .request(
                self.cluster.alice(),
                "POST",
                &self.core("configmaps?dryRun=All"),
            )
            .json(&config_map("probe"))
            .try_send()
    }
}

fn webhooks_of(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    // Not `object["webhooks"]`, which would put a null where there are none.
    let webhooks = object.get_mut("webhooks").and_then(Value::as_array_mut);
    webhooks.into_iter().flatten()
}

/// `service: {path}` becomes `url` and `caBundle`.
fn point_at(client: &mut Value, rolegate: &Rolegate) {
    let path = client["service"]["path"]
        .as_str()
        .unwrap_or_else(|| panic!("a shipped webhook names a service and a path, not {client}"));
    *client = json!({
        "url": format!("https://127.0.0.1:{}{path}", rolegate.port),
        "caBundle": STANDARD.encode(&rolegate.ca),
    });
}
