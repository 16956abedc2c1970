//! One road of each rule, for tests that are about something else.

use crate::harness::Namespace;
use crate::harness::accounts::pod;
use crate::harness::cast::{OTHER_ROLE, becomes, config_map, job_account};
use crate::harness::refusal::{ACCOUNTS, CONFIG_MAPS, POD_EXEC, Rule};
use crate::harness::road::Road;

/// A road, where it leads when it is open, and what a refusal says.
pub(super) struct Sample {
    pub(super) road: Road,
    pub(super) open: u16,
    pub(super) rule: Rule,
    /// With `<ns>` for the namespace.
    pub(super) seen: String,
}

/// The three, in a namespace of [`prepare`].
pub(super) fn samples() -> [Sample; 3] {
    let driver = driver();
    [
        Sample {
            road: Road::new("POST", "v1", "pods/driver/exec?command=id"),
            // The pod has no node.
            open: 400,
            rule: POD_EXEC,
            seen: "alice may not exec into pod <ns>/driver".to_owned(),
        },
        Sample {
            road: Road::create("v1", "configmaps", &config_map("shape")),
            open: 201,
            rule: CONFIG_MAPS,
            seen: "alice may not create ConfigMap <ns>/shape".to_owned(),
        },
        Sample {
            road: Road::create("v1", "pods", &pod("mine", &driver)),
            open: 201,
            rule: ACCOUNTS,
            seen: format!(
                "alice may not start pod <ns>/mine under service account {driver}: that service account {} (at spec.serviceAccountName)",
                becomes(OTHER_ROLE)
            ),
        },
    ]
}

/// A namespace with a driver in it.
pub(super) fn prepare(namespace: Namespace<'static>) -> Namespace<'static> {
    namespace.service_account(&driver());
    namespace.running_pod("driver", &driver());
    namespace
}

/// The service account of the driver there.
pub(super) fn driver() -> String {
    job_account("driver", OTHER_ROLE)
}
