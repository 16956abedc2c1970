//! One road of each rule, for tests that are about something else.

use super::config_maps::map;
use super::pair::{account, becomes, running_pod};
use super::refusal::{ACCOUNTS, CONFIG_MAPS, POD_EXEC, Rule};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::accounts::pod;

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
    let driver = account("driver");
    [
        Sample {
            road: Road::new("POST", "v1", "pods/driver/exec?command=id"),
            // The pod has no node.
            open: 400,
            rule: POD_EXEC,
            seen: "alice may not exec into pod <ns>/driver".to_owned(),
        },
        Sample {
            road: Road::create("v1", "configmaps", &map("shape", "1")),
            open: 201,
            rule: CONFIG_MAPS,
            seen: "alice may not create ConfigMap <ns>/shape".to_owned(),
        },
        Sample {
            road: Road::create("v1", "pods", &pod("mine", &driver)),
            open: 201,
            rule: ACCOUNTS,
            seen: format!(
                "alice may not start pod <ns>/mine under service account {driver}: {} (at spec.serviceAccountName)",
                becomes()
            ),
        },
    ]
}

/// A namespace with a driver in it.
pub(super) fn prepare(namespace: Namespace<'static>) -> Namespace<'static> {
    namespace.service_account(&account("driver"));
    running_pod(&namespace, "driver", &account("driver"));
    namespace
}
