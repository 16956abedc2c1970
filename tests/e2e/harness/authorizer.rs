//! A control plane whose API server asks rolegate at both doors: admission, and
//! `/authorize` as `manifests/authorization` configures it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::cast::service_account;
use super::cluster::{Cluster, Options};
use super::namespace::Namespace;
use super::rolegate::Rolegate;
use super::{dirs, wait};

const CONFIGURATION: &str = include_str!("../../../manifests/authorization/authorization.yaml");
const KUBECONFIG: &str = include_str!("../../../manifests/authorization/rolegate.kubeconfig");

/// The policy that rolegate has built in.
pub(crate) const BUILT_IN: &str = "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\n";
/// The part of a policy that enforces for requests without a namespace.
pub(crate) const DOORS: &str = "doors: {authorize: {clusterScoped: enforce}}";

/// rolegate as an API server's authorization webhook.
pub(crate) struct Authorizer {
    pub(crate) rolegate: Rolegate,
    /// With the kubeconfig that leads to it.
    folder: PathBuf,
}

/// The shipped file, with the kubeconfig in this folder.
fn configuration(folder: &Path, failure_policy: &str) -> String {
    let kubeconfig = folder.join("rolegate.kubeconfig").display().to_string();
    let text = CONFIGURATION
        .replace("/etc/kubernetes/rolegate/rolegate.kubeconfig", &kubeconfig)
        .replace(
            "failurePolicy: NoOpinion",
            &format!("failurePolicy: {failure_policy}"),
        )
        .replace("unauthorizedTTL: 10s", "unauthorizedTTL: 1s");
    assert!(
        text.contains(&kubeconfig) && text.contains("unauthorizedTTL: 1s"),
        "{text}"
    );
    text
}

impl Authorizer {
    /// A control plane that asks it. Nobody can ask for the mode of a namespace before
    /// [`Authorizer::let_it_look_up`].
    #[track_caller]
    pub(crate) fn start() -> (Self, &'static Cluster) {
        // Before the API server, which wants its certificate.
        let rolegate = Rolegate::start(Some(BUILT_IN));
        let folder = dirs::fresh("authorization");
        let ca = folder.join("ca.crt");
        dirs::write(&ca, rolegate.ca.clone());
        let server = format!("https://127.0.0.1:{}/authorize", rolegate.port);
        let kubeconfig = KUBECONFIG
            .replace("https://10.100.0.10/authorize", &server)
            .replace("/etc/kubernetes/rolegate/ca.crt", &ca.display().to_string());
        assert!(kubeconfig.contains(&server), "{kubeconfig}");
        dirs::write(&folder.join("rolegate.kubeconfig"), kubeconfig);
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start_with(&Options {
            authorization_config: Some(configuration(&folder, "NoOpinion")),
            apiserver_flags: Vec::new(),
        })));
        (Self { rolegate, folder }, cluster)
    }

    /// Starts it again with this policy, and with the rights of `manifests/lookups`.
    pub(crate) fn let_it_look_up(&mut self, cluster: &Cluster, policy: &str) {
        let home = Namespace::named(cluster, "rolegate", &json!({}));
        cluster.create(&home.core("serviceaccounts"), &service_account("rolegate"));
        cluster.install("manifests/lookups/rbac.yaml", &self.rolegate);
        let token = home.unbound_token("rolegate");
        wait::until("RBAC to know rolegate's role", || {
            let answer = cluster
                .request(&token, "GET", "/api/v1/namespaces/default")
                .try_send()?;
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
        self.rolegate.write_policy(policy);
        self.rolegate.ask(cluster.kubeconfig(&token));
        wait_until_asked(cluster);
    }

    /// Has the API server's file say what happens while rolegate does not answer.
    pub(crate) fn set_failure_policy(&self, cluster: &Cluster, failure_policy: &str) {
        let file = cluster.dir.join("authorization.yaml");
        dirs::write(&file, configuration(&self.folder, failure_policy));
    }
}

/// Waits until a tenant with all rights in a namespace that enforces reads no Secret
/// there: rolegate is asked, and knows the namespace's label.
fn wait_until_asked(cluster: &Cluster) {
    let probe = Namespace::labelled(cluster, "enforce");
    wait::until("rolegate to be asked for authorization", || {
        let path = probe.core("secrets/absent");
        let answer = cluster.request(cluster.alice(), "GET", &path).try_send()?;
        let refused = answer.status == 403
            && answer
                .message()
                .contains("rolegate refused this request: secret-read: ");
        refused
            .then_some(())
            .ok_or_else(|| format!("{} {}", answer.status, answer.body))
    });
}
