//! Sections A to D.

use serde_json::json;

use super::{Row, row};
use crate::bypasses::ways::{self, Twist, Way, kinds, nodes, pretenders, secrets, services};
use Twist::{GeneratedName, OldField};
use Way::{Connect, Line, Request, Twisted};

pub(super) const ROWS: &[Row] = &[
    row(
        "A1",
        "pod-exec",
        &[
            Line("pods/exec", "get"),
            Line("pods/exec", "create"),
            // Not even whether it exists is told.
            Connect("POST", "pods/ghost/exec?command=id"),
        ],
    ),
    row(
        "A2",
        "pod-exec",
        &[Line("pods/attach", "get"), Line("pods/attach", "create")],
    ),
    row(
        "A3",
        "pod-exec",
        &[
            Line("pods/portforward", "get"),
            Line("pods/portforward", "create"),
        ],
    ),
    row(
        "A4",
        "pod-exec",
        &[
            Line("pods/proxy", "get"),
            Line("pods/proxy", "create"),
            Line("pods/proxy", "update"),
            Line("pods/proxy", "patch"),
            Line("pods/proxy", "delete"),
            Line("services/proxy", "get"),
            Line("services/proxy", "create"),
            Line("services/proxy", "update"),
            Line("services/proxy", "patch"),
            Line("services/proxy", "delete"),
            Connect("GET", "pods/<driver>:4040/proxy/"),
            Connect("GET", "pods/http:<driver>:4040/proxy/jobs/?id=1"),
            Connect("POST", "pods/https:<driver>:4040/proxy/"),
            Connect("OPTIONS", "pods/<driver>/proxy/"),
            Connect("GET", "services/<service>:4040/proxy/"),
            Connect("GET", "services/http:<service>:ui/proxy/jobs/?id=1"),
            Connect("POST", "services/https:<service>:443/proxy/"),
            Connect("OPTIONS", "services/<service>/proxy/"),
        ],
    ),
    row(
        "A5",
        "pod-exec",
        &[
            Line("nodes/proxy", "get"),
            Line("nodes/proxy", "create"),
            Line("nodes/proxy", "update"),
            Line("nodes/proxy", "patch"),
            Line("nodes/proxy", "delete"),
            Connect("GET", "/api/v1/nodes/n1:10250/proxy"),
            Connect("GET", "/api/v1/nodes/n1:10250/proxy/"),
            Connect("GET", "/api/v1/nodes/n1/proxy/exec/ns/pod/main?command=id"),
            Connect("GET", "/api/v1/nodes/n1/proxy/attach/ns/pod/main"),
            Connect("GET", "/api/v1/nodes/n1/proxy/portForward/ns/pod"),
            Connect("GET", "/api/v1/nodes/n1/proxy/pods"),
            Connect("GET", "/api/v1/nodes/n1/proxy/containerLogs/ns/pod/main"),
            // What only begins like a node's figures, as the API server cleans it.
            Connect("GET", "/api/v1/nodes/n1/proxy/metrics/../exec/ns/pod/main"),
            Connect("GET", "/api/v1/nodes/n1/proxy/metricsx"),
            Connect("GET", "/api/v1/nodes/n1/proxy/metrics%2f..%2fexec"),
            Connect("GET", "/api/v1/nodes/n1/proxy/Metrics"),
        ],
    ),
    row(
        "A7",
        "pod-exec",
        &[
            Line("pods/ephemeralcontainers", "patch"),
            Line("pods/ephemeralcontainers", "update"),
        ],
    ),
    row(
        "A8",
        "foreign-service-account",
        &[Request("a copy of the driver", ways::copy_of_the_driver)],
    ),
    row(
        "A9",
        "pod-tampering",
        &[Line("pods", "patch"), Line("pods", "update")],
    ),
    row(
        "A10",
        "pod-tampering",
        &[
            Request("a label", ways::label),
            Request("an annotation", ways::annotation),
            Request("an owner", ways::owner),
            Request("an annotation of rolegate's", ways::annotation_of_rolegate),
            Request("a finalizer", ways::finalizer),
            Request("a label through status", ways::label_through_status),
        ],
    ),
    row(
        "A11",
        "pod-tampering",
        &[Line("pods/status", "patch"), Line("pods/status", "update")],
    ),
    row(
        "A12",
        "pod-tampering",
        &[
            Line("pods/binding", "create"),
            Line("bindings", "create"),
            Request("a pod with its node", ways::node_name),
        ],
    ),
    row(
        "A13",
        "job-lifecycle",
        &[
            Line("pods", "delete"),
            Line("pods", "deletecollection"),
            Line("pods/eviction", "create"),
            Line("jobs.batch", "delete"),
            Line("jobs.batch", "deletecollection"),
        ],
    ),
    row("A15", "pod-exec", &[Line("pods/exec", "create")]),
    row("A17", "endpoint-exposure", services::DOORS),
    row(
        "A18",
        "endpoint-exposure",
        &[
            Line("networkpolicies.networking.k8s.io", "create"),
            Line("networkpolicies.networking.k8s.io", "patch"),
            Line("networkpolicies.networking.k8s.io", "delete"),
            Line("networkpolicies.networking.k8s.io", "deletecollection"),
            Request("a network policy of Cilium", kinds::network_policy),
        ],
    ),
    row(
        "B1",
        "foreign-service-account",
        &[
            Line("pods", "create"),
            Twisted("pods", OldField),
            Twisted("pods", GeneratedName),
        ],
    ),
    row(
        "B2",
        "foreign-service-account",
        &[
            Line("deployments.apps", "create"),
            Line("replicasets.apps", "create"),
            Line("statefulsets.apps", "create"),
            Line("daemonsets.apps", "create"),
            Line("jobs.batch", "create"),
            Line("cronjobs.batch", "create"),
            Line("replicationcontrollers", "create"),
            Line("podtemplates", "create"),
            Twisted("deployments.apps", OldField),
            Twisted("replicasets.apps", OldField),
            Twisted("statefulsets.apps", OldField),
            Twisted("daemonsets.apps", OldField),
            Twisted("jobs.batch", OldField),
            Twisted("cronjobs.batch", OldField),
            Twisted("replicationcontrollers", OldField),
            Twisted("podtemplates", OldField),
            Twisted("deployments.apps", GeneratedName),
            Line("deployments.apps", "patch"),
            Request("turned to the driver", ways::turned_to_the_driver),
            Request("another image", |stage, place| {
                let container = json!({"name": "main", "image": "registry.example/mine:1"});
                ways::other_code(stage, place, &json!({"containers": [container]}))
            }),
            Request("another command", |stage, place| {
                let container = json!({"name": "main", "command": ["sh"]});
                ways::other_code(stage, place, &json!({"containers": [container]}))
            }),
            Request("another variable", |stage, place| {
                let container = json!({"name": "main", "env": [{"name": "A", "value": "b"}]});
                ways::other_code(stage, place, &json!({"containers": [container]}))
            }),
            Request("another node", |stage, place| {
                ways::other_code(stage, place, &json!({"nodeName": "mine"}))
            }),
        ],
    ),
    row(
        "B4",
        "foreign-service-account",
        &[
            Request("a custom resource", ways::custom_resource),
            Request("a custom resource by apply", ways::applied_resource),
            Request("what a custom resource runs", ways::steered_resource),
        ],
    ),
    row(
        "B5",
        "foreign-service-account",
        &[Request("by a driver's token", ways::by_a_driver)],
    ),
    row("B6", "service-account-token", secrets::TOKENS_BY_REQUEST),
    row(
        "B7",
        "service-account-identity",
        &[
            Line("serviceaccounts", "create"),
            Twisted("serviceaccounts", GeneratedName),
        ],
    ),
    row(
        "B8",
        "service-account-identity",
        &[
            Line("serviceaccounts", "patch"),
            Line("serviceaccounts", "update"),
            Line("serviceaccounts", "delete"),
            Line("serviceaccounts", "deletecollection"),
            Request("a role for an ordinary account", ways::account_bound),
            Request("its Secrets", |stage, place| {
                ways::account_changed(stage, place, &json!({"secrets": [{"name": "mine"}]}))
            }),
            Request("its imagePullSecrets", |stage, place| {
                let change = json!({"imagePullSecrets": [{"name": "mine"}]});
                ways::account_changed(stage, place, &change)
            }),
        ],
    ),
    row("B9", "service-account-token", secrets::TOKENS),
    row("B11", "foreign-service-account", pretenders::STARTS),
    row(
        "B12",
        "cluster-takeover",
        &[Line(
            "certificatesigningrequests.certificates.k8s.io/approval",
            "patch",
        )],
    ),
    row(
        "B13",
        "foreign-service-account",
        &[Request("a mirror's template", ways::mirrors_template)],
    ),
    row(
        "B14",
        "foreign-service-account",
        &[
            Request("EMR's labels", ways::emrs_labels),
            Request("every disguise", ways::every_disguise),
        ],
    ),
    row(
        "B15",
        "foreign-service-account",
        &[Request("an account of others", ways::account_of_others)],
    ),
    row("B16", "credential-provider", nodes::NODE),
    row(
        "B17",
        "cluster-takeover",
        &[
            Line("resourceclaims.resource.k8s.io", "create"),
            Line("resourceclaimtemplates.resource.k8s.io", "create"),
        ],
    ),
    row(
        "B18",
        "foreign-volume",
        &[
            Line("persistentvolumeclaims", "create"),
            Line("persistentvolumeclaims", "patch"),
            Line("persistentvolumeclaims", "delete"),
            Line("persistentvolumeclaims", "deletecollection"),
            Request("mounted", ways::claim_of_a_job),
            Request("cloned with a pod", ways::clone_with_a_pod),
            Request("a snapshot", kinds::snapshot),
        ],
    ),
    row("B19", "mutating-webhook", kinds::MUTATORS),
    row(
        "B20",
        "foreign-service-account",
        &[Request(
            "by a driver, whatever its settings",
            ways::by_a_driver,
        )],
    ),
    row("C5", "secret-read", secrets::BY_PODS),
    row("C6", "secret-read", secrets::BY_ROUTES),
    row(
        "D6",
        "foreign-service-account",
        &[Request("too deep", ways::too_deep)],
    ),
    row(
        "D7",
        "foreign-service-account",
        &[Request("another version", ways::another_version)],
    ),
    row(
        "D8",
        "pod-exec",
        &[
            Line("pods/ephemeralcontainers", "patch"),
            Line("pods/portforward", "get"),
        ],
    ),
    row(
        "D12",
        "cluster-takeover",
        &[
            Line("customresourcedefinitions.apiextensions.k8s.io", "create"),
            Line("customresourcedefinitions.apiextensions.k8s.io", "patch"),
            Line("apiservices.apiregistration.k8s.io", "create"),
            Line("apiservices.apiregistration.k8s.io", "patch"),
        ],
    ),
    row(
        "D13",
        "configmap-mutation",
        &[
            Line("configmaps", "create"),
            Line("configmaps", "update"),
            Line("configmaps", "patch"),
            Line("configmaps", "delete"),
            Line("configmaps", "deletecollection"),
            Twisted("configmaps", GeneratedName),
        ],
    ),
    // B11, of ConfigMaps.
    row("D13", "configmap-mutation", pretenders::WRITES),
    row(
        "D14",
        "configmap-mutation",
        &[Request("ahead of EMR", ways::copy_of_a_template)],
    ),
];
