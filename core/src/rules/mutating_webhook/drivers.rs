//! The objects that drive mutators: reviewed rows by API group, each with the
//! public document that says so. Versions do not matter: an object asks for the
//! same in all of them.

use crate::request::Resource;

/// Objects that tell an installed mutator what to do with pods.
pub(super) struct Driver {
    pub(super) group: &'static str,
    /// Empty for all resources of the group.
    pub(super) resources: &'static [&'static str],
    /// Whether only objects in mode `sidecar` drive a mutator; in the other modes
    /// their operator creates pods of its own.
    pub(super) only_sidecars: bool,
    /// What they drive, as the object of a sentence.
    pub(super) drives: &'static str,
    /// The document that says so.
    pub(super) source: &'static str,
}

impl Driver {
    /// The row of a resource.
    pub(super) fn of(resource: &Resource<'_>) -> Option<&'static Self> {
        if resource.group.is_empty() {
            return None;
        }
        DRIVERS.iter().find(|driver| {
            *resource.group == *driver.group
                && (driver.resources.is_empty()
                    || driver.resources.contains(&resource.resource.as_str()))
        })
    }
}

pub(super) static DRIVERS: &[Driver] = &[
    Driver {
        group: "kyverno.io",
        // Without its reports, which older versions keep in this group.
        resources: &[
            "policies",
            "clusterpolicies",
            "policyexceptions",
            "cleanuppolicies",
            "clustercleanuppolicies",
            "globalcontextentries",
            "updaterequests",
            "generaterequests",
        ],
        only_sidecars: false,
        drives: "Kyverno",
        source: "https://kyverno.io/docs/policy-types/cluster-policy/mutate/",
    },
    Driver {
        group: "policies.kyverno.io",
        resources: &[],
        only_sidecars: false,
        drives: "Kyverno",
        source: "https://kyverno.io/docs/policy-types/mutating-policy/",
    },
    Driver {
        group: "mutations.gatekeeper.sh",
        resources: &[],
        only_sidecars: false,
        drives: "Gatekeeper's mutation",
        source: "https://open-policy-agent.github.io/gatekeeper/website/docs/mutation/",
    },
    Driver {
        group: "policies.kubewarden.io",
        resources: &[],
        only_sidecars: false,
        drives: "Kubewarden",
        source: "https://docs.kubewarden.io/reference/CRDs",
    },
    Driver {
        group: "apps.kruise.io",
        resources: &["sidecarsets", "workloadspreads"],
        only_sidecars: false,
        drives: "OpenKruise's pod webhook",
        source: "https://openkruise.io/docs/user-manuals/sidecarset/",
    },
    Driver {
        group: "opentelemetry.io",
        resources: &["instrumentations"],
        only_sidecars: false,
        drives: "the OpenTelemetry operator's injection",
        source: "https://opentelemetry.io/docs/platforms/kubernetes/operator/automatic/",
    },
    Driver {
        group: "opentelemetry.io",
        resources: &["opentelemetrycollectors"],
        only_sidecars: true,
        drives: "the OpenTelemetry operator's sidecars",
        source: "https://github.com/open-telemetry/opentelemetry-operator#sidecar-injection",
    },
    Driver {
        group: "cloudwatch.aws.amazon.com",
        resources: &["instrumentations"],
        only_sidecars: false,
        drives: "the CloudWatch agent operator's injection",
        source: "https://github.com/aws/amazon-cloudwatch-agent-operator",
    },
    Driver {
        group: "cloudwatch.aws.amazon.com",
        resources: &["amazoncloudwatchagents"],
        only_sidecars: true,
        drives: "the CloudWatch agent operator's sidecars",
        source: "https://github.com/aws/amazon-cloudwatch-agent-operator",
    },
    Driver {
        group: "networking.istio.io",
        // They set the sidecar's image type and environment, and what runs in it.
        // `Sidecar`, `WorkloadGroup` and the routing kinds shape traffic only.
        resources: &["proxyconfigs", "envoyfilters"],
        only_sidecars: false,
        drives: "Istio's injected sidecars",
        source: "https://istio.io/latest/docs/reference/config/networking/proxy-config/",
    },
    Driver {
        group: "extensions.istio.io",
        resources: &["wasmplugins"],
        only_sidecars: false,
        drives: "Istio's injected sidecars",
        source: "https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/",
    },
    Driver {
        group: "dapr.io",
        // The injector adds the container that a Component's annotation names.
        // The sidecar loads both kinds and acts with the pod's identity.
        resources: &["components", "configurations"],
        only_sidecars: false,
        drives: "Dapr's injected sidecars",
        source: "https://docs.dapr.io/operations/components/pluggable-components-registration/",
    },
    Driver {
        group: "vpcresources.k8s.aws",
        resources: &["securitygrouppolicies"],
        only_sidecars: false,
        drives: "the security groups that EKS gives to pods",
        source: "https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html",
    },
];

#[cfg(test)]
mod tests {
    use super::DRIVERS;

    #[test]
    fn rows_are_whole_and_no_resource_stands_in_two() {
        let mut seen = Vec::new();
        for driver in DRIVERS {
            assert!(driver.source.starts_with("https://"), "{}", driver.group);
            assert!(driver.group.contains('.'), "{}", driver.group);
            let resources = if driver.resources.is_empty() {
                &["*"]
            } else {
                driver.resources
            };
            for resource in resources {
                assert!(
                    resource
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'*'),
                    "{resource}"
                );
                let row = (driver.group, *resource);
                assert!(!seen.contains(&row), "{row:?}");
                seen.push(row);
            }
        }
    }
}
