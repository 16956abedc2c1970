//! One dangerous request for every line of the table that is called judged.

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{
    JOB, OTHER_ROLE, config_map, job_account, role_arn, service_account, token_request,
};
use crate::harness::workloads::{group_version, workload};

pub(super) const JSON: &str = "application/json";

/// The service account whose pods, tokens and objects bob is after.
pub(crate) fn driver() -> String {
    job_account("driver", OTHER_ROLE)
}

pub(crate) fn driver_pod() -> String {
    format!("spark-{JOB}-driver")
}

pub(crate) fn driver_service() -> String {
    format!("spark-{JOB}-driver-svc")
}

/// A namespace that dangerous requests are about.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a>(pub(crate) &'a str);

/// The dangerous form of one resource's requests.
pub(crate) struct Probe {
    /// The collection: `/api/v1/namespaces/ns/pods`, or the whole path of what
    /// one connects to or posts to.
    pub(crate) path: String,
    /// What is there before, if anything.
    pub(super) stored: Option<Value>,
    /// What a tenant must not create.
    pub(crate) create: Value,
    /// What a tenant must not change of `stored`, as a merge patch.
    pub(super) change: Value,
}

impl Probe {
    /// The name of what is there before.
    pub(super) fn stored_name(&self) -> Result<&str, String> {
        let stored = self.stored.as_ref().ok_or("nothing of it is stored")?;
        let name = stored["metadata"]["name"].as_str();
        Ok(name.ok_or("it has no name")?)
    }
}

impl Place<'_> {
    /// Whether there is a dangerous request for a resource.
    pub(super) fn knows(resource: &str) -> bool {
        Place("any").probe(resource).is_some()
    }

    pub(crate) fn core(self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.0)
    }

    pub(crate) fn group(self, group_version: &str, rest: &str) -> String {
        format!("/apis/{group_version}/namespaces/{}/{rest}", self.0)
    }

    /// The dangerous requests of `resource`; of its subresources too, whose
    /// path is the object's where they are changed and their own where they
    /// are created or connected to.
    pub(crate) fn probe(self, resource: &str) -> Option<Probe> {
        let (main, sub) = resource.split_once('/').unwrap_or((resource, ""));
        if let Some(path) = self.own_path(main, sub) {
            let create = Self::created(resource);
            return Some(Probe {
                path,
                stored: None,
                create,
                change: Value::Null,
            });
        }
        let mut probe = self
            .in_namespace(main)
            .or_else(|| self.without_namespace(main))
            .or_else(|| self.rights(main))?;
        if !sub.is_empty() {
            probe.change = Self::changed(resource)?;
        }
        Some(probe)
    }

    /// Where one connects to, or posts to, under an object.
    fn own_path(self, main: &str, sub: &str) -> Option<String> {
        let pod = driver_pod();
        Some(match (main, sub) {
            ("pods", "exec") => self.core(&format!("pods/{pod}/exec?command=id")),
            ("pods", "attach" | "portforward" | "proxy" | "binding" | "eviction") => {
                self.core(&format!("pods/{pod}/{sub}"))
            }
            ("services", "proxy") => self.core(&format!("services/{}/proxy", driver_service())),
            ("nodes", "proxy") => "/api/v1/nodes/n1/proxy/run/a/b/c".to_owned(),
            ("serviceaccounts", "token") => {
                self.core(&format!("serviceaccounts/{}/token", driver()))
            }
            _ => return None,
        })
    }

    fn created(resource: &str) -> Value {
        let name = driver_pod();
        match resource {
            "serviceaccounts/token" => token_request(&json!({"audiences": ["sts.amazonaws.com"]})),
            "pods/eviction" => json!({
                "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
            }),
            "pods/binding" => json!({
                "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
                "target": {"kind": "Node", "name": "n1"},
            }),
            _ => Value::Null,
        }
    }

    /// What a tenant must not write into a subresource.
    fn changed(resource: &str) -> Option<Value> {
        Some(match resource {
            "pods/status" => {
                json!({"status": {"podIP": "10.0.0.66", "podIPs": [{"ip": "10.0.0.66"}]}})
            }
            "pods/resize" => {
                json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "2"}}}]}})
            }
            "pods/ephemeralcontainers" => json!({"spec": {"ephemeralContainers": [{
                "name": "debug", "image": "busybox", "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
            }]}}),
            "services/status" => {
                json!({"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.66"}]}}})
            }
            "deployments.apps/status"
            | "replicasets.apps/status"
            | "statefulsets.apps/status"
            | "daemonsets.apps/status"
            | "replicationcontrollers/status" => json!({"status": {"observedGeneration": 99}}),
            "cronjobs.batch/status" => {
                json!({"status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}})
            }
            "jobs.batch/status" => {
                json!({"status": {"startTime": "2026-01-01T00:00:00Z", "conditions": [
                    {"type": "FailureTarget", "status": "True", "reason": "x", "lastTransitionTime": "2026-01-01T00:00:00Z"},
                    {"type": "Failed", "status": "True", "reason": "x", "lastTransitionTime": "2026-01-01T00:00:00Z"},
                ]}})
            }
            "namespaces/status" | "namespaces/finalize" => unmanaged(),
            "certificatesigningrequests.certificates.k8s.io/approval" => {
                json!({"status": {"conditions": [
                    {"type": "Approved", "status": "True", "reason": "x", "message": "x"},
                ]}})
            }
            "certificatesigningrequests.certificates.k8s.io/status" => {
                json!({"status": {"conditions": [
                    {"type": "Failed", "status": "True", "reason": "x", "message": "x"},
                ]}})
            }
            _ => return None,
        })
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm a resource")]
    fn in_namespace(self, resource: &str) -> Option<Probe> {
        let (driver, pod_name, service) = (driver(), driver_pod(), driver_service());
        let meta = |name: &str| json!({"name": name});
        let labelled = json!({"metadata": {"labels": {"a": "b"}}});
        Some(match resource {
            "pods" => Probe {
                path: self.core("pods"),
                stored: Some(with_requests(pod(&pod_name, &driver))),
                create: pod("mine", &driver),
                change: json!({"spec": {"containers": [{"image": "registry.example/evil:1"}]}}),
            },
            "bindings" => Probe {
                path: self.core("bindings"),
                stored: None,
                create: json!({
                    "apiVersion": "v1", "kind": "Binding", "metadata": meta(&pod_name),
                    "target": {"kind": "Node", "name": "n1"},
                }),
                change: Value::Null,
            },
            "configmaps" => Probe {
                path: self.core("configmaps"),
                stored: Some(
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("stored"), "data": {"a": "1"}}),
                ),
                create: config_map("mine"),
                change: json!({"data": {"a": "2"}}),
            },
            "secrets" => Probe {
                path: self.core("secrets"),
                stored: Some(
                    json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("stored"), "data": {"a": "MQ=="}}),
                ),
                create: json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                    "metadata": {"name": "mine", "annotations": {"kubernetes.io/service-account.name": driver}},
                }),
                change: json!({}),
            },
            "serviceaccounts" => Probe {
                path: self.core("serviceaccounts"),
                stored: Some(service_account(&driver)),
                create: service_account(&job_account("executor", OTHER_ROLE)),
                change: json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": role_arn("other")}}}),
            },
            "persistentvolumeclaims" => {
                let claim = |name: &str, spec: Value| {
                    json!({
                        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name), "spec": spec,
                    })
                };
                let mine = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
                let mut clone = mine.clone();
                let stored = format!("{pod_name}-pvc-0");
                clone["dataSource"] = json!({"kind": "PersistentVolumeClaim", "name": stored});
                Probe {
                    path: self.core("persistentvolumeclaims"),
                    stored: Some(claim(&stored, mine)),
                    create: claim("mine", clone),
                    change: labelled,
                }
            }
            "services" => {
                let spec = |kind: &str| json!({"type": kind, "selector": {"spark-role": "driver"}, "ports": [{"port": 4040}]});
                Probe {
                    path: self.core("services"),
                    stored: Some(
                        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta(&service), "spec": spec("LoadBalancer")}),
                    ),
                    create: json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("mine"), "spec": spec("NodePort")}),
                    change: json!({"spec": {"selector": {"app": "mine"}}}),
                }
            }
            "endpoints" => Probe {
                path: self.core("endpoints"),
                // Not the stored Service's, which its controller makes.
                stored: Some(
                    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": meta(&format!("spark-{JOB}-driver-1-svc"))}),
                ),
                create: json!({
                    "apiVersion": "v1", "kind": "Endpoints", "metadata": meta(&format!("spark-{JOB}-driver-2-svc")),
                    "subsets": [{"addresses": [{"ip": "10.0.0.66"}], "ports": [{"port": 4040}]}],
                }),
                change: json!({"subsets": [{"addresses": [{"ip": "10.0.0.66"}], "ports": [{"port": 4040}]}]}),
            },
            "endpointslices.discovery.k8s.io" => {
                let slice = |name: &str| {
                    json!({
                        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service}},
                        "endpoints": [{"addresses": ["10.0.0.66"]}], "ports": [{"port": 4040}],
                    })
                };
                Probe {
                    path: self.group("discovery.k8s.io/v1", "endpointslices"),
                    stored: Some(slice("stored")),
                    create: slice("mine"),
                    change: json!({"endpoints": [{"addresses": ["10.0.0.67"]}]}),
                }
            }
            "ingresses.networking.k8s.io" => {
                let ingress = |name: &str| {
                    json!({
                        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(name),
                        "spec": {"defaultBackend": {"service": {"name": service, "port": {"number": 4040}}}},
                    })
                };
                Probe {
                    path: self.group("networking.k8s.io/v1", "ingresses"),
                    stored: Some(ingress("stored")),
                    create: ingress("mine"),
                    change: json!({"metadata": {"annotations": {"alb.ingress.kubernetes.io/scheme": "internet-facing"}}}),
                }
            }
            "networkpolicies.networking.k8s.io" => {
                let policy = |name: &str| {
                    json!({
                        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta(name),
                        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
                    })
                };
                Probe {
                    path: self.group("networking.k8s.io/v1", "networkpolicies"),
                    stored: Some(policy("stored")),
                    create: policy("mine"),
                    change: json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}),
                }
            }
            "controllerrevisions.apps" => {
                let revision = |name: &str| {
                    json!({
                        "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta(name), "revision": 1,
                        "data": {"spec": {"template": {"spec": pod_spec(&driver)}}},
                    })
                };
                Probe {
                    path: self.group("apps/v1", "controllerrevisions"),
                    stored: Some(revision("stored")),
                    create: revision("mine"),
                    change: json!({"revision": 9}),
                }
            }
            "resourceclaims.resource.k8s.io" | "resourceclaimtemplates.resource.k8s.io" => {
                let (plural, _) = resource.split_once('.')?;
                let devices = json!({"devices": {"requests": [
                    {"name": "all", "exactly": {"deviceClassName": "c", "adminAccess": true}},
                ]}});
                let (kind, spec) = match plural {
                    "resourceclaims" => ("ResourceClaim", devices),
                    _ => ("ResourceClaimTemplate", json!({"spec": devices})),
                };
                Probe {
                    path: self.group("resource.k8s.io/v1", plural),
                    stored: None,
                    create: json!({"apiVersion": "resource.k8s.io/v1", "kind": kind, "metadata": meta("mine"), "spec": spec}),
                    change: Value::Null,
                }
            }
            workload => self.workload(workload, &driver)?,
        })
    }

    /// A kind with a pod template, under a job's service account.
    fn workload(self, resource: &str, account: &str) -> Option<Probe> {
        let (plural, _) = resource.split_once('.').unwrap_or((resource, ""));
        let version = group_version(plural)?;
        let name = if plural == "jobs" { JOB } else { "stored" };
        let annotated = json!({"metadata": {"annotations": {"a": "b"}}});
        let change = match plural {
            // A Job's template cannot be changed; it can be let go.
            "jobs" => json!({"spec": {"suspend": false}}),
            "cronjobs" => json!({"spec": {"jobTemplate": {"spec": {"template": annotated}}}}),
            "podtemplates" => json!({"template": annotated}),
            _ => json!({"spec": {"template": annotated}}),
        };
        Some(Probe {
            path: match version {
                "v1" => self.core(plural),
                version => self.group(version, plural),
            },
            stored: Some(workload(plural, name, account)),
            create: workload(plural, "mine", account),
            change,
        })
    }

    #[expect(clippy::too_many_lines, reason = "a table: one arm a resource")]
    fn without_namespace(self, resource: &str) -> Option<Probe> {
        let meta = |name: &str| json!({"name": name});
        Some(match resource {
            "namespaces" => Probe {
                path: "/api/v1/namespaces".to_owned(),
                stored: Some(json!({"metadata": meta(self.0)})),
                create: json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine", "labels": {"rolegate.dev/mode": "enforced"}}}),
                change: unmanaged(),
            },
            "mutatingwebhookconfigurations.admissionregistration.k8s.io"
            | "validatingwebhookconfigurations.admissionregistration.k8s.io" => {
                let (plural, _) = resource.split_once('.')?;
                let kind = if plural.starts_with('m') {
                    "MutatingWebhookConfiguration"
                } else {
                    "ValidatingWebhookConfiguration"
                };
                let configuration = |name: &str| {
                    json!({
                        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": meta(name),
                        "webhooks": [{
                            "name": "mine.example.com", "clientConfig": {"url": "https://127.0.0.1:1/"},
                            "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
                            // Selects nothing, so that it disturbs no other test.
                            "namespaceSelector": {"matchLabels": {"no-such-label": "x"}},
                            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                        }],
                    })
                };
                Probe {
                    path: format!("/apis/admissionregistration.k8s.io/v1/{plural}"),
                    stored: Some(configuration("rolegate-stored")),
                    create: configuration("mine"),
                    change: json!({"webhooks": [{"timeoutSeconds": 1}]}),
                }
            }
            "certificatesigningrequests.certificates.k8s.io" => Probe {
                path: "/apis/certificates.k8s.io/v1/certificatesigningrequests".to_owned(),
                stored: Some(json!({
                    "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": meta("stored"),
                    "spec": {"request": signing_request(), "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]},
                })),
                create: Value::Null,
                change: Value::Null,
            },
            "apiservices.apiregistration.k8s.io" => {
                let service = |group: &str| {
                    json!({
                        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": meta(&format!("v1.{group}")),
                        "spec": {
                            "group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
                            "insecureSkipTLSVerify": true, "service": {"namespace": self.0, "name": "mine"},
                        },
                    })
                };
                Probe {
                    path: "/apis/apiregistration.k8s.io/v1/apiservices".to_owned(),
                    stored: Some(service("aggregated.example.com")),
                    create: service("mine.example.com"),
                    change: json!({"spec": {"service": {"name": "other"}}}),
                }
            }
            "customresourcedefinitions.apiextensions.k8s.io" => {
                let webhook = json!({"strategy": "Webhook", "webhook": {
                    "conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/"},
                }});
                let anything =
                    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
                let version = |name: &str, storage: bool| {
                    json!({
                        "name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": anything},
                    })
                };
                let definition = |group: &str, conversion: Value| {
                    json!({
                        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                        "metadata": meta(&format!("things.{group}")),
                        "spec": {
                            "group": group, "scope": "Namespaced", "conversion": conversion,
                            "names": {"plural": "things", "kind": "Thing"},
                            "versions": [version("v1", true), version("v1beta1", false)],
                        },
                    })
                };
                Probe {
                    path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
                    stored: Some(definition(
                        "stored.example.com",
                        json!({"strategy": "None"}),
                    )),
                    create: definition("mine.example.com", webhook.clone()),
                    change: json!({"spec": {"conversion": webhook}}),
                }
            }
            "persistentvolumes" => {
                let volume = |name: &str| {
                    json!({
                        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta(name),
                        "spec": {
                            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                            "hostPath": {"path": "/"}, "storageClassName": "none",
                        },
                    })
                };
                Probe {
                    path: "/api/v1/persistentvolumes".to_owned(),
                    stored: Some(volume("stored")),
                    create: volume("mine"),
                    change: json!({"spec": {"claimRef": {"namespace": self.0, "name": "mine"}}}),
                }
            }
            "volumeattachments.storage.k8s.io" => Probe {
                path: "/apis/storage.k8s.io/v1/volumeattachments".to_owned(),
                stored: None,
                create: json!({
                    "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": meta("mine"),
                    "spec": {"attacher": "disk.example.com", "nodeName": "n1", "source": {"persistentVolumeName": "stored"}},
                }),
                change: Value::Null,
            },
            "csidrivers.storage.k8s.io" => {
                let tokens = json!({"tokenRequests": [{"audience": "sts.amazonaws.com"}]});
                let driver = |name: &str, spec: &Value| json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": meta(name), "spec": spec});
                Probe {
                    path: "/apis/storage.k8s.io/v1/csidrivers".to_owned(),
                    stored: Some(driver("stored.example.com", &json!({}))),
                    create: driver("mine.example.com", &tokens),
                    change: json!({"spec": tokens}),
                }
            }
            _ => return None,
        })
    }
}

/// What is there before the tenant comes, accounts before their pods.
pub(crate) const NAMESPACED: [&str; 21] = [
    "serviceaccounts",
    "pods",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "services",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "controllerrevisions.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "replicationcontrollers",
    "podtemplates",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
];

/// The same, without a namespace.
pub(crate) const CLUSTER_SCOPED: [&str; 9] = [
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "apiservices.apiregistration.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "persistentvolumes",
    "csidrivers.storage.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
];

/// A pod that can be resized without another class of service.
fn with_requests(mut pod: Value) -> Value {
    pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1"}});
    pod
}

/// Out of rolegate's reach.
fn unmanaged() -> Value {
    json!({"metadata": {"labels": {"rolegate.dev/mode": null}}})
}

fn signing_request() -> String {
    use base64::Engine;
    let key = KeyPair::generate().expect("a key");
    let request = CertificateParams::default()
        .serialize_request(&key)
        .expect("a request");
    base64::engine::general_purpose::STANDARD.encode(request.pem().expect("PEM"))
}
