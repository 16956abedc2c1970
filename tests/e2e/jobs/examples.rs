//! The policies that we tell users to write (`examples/policies`), each on a
//! control plane of its own with everything that we ship, the authorization webhook
//! included: the shared rolegate has only the built-in policy.

use std::sync::LazyLock;

use crate::harness::Namespace;
use crate::harness::authorizer::Authorizer;
use crate::harness::scan;

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
    authorizer: Authorizer,
}

impl Listed {
    /// A scan finds no fault with the jobs that run there, but for these.
    pub(super) fn expect_honest(&self, but_for: &[&str]) {
        let policy = self.authorizer.rolegate.policy_file();
        scan::expect_honest(&self.used, &policy, but_for);
    }

    /// `placeholder` is where the policy names its namespaces.
    fn new(policy: &str, placeholder: &str) -> Self {
        let (mut authorizer, cluster) = Authorizer::start();
        // The policy names the namespaces, so they come before rolegate.
        let used = Namespace::labelled(cluster, "enforce");
        let misused = Namespace::labelled(cluster, "enforce");
        assert!(policy.contains(placeholder), "{policy}");
        let names = format!("[{}, {}]", used.name, misused.name);
        let unmanaged = Namespace::unmanaged(cluster);
        authorizer.protect(cluster, &policy.replace(placeholder, &names));
        Self {
            used,
            misused,
            unmanaged,
            authorizer,
        }
    }
}
