//! The rule `endpoint-exposure`: doors to a driver and detours from it (facts
//! A17 and A18 of the bypass catalogue).

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, TEAM_A, account, admin, controller_manager, driver, driver_name,
    driver_of, emr, node, operator, runner, update, with_operator,
};
use crate::support::{Review, controller, impersonated, in_pod, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "endpoint-exposure";
const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";
const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";

fn balancer() -> Value {
    service_account("kube-system", "aws-load-balancer-controller")
}

/// Everybody whom the cluster's doors are none of the business of.
fn outsiders() -> [Value; 9] {
    [
        tenant(),
        user("", &[]),
        service_account("spark-a", "default"),
        service_account("spark-a", &account("spark-driver")),
        impersonated("kube-system", "endpointslice-controller"),
        impersonated("kube-system", "aws-load-balancer-controller"),
        impersonated("spark-operator", "spark-operator"),
        service_account("istio-system", "istiod"),
        node(),
    ]
}

/// Everybody who is never asked.
fn masters() -> [Value; 6] {
    [
        emr(),
        admin(),
        user("eks:network-policy-controller", &[]),
        controller_manager(),
        controller("service-controller"),
        controller("endpointslice-controller"),
    ]
}

fn create(user: Value, resource: &str, object: Value) -> Review {
    let name = object["metadata"]["name"]
        .as_str()
        .unwrap_or("x")
        .to_owned();
    Review::new(user, "CREATE", resource, &name).object(object)
}

fn service(name: &str, spec: Value) -> Value {
    json!({ "metadata": { "name": name }, "spec": spec })
}

/// A driver's headless Service as Spark makes it.
fn drivers() -> Value {
    json!({
        "metadata": {
            "name": format!("spark-{JOB}-driver-svc"),
            "ownerReferences": [{ "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID }],
        },
        "spec": {
            "clusterIP": "None", "type": "ClusterIP",
            "selector": { "spark-role": "driver", "spark-app-selector": format!("spark-{JOB}") },
            "ports": [{ "name": "driver-rpc-port", "port": 7078 }],
        },
    })
}

#[test]
fn doors_by_type() {
    let policy = with_operator("");
    for (spec, words) in [
        (json!({ "type": "NodePort" }), "the type NodePort"),
        (
            json!({ "type": "LoadBalancer" }),
            "a load balancer that is not internal (at spec.type)",
        ),
        (
            json!({ "externalIPs": ["10.0.0.66"] }),
            "the external address 10.0.0.66 (at spec.externalIPs[0])",
        ),
        (
            json!({ "type": "LoadBalancer", "externalIPs": ["2001:db8::1"] }),
            "the external address 2001:db8::1",
        ),
    ] {
        for user in [driver(), runner(), operator(), balancer()]
            .into_iter()
            .chain(outsiders())
        {
            create(user.clone(), "/services", service("shop", spec.clone()))
                .refused(&policy, RULE, words);
            create(user.clone(), "/services", service("shop", spec.clone()))
                .set("dryRun", json!(true))
                .refused(&policy, RULE, words);
            update(
                user,
                "/services",
                service("shop", json!({ "type": "ClusterIP" })),
                service("shop", spec.clone()),
            )
            .refused(&policy, RULE, words);
        }
        for user in masters() {
            create(user, "/services", service("shop", spec.clone())).passes(&policy);
        }
        // What was there before may stay, and its ports may change.
        let mut changed = spec.clone();
        changed["ports"] = json!([{ "port": 81 }]);
        update(
            tenant(),
            "/services",
            service("shop", spec.clone()),
            service("shop", changed),
        )
        .passes(&policy);
    }
    for spec in [
        json!({}),
        json!({ "type": "ClusterIP", "selector": { "app": "shop" } }),
        json!({ "clusterIP": "None", "externalIPs": null, "selector": null }),
        json!({ "type": "ExternalName", "externalName": "db.example.com" }),
    ] {
        for user in outsiders() {
            create(user, "/services", service("shop", spec.clone())).passes(&policy);
        }
    }
    create(
        tenant(),
        "/services",
        json!({ "metadata": { "generateName": "shop-" }, "spec": { "type": "NodePort" } }),
    )
    .set("name", Value::Null)
    .refused(&policy, RULE, "give Thing spark-a/shop-* the type NodePort");
}

/// Every spelling, against every controller that could read it.
#[test]
fn internal_load_balancers() {
    let builtin = Policy::builtin();
    let nlb = Some("service.k8s.aws/nlb");
    let auto = Some("eks.amazonaws.com/nlb");
    for (class, annotations, internal) in [
        (None, json!({ INTERNAL: "true" }), true),
        (None, json!({ INTERNAL: "0.0.0.0/0" }), true),
        (None, json!({ INTERNAL: "true", TYPE: "nlb" }), true),
        (nlb, json!({ INTERNAL: "true" }), true),
        (nlb, json!({ SCHEME: "internal" }), true),
        (auto, json!({ SCHEME: "internal" }), true),
        (None, json!({ SCHEME: "internal", TYPE: "external" }), true),
        (None, json!({ SCHEME: "internal", TYPE: "nlb-ip" }), true),
        (None, json!({ SCHEME: "internal", INTERNAL: "true" }), true),
        (nlb, json!({ SCHEME: "internal", INTERNAL: "false" }), true),
        (Some(""), json!({ INTERNAL: "true" }), true),
        // The cloud controller does not know the scheme.
        (None, json!({ SCHEME: "internal" }), false),
        (None, json!({ SCHEME: "internal", TYPE: "nlb" }), false),
        (
            None,
            json!({ SCHEME: "internal", INTERNAL: "false" }),
            false,
        ),
        // The load balancer controller goes by the scheme first.
        (
            nlb,
            json!({ SCHEME: "internet-facing", INTERNAL: "true" }),
            false,
        ),
        (
            None,
            json!({ SCHEME: "internet-facing", INTERNAL: "true" }),
            false,
        ),
        (nlb, json!({ SCHEME: "Internal" }), false),
        (nlb, json!({ SCHEME: "" }), false),
        (nlb, json!({}), false),
        (nlb, json!({ INTERNAL: "1" }), false),
        (None, json!({ INTERNAL: "True" }), false),
        (None, json!({ INTERNAL: "false" }), false),
        (None, json!({ INTERNAL: "" }), false),
        (None, json!({ INTERNAL: null }), false),
        (
            None,
            json!({ "Service.beta.kubernetes.io/aws-load-balancer-internal": "true" }),
            false,
        ),
        // Whatever makes this one, nobody here knows it.
        (
            Some("tailscale"),
            json!({ INTERNAL: "true", SCHEME: "internal" }),
            false,
        ),
        (None, Value::Null, false),
    ] {
        let object = json!({
            "metadata": { "name": "shop", "annotations": annotations },
            "spec": { "type": "LoadBalancer", "loadBalancerClass": class },
        });
        for user in [tenant(), driver(), operator()] {
            let review = create(user, "/services", object.clone());
            if internal {
                review.passes(&builtin);
            } else {
                review.refused(&builtin, RULE, "that is not internal");
            }
        }
    }
    // An annotation that is taken away opens the door.
    let object = |annotations: Value| json!({ "metadata": { "name": "shop", "annotations": annotations }, "spec": { "type": "LoadBalancer" } });
    update(
        tenant(),
        "/services",
        object(json!({ INTERNAL: "true" })),
        object(json!({})),
    )
    .refused(&builtin, RULE, "not internal");
}

#[test]
fn source_ranges() {
    let ranges = r#"[10.0.0.0/8, "2001:db8::/32"]"#;
    let policy = with_operator(&format!(
        "rules: {{ endpoint-exposure: {{ sourceRanges: {ranges} }} }}"
    ));
    let annotated = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let object = |spec: Value, annotations: Value| {
        let mut object = json!({ "metadata": { "name": "shop", "annotations": annotations }, "spec": { "type": "LoadBalancer", "loadBalancerSourceRanges": spec } });
        object["metadata"]["annotations"][INTERNAL] = json!("true");
        object
    };
    for (spec, annotations) in [
        (json!(["10.1.0.0/16"]), json!({})),
        (json!([" 10.0.0.0/8 ", "2001:db8:1::/48"]), json!({})),
        (
            Value::Null,
            json!({ annotated: "10.1.0.0/16, 10.2.0.0/16" }),
        ),
        // The field is what counts where there are both.
        (json!(["10.1.0.0/16"]), json!({ annotated: "0.0.0.0/0" })),
    ] {
        create(tenant(), "/services", object(spec, annotations)).passes(&policy);
    }
    for (spec, annotations, words) in [
        (Value::Null, json!({}), "for all addresses"),
        (json!([]), json!({ annotated: " " }), "for all addresses"),
        (
            json!(["0.0.0.0/0"]),
            json!({}),
            "for 0.0.0.0/0, which is outside",
        ),
        (json!(["10.0.0.0/7"]), json!({}), "for 10.0.0.0/7"),
        (json!(["10.1.0.0/16", "::/0"]), json!({}), "for ::/0"),
        (json!(["10.0.0.1/8"]), json!({}), "outside"),
        (
            json!(["0.0.0.0/0"]),
            json!({ annotated: "10.1.0.0/16" }),
            "for 0.0.0.0/0",
        ),
        (
            Value::Null,
            json!({ annotated: "10.1.0.0/16,192.168.0.0/16" }),
            "for 192.168.0.0/16",
        ),
        (
            json!(["10.1.0.0/16"]),
            json!({ "service.beta.kubernetes.io/aws-load-balancer-security-groups": "sg-1" }),
            "security groups of its own",
        ),
        (
            json!(["10.1.0.0/16"]),
            json!({ "service.beta.kubernetes.io/aws-load-balancer-security-group-prefix-lists": "pl-1" }),
            "security groups of its own",
        ),
    ] {
        let object = object(spec, annotations);
        create(tenant(), "/services", object.clone()).refused(&policy, RULE, words);
        create(tenant(), "/services", object).passes(&Policy::builtin());
    }
}

#[test]
fn services_in_front_of_a_job() {
    let policy = with_operator("");
    let uid = "5f0b1a36-0f0e-4c5c-8f8a-000000000009";
    for selector in [
        json!({ "spark-role": "driver" }),
        json!({ "app": "shop", "spark-app-selector": "spark-0123456789abcdef0123456789abcdef" }),
        json!({ "spark-app-name": "etl" }),
        json!({ "emr-containers.amazonaws.com/job.id": JOB }),
        json!({ "emr-containers.amazonaws.com/component": "driver" }),
        json!({ "sparkoperator.k8s.io/app-name": "pi" }),
        json!({ "type": "flink-native-kubernetes", "app": "etl" }),
        json!({ "component": "jobmanager" }),
        json!({ "app": "enterprise-gateway" }),
        json!({ "kernel_id": "x" }),
        json!({ "job-name": JOB }),
        json!({ "batch.kubernetes.io/job-name": JOB }),
        json!({ "batch.kubernetes.io/controller-uid": uid }),
    ] {
        for user in outsiders() {
            create(
                user,
                "/services",
                service("shop", json!({ "selector": selector })),
            )
            .refused(&policy, RULE, "a selector for the pods of a job");
        }
        update(
            tenant(),
            "/services",
            service("shop", json!({ "selector": { "app": "shop" } })),
            service("shop", json!({ "selector": selector })),
        )
        .refused(&policy, RULE, "a selector for the pods of a job");
    }
    create(
        tenant(),
        "/services",
        service("shop", json!({ "selector": { "job-name": "mine" } })),
    )
    .passes(&policy);
    // Names that executors or proxies look for.
    for name in [
        "pi-772b9c81ae56a93d-driver-svc",
        "pi-772b9c81ae56a93d-ui-svc",
        "spark-772b9c81ae56a93d-driver-svc",
    ] {
        for user in outsiders() {
            create(user, "/services", service(name, json!({}))).refused(
                &policy,
                RULE,
                "which has the name of a driver's Service",
            );
        }
        for user in [driver(), runner(), operator()] {
            create(user, "/services", service(name, json!({}))).passes(&policy);
        }
    }
    for host in [
        "pi-772b9c81ae56a93d-driver-svc.spark-a.svc.cluster.local",
        "PI-772B9C81AE56A93D-DRIVER-SVC.spark-a.svc.cluster.local.",
        "x.pi-772b9c81ae56a93d-driver-svc.spark-a.svc",
        "10-0-0-1.spark-a.pod.cluster.local",
    ] {
        create(
            tenant(),
            "/services",
            service(
                "shop",
                json!({ "type": "ExternalName", "externalName": host }),
            ),
        )
        .refused(&policy, RULE, "the way to a driver");
    }
}

/// What Spark and its operator do for a living, and no more.
#[test]
fn a_jobs_own_services() {
    let policy = with_operator("");
    for user in [runner(), driver()] {
        create(user.clone(), "/services", drivers()).passes(&policy);
        let mut relabelled = drivers();
        relabelled["metadata"]["labels"] = json!({ "a": "b" });
        update(user.clone(), "/services", drivers(), relabelled).passes(&policy);
        for name in ["spark-0000000337okspsc913-driver-svc", ""] {
            Review::new(user.clone(), "DELETE", "/services", name)
                .old(drivers())
                .passes(&policy);
        }
    }
    // A driver that spark-submit started is known by its pod alone.
    let mut submitted = drivers();
    submitted["metadata"]["name"] = json!("pi-772b9c81ae56a93d-driver-svc");
    submitted["spec"]["selector"] = json!({ "spark-role": "driver", "spark-app-selector": "spark-0123456789abcdef0123456789abcdef" });
    submitted["metadata"]["ownerReferences"][0]["name"] = json!("pi-772b9c81ae56a93d-driver");
    let delete =
        |user: Value, old: &Value| Review::new(user, "DELETE", "/services", "").old(old.clone());
    let account = account("spark-driver");
    let pi = |uid: &str| in_pod("spark-a", &account, "pi-772b9c81ae56a93d-driver", uid);
    delete(pi(DRIVER_UID), &submitted).passes(&policy);
    delete(pi("another-uid"), &submitted).refused(&policy, RULE, "which is a job's");
    delete(operator(), &submitted).passes(&policy);
    create(operator(), "/services", service("pi-ui-svc", json!({ "selector": { "spark-role": "driver", "sparkoperator.k8s.io/app-name": "pi" } })))
        .passes(&policy);
    // Another run's.
    for user in [driver_of(OTHER_JOB, TEAM_A), operator()] {
        create(user.clone(), "/services", drivers()).refused(
            &policy,
            RULE,
            "which has the name of a driver's Service",
        );
        create(
            user.clone(),
            "/services",
            service("x-ui-svc", drivers()["spec"].clone()),
        )
        .refused(&policy, RULE, "a selector for the pods of a job");
        create(
            user.clone(),
            "/services",
            service("x", json!({ "selector": { "job-name": JOB } })),
        )
        .refused(&policy, RULE, "a selector for the pods of a job");
    }
}

#[test]
fn changing_and_deleting_a_jobs_service() {
    let policy = with_operator("");
    let everybody_else = || {
        outsiders()
            .into_iter()
            .chain([driver_of(OTHER_JOB, TEAM_A), operator(), balancer()])
    };
    let mut by_owner = drivers();
    by_owner["metadata"]["name"] = json!("web");
    by_owner["spec"]["selector"] = json!({ "app": "etl" });
    let mut gateway = drivers();
    gateway["metadata"] =
        json!({ "name": "jeg", "labels": { "emr-containers.amazonaws.com/component": "jeg" } });
    gateway["spec"]["selector"] = json!({ "app": "jeg" });
    for user in everybody_else() {
        for name in ["x", ""] {
            Review::new(user.clone(), "DELETE", "/services", name)
                .old(drivers())
                .refused(&policy, RULE, "may not delete Thing spark-a/");
        }
        for (path, value) in [
            ("/spec/selector", json!({ "app": "mine" })),
            ("/spec/ports", json!([{ "port": 1 }])),
            ("/spec/type", json!("ExternalName")),
            ("/spec/publishNotReadyAddresses", json!(true)),
            ("/metadata/labels", json!({ "a": "b" })),
            (
                "/metadata/ownerReferences",
                json!([{ "kind": "Pod", "name": "gone", "uid": "gone" }]),
            ),
        ] {
            let mut new = drivers();
            let (parent, key) = path.rsplit_once('/').expect("a path");
            new.pointer_mut(parent).expect("a parent")[key] = value;
            update(user.clone(), "/services", drivers(), new).refused(
                &policy,
                RULE,
                "which is a job's",
            );
        }
        let mut touched = drivers();
        touched["metadata"]["resourceVersion"] = json!("7");
        update(user, "/services", drivers(), touched).passes(&policy);
    }
    for old in [by_owner, gateway] {
        Review::new(tenant(), "DELETE", "/services", "")
            .old(old.clone())
            .refused(&policy, RULE, "which is a job's");
        Review::new(
            controller("generic-garbage-collector"),
            "DELETE",
            "/services",
            "",
        )
        .old(old)
        .passes(&policy);
    }
    for user in masters() {
        Review::new(user, "DELETE", "/services", "")
            .old(drivers())
            .passes(&policy);
    }
    // Controllers of load balancers keep a finalizer on what they serve.
    let mut finalized = drivers();
    finalized["metadata"]["finalizers"] = json!(["service.k8s.aws/resources"]);
    update(balancer(), "/services", drivers(), finalized.clone()).passes(&policy);
    update(tenant(), "/services", drivers(), finalized).refused(&policy, RULE, "a job's");
    // One's own.
    for user in outsiders() {
        let own = service("shop", json!({ "selector": { "app": "shop" } }));
        Review::new(user, "DELETE", "/services", "")
            .old(own)
            .passes(&policy);
    }
}

#[test]
fn the_status_of_a_service() {
    let policy = with_operator("");
    let old = service("shop", json!({ "type": "ClusterIP" }));
    let mut new = old.clone();
    new["status"] = json!({ "loadBalancer": { "ingress": [{ "ip": "10.0.0.66" }] } });
    for user in outsiders()
        .into_iter()
        .chain([driver(), runner(), operator()])
    {
        update(user.clone(), "/services/status", old.clone(), new.clone()).refused(
            &policy,
            RULE,
            "may not write the status of Thing spark-a/shop",
        );
        update(user, "/services/status", old.clone(), old.clone()).passes(&policy);
    }
    for user in masters().into_iter().chain([balancer()]) {
        update(user, "/services/status", old.clone(), new.clone()).passes(&policy);
    }
}

#[test]
fn endpoints() {
    let policy = with_operator("");
    let subsets = json!([{ "addresses": [{ "ip": "10.0.0.66" }], "ports": [{ "port": 4040 }] }]);
    let addresses = json!([{ "addresses": ["10.0.0.66"] }]);
    let drivers = format!("spark-{JOB}-driver-svc");
    let slice = |name: &str, service: &str, endpoints: &Value| json!({ "metadata": { "name": name, "labels": { "kubernetes.io/service-name": service } }, "addressType": "IPv4", "endpoints": endpoints });
    let own = |resource: &str| match resource {
        "/endpoints" => json!({ "metadata": { "name": "shop" }, "subsets": subsets }),
        _ => slice("shop-abc", "shop", &addresses),
    };
    let mirrors = || [service_account("kube-system", "cilium-operator")];
    for user in outsiders()
        .into_iter()
        .chain([driver(), runner(), operator(), balancer()])
    {
        for (resource, object, words) in [
            (
                "/endpoints",
                own("/endpoints"),
                "which says where a Service leads",
            ),
            (
                "/endpoints",
                json!({ "metadata": { "name": drivers } }),
                "where a driver's Service",
            ),
            (
                "discovery.k8s.io/endpointslices",
                own("slice"),
                "which says where a Service leads",
            ),
            (
                "discovery.k8s.io/endpointslices",
                slice("mine", &drivers, &json!([])),
                "where a driver's Service",
            ),
            (
                "discovery.k8s.io/endpointslices",
                slice("mine", &drivers, &Value::Null),
                "where a driver's Service",
            ),
        ] {
            create(user.clone(), resource, object).refused(&policy, RULE, words);
        }
        for resource in ["/endpoints", "discovery.k8s.io/endpointslices"] {
            let old = own(resource);
            for (path, value) in [
                (
                    "/subsets",
                    json!([{ "addresses": [{ "ip": "10.0.0.67" }] }]),
                ),
                ("/endpoints", json!([])),
                ("/ports", json!([{ "port": 1 }])),
                (
                    "/metadata/labels",
                    json!({ "kubernetes.io/service-name": drivers }),
                ),
                (
                    "/metadata/ownerReferences",
                    json!([{ "kind": "Service", "name": "x", "uid": "x" }]),
                ),
            ] {
                let mut new = old.clone();
                let (parent, key) = path.rsplit_once('/').expect("a path");
                new.pointer_mut(parent).expect("a parent")[key] = value;
                if new == old || key == "endpoints" && resource == "/endpoints" {
                    continue;
                }
                update(user.clone(), resource, old.clone(), new).refused(
                    &policy,
                    RULE,
                    "may not change",
                );
            }
            // A lock in annotations, and closing one's own door.
            let mut locked = old.clone();
            locked["metadata"]["annotations"] =
                json!({ "control-plane.alpha.kubernetes.io/leader": "{}" });
            update(user.clone(), resource, old.clone(), locked).passes(&policy);
            Review::new(user.clone(), "DELETE", resource, "")
                .old(old)
                .passes(&policy);
        }
        create(
            user,
            "/endpoints",
            json!({ "metadata": { "name": "lock" } }),
        )
        .passes(&policy);
    }
    for user in masters().into_iter().chain(mirrors()) {
        for resource in ["/endpoints", "discovery.k8s.io/endpointslices"] {
            create(user.clone(), resource, own(resource)).passes(&policy);
        }
    }
}

fn ingress(service: &str) -> Value {
    json!({ "metadata": { "name": "web", "annotations": {} }, "spec": { "rules": [{ "host": "shop.example.com", "http": { "paths": [
        { "path": "/", "backend": { "service": { "name": service, "port": { "number": 80 } } } },
    ] } }] } })
}

#[test]
fn routes() {
    let policy = with_operator("");
    let name = format!("spark-{JOB}-driver-svc");
    let annotated = |value: Value| {
        let mut object = ingress("shop");
        object["metadata"]["annotations"] = value;
        object
    };
    for (resource, object) in [
        ("networking.k8s.io/ingresses", ingress(&name)),
        (
            "networking.k8s.io/ingresses",
            ingress("pi-772b9c81ae56a93d-ui-svc"),
        ),
        (
            "networking.k8s.io/ingresses",
            json!({ "spec": { "defaultBackend": { "service": { "name": name } } } }),
        ),
        (
            "extensions/ingresses",
            json!({ "spec": { "backend": { "serviceName": name, "servicePort": 4040 } } }),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                json!({ "alb.ingress.kubernetes.io/actions.x": format!("{{\"forwardConfig\":{{\"targetGroups\":[{{\"serviceName\":\"{name}\"}}]}}}}") }),
            ),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                json!({ "alb.ingress.kubernetes.io/actions.x": "{\"serviceName\":\"pi-772b9c81ae56a93d-\\u0064river-svc\"}" }),
            ),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                json!({ "nginx.ingress.kubernetes.io/server-snippet": format!("proxy_pass http://{name}.spark-a.svc:4040;") }),
            ),
        ),
        (
            "gateway.networking.k8s.io/httproutes",
            json!({ "spec": { "rules": [{ "backendRefs": [{ "name": name, "port": 4040 }] }] } }),
        ),
        (
            "gateway.networking.k8s.io/tcproutes",
            json!({ "spec": { "rules": [{ "backendRefs": [{ "name": name, "port": 7078 }] }] } }),
        ),
        (
            "elbv2.k8s.aws/targetgroupbindings",
            json!({ "spec": { "serviceRef": { "name": name } } }),
        ),
        (
            "networking.istio.io/virtualservices",
            json!({ "spec": { "http": [{ "route": [{ "destination": { "host": format!("{name}.spark-a.svc.cluster.local") } }] }] } }),
        ),
        (
            "traefik.io/ingressroutes",
            json!({ "spec": { "routes": [{ "services": [{ "name": name }] }] } }),
        ),
        (
            "multicluster.x-k8s.io/serviceexports",
            json!({ "metadata": { "name": name } }),
        ),
    ] {
        for user in outsiders().into_iter().chain([driver(), runner()]) {
            create(user.clone(), resource, object.clone()).refused(
                &policy,
                RULE,
                "the Service of a driver",
            );
            update(user.clone(), resource, ingress("shop"), object.clone()).refused(
                &policy,
                RULE,
                "the Service of a driver",
            );
            // One that leads there already is not led there by other ways.
            let mut more = object.clone();
            more["spec"]["more"] = json!("x");
            update(user.clone(), resource, object.clone(), more).refused(&policy, RULE, "change");
            let mut finalized = object.clone();
            finalized["metadata"]["finalizers"] = json!(["x/y"]);
            finalized["status"] = json!({ "a": "b" });
            update(user.clone(), resource, object.clone(), finalized).passes(&policy);
            Review::new(user, "DELETE", resource, "")
                .old(object.clone())
                .passes(&policy);
        }
        for user in masters().into_iter().chain([balancer()]) {
            create(user, resource, object.clone()).passes(&policy);
        }
    }
    // Those of its applications an operator leads to, those that came through EMR not.
    let resource = "networking.k8s.io/ingresses";
    create(operator(), resource, ingress("pi-ui-svc")).passes(&policy);
    create(operator(), resource, ingress(&name)).refused(&policy, RULE, &name);
    for (resource, object) in [
        (resource, ingress("shop")),
        (
            resource,
            annotated(json!({ "alb.ingress.kubernetes.io/scheme": "internal" })),
        ),
        (
            "gateway.networking.k8s.io/httproutes",
            json!({ "spec": { "rules": [{ "backendRefs": [{ "name": "shop" }] }] } }),
        ),
        (
            "gateway.networking.k8s.io/referencegrants",
            json!({ "spec": { "to": [{ "group": "", "kind": "Service", "name": "shop" }] } }),
        ),
        // Another group's are no routes.
        ("example.com/ingresses", ingress(&name)),
    ] {
        create(tenant(), resource, object).passes_rule(&policy, RULE);
    }
}

#[test]
fn routes_for_everybody() {
    let policy = with_operator("");
    let mut public = ingress("shop");
    public["metadata"]["annotations"] =
        json!({ "alb.ingress.kubernetes.io/scheme": "internet-facing" });
    let balancers = json!({ "spec": { "scheme": "internet-facing" } });
    let resource = "networking.k8s.io/ingresses";
    for user in [
        tenant(),
        driver(),
        operator(),
        service_account("istio-system", "istiod"),
    ] {
        create(user.clone(), resource, public.clone()).refused(
            &policy,
            RULE,
            "says internet-facing",
        );
        update(user.clone(), resource, ingress("shop"), public.clone()).refused(
            &policy,
            RULE,
            "says internet-facing",
        );
        create(
            user.clone(),
            "gateway.k8s.aws/loadbalancerconfigurations",
            balancers.clone(),
        )
        .refused(&policy, RULE, "says internet-facing");
        create(
            user.clone(),
            "aga.k8s.aws/globalaccelerators",
            json!({ "spec": {} }),
        )
        .refused(&policy, RULE, "an address for everybody");
        for to in [
            json!([{ "kind": "Service" }]),
            json!([{ "kind": "Secret", "name": "x" }, { "kind": "Service", "name": "" }]),
        ] {
            create(
                user.clone(),
                "gateway.networking.k8s.io/referencegrants",
                json!({ "spec": { "to": to } }),
            )
            .refused(&policy, RULE, "every Service");
        }
    }
    for user in masters() {
        create(user, resource, public.clone()).passes(&policy);
    }
    let mut more = public.clone();
    more["spec"]["ingressClassName"] = json!("alb");
    update(tenant(), resource, public, more).passes(&policy);
}

const POLICIES: [&str; 9] = [
    "networking.k8s.io/networkpolicies",
    "extensions/networkpolicies",
    "crd.projectcalico.org/networkpolicies",
    "projectcalico.org/networkpolicies",
    "cilium.io/ciliumnetworkpolicies",
    "cilium.io/ciliumlocalredirectpolicies",
    "networking.k8s.aws/policyendpoints",
    "security.istio.io/authorizationpolicies",
    "policy.linkerd.io/serverauthorizations",
];

#[test]
fn network_policies() {
    let policy = with_operator("");
    let open = json!({ "metadata": { "name": "open" }, "spec": { "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] } });
    let mut changed = open.clone();
    changed["spec"]["podSelector"] = json!({ "matchLabels": { "a": "b" } });
    let mut touched = open.clone();
    touched["metadata"]["finalizers"] = json!(["x/y"]);
    for resource in POLICIES {
        for user in outsiders().into_iter().chain(
            [driver(), runner(), operator(), balancer()]
                .into_iter()
                .take(3),
        ) {
            create(user.clone(), resource, open.clone()).refused(&policy, RULE, "may not create");
            update(user.clone(), resource, open.clone(), changed.clone()).refused(
                &policy,
                RULE,
                "may not change",
            );
            for name in ["open", ""] {
                Review::new(user.clone(), "DELETE", resource, name)
                    .old(open.clone())
                    .refused(&policy, RULE, "may not delete Thing spark-a/open");
            }
            update(user, resource, open.clone(), touched.clone()).passes(&policy);
        }
        for user in masters()
            .into_iter()
            .chain([service_account("kube-system", "cilium-operator")])
        {
            create(user.clone(), resource, open.clone()).passes(&policy);
            Review::new(user, "DELETE", resource, "")
                .old(open.clone())
                .passes(&policy);
        }
    }
}

/// Spark 4.1 keeps others away from an application's executors.
#[test]
fn sparks_own_network_policy() {
    let policy = with_operator("");
    let resource = "networking.k8s.io/networkpolicies";
    let app = |id: &str| json!({ "matchLabels": { "spark-app-selector": id } });
    let sparks = || {
        let mut object = json!({
            "metadata": { "name": "pi-772b9c81ae56a93d-policy" },
            "spec": { "podSelector": app("spark-1"), "policyTypes": ["Ingress"], "ingress": [{ "from": [{ "podSelector": app("spark-1") }] }] },
        });
        object["spec"]["podSelector"]["matchLabels"]["spark-role"] = json!("executor");
        object
    };
    for user in [runner(), driver(), operator()] {
        create(user.clone(), resource, sparks()).passes(&policy);
        Review::new(user.clone(), "DELETE", resource, "")
            .old(sparks())
            .refused(&policy, RULE, "delete");
        create(user.clone(), "cilium.io/ciliumnetworkpolicies", sparks())
            .refused(&policy, RULE, "create");
        for (path, value) in [
            ("/spec/podSelector", json!({})),
            ("/spec/podSelector", app("spark-2")),
            ("/spec/policyTypes", json!(["Ingress", "Egress"])),
            ("/spec/egress", json!([{}])),
            ("/spec/ingress", json!([{}])),
            ("/spec/ingress", json!([{ "from": [] }])),
            ("/spec/ingress", json!([{ "from": [{}] }])),
            (
                "/spec/ingress",
                json!([{ "from": [{ "podSelector": {} }] }]),
            ),
            (
                "/spec/ingress",
                json!([{ "from": [{ "podSelector": app("spark-1"), "namespaceSelector": {} }] }]),
            ),
            (
                "/spec/ingress",
                json!([{ "from": [{ "podSelector": app("spark-1") }, { "ipBlock": { "cidr": "0.0.0.0/0" } }] }]),
            ),
            (
                "/spec/ingress",
                json!([{ "from": [{ "podSelector": app("spark-1") }] }, {}]),
            ),
            ("/spec", Value::Null),
        ] {
            let mut object = sparks();
            *object.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
            if path == "/spec/egress" {
                object["spec"]["egress"] = value;
            }
            create(user.clone(), resource, object).refused(&policy, RULE, "create");
        }
    }
    create(tenant(), resource, sparks()).refused(&policy, RULE, "create");
}
