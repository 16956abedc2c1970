//! The policies that we tell users to write (`examples/policies`), each on a
//! control plane of its own with everything that we ship: the shared rolegate
//! has only the built-in one.

use std::sync::LazyLock;

use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, pod_identity};

/// For `StartJobRun`, made on first use.
pub(super) fn start_job_run() -> &'static Listed {
    static LISTED: LazyLock<Listed> = LazyLock::new(|| {
        let policy = include_str!("../../../examples/policies/start-job-run.yaml");
        Listed::new(policy, "[spark-team-a]")
    });
    &LISTED
}

/// For an interactive endpoint, made on first use.
pub(super) fn interactive_endpoint() -> &'static Listed {
    static LISTED: LazyLock<Listed> = LazyLock::new(|| {
        let policy = include_str!("../../../examples/policies/interactive-endpoint.yaml");
        Listed::new(policy, "[notebooks-team-a]")
    });
    &LISTED
}

/// Namespaces for which the policy lists the roles of team a.
pub(super) struct Listed {
    /// For jobs of such a role.
    pub(super) used: Namespace<'static>,
    /// For attempts with another.
    pub(super) misused: Namespace<'static>,
    /// Where rolegate is not.
    pub(super) unmanaged: Namespace<'static>,
    _rolegate: Rolegate,
}

impl Listed {
    /// `placeholder` is where the policy names its namespaces.
    fn new(policy: &str, placeholder: &str) -> Self {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        // The policy names the namespaces, so they come before rolegate.
        let used = Namespace::labelled(cluster, "enforce");
        let misused = Namespace::labelled(cluster, "enforce");
        assert!(policy.contains(placeholder), "{policy}");
        let names = format!("[{}, {}]", used.name, misused.name);
        Self {
            unmanaged: Namespace::unmanaged(cluster),
            _rolegate: protect(cluster, &policy.replace(placeholder, &names)),
            used,
            misused,
        }
    }
}

/// Starts rolegate with a policy, and puts everything in place that EKS and we
/// bring along.
pub(super) fn protect(cluster: &Cluster, policy: &str) -> Rolegate {
    let rolegate = Rolegate::start(Some(policy));
    cluster.install(VALIDATING, &rolegate);
    cluster.install_guards();
    pod_identity::install(cluster);
    cluster.wait_until_enforced();
    rolegate
}
