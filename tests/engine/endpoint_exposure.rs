//! The rule `endpoint-exposure`: doors to a job's ports and detours of its
//! traffic (facts A11, A17, A18 of the bypass catalogue).

use rolegate::policy::Policy;
use serde_json::{Value, json};

use crate::support::{
    Review, controller, impersonated, in_pod, policy, service_account, tenant, user,
};

const A: &str = "111122223333-2hiamcixdm9axe98";
const JOB: &str = "0000000337okspsc913";
const OTHER_JOB: &str = "000000030s8cnaq04ql";
const RULE: &str = "endpoint-exposure";
const OPERATED: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
rules:
  endpoint-exposure: { sourceRanges: ["10.0.0.0/8"] }
"#;

fn account(component: &str) -> String {
    format!("emr-containers-sa-{component}-{A}")
}

fn driver(job: &str) -> Value {
    in_pod(
        "spark-a",
        &account("spark-driver"),
        &format!("spark-{job}-driver"),
        &format!("{job}-uid"),
    )
}

fn runner(job: &str) -> Value {
    in_pod(
        "spark-a",
        &account("spark-client"),
        &format!("{job}-abcde"),
        "runner-uid",
    )
}

fn operator() -> Value {
    service_account("spark-operator", "spark-operator")
}

fn below_administrators() -> Vec<Value> {
    vec![
        tenant(),
        driver(JOB),
        operator(),
        service_account("argocd", "argocd-application-controller"),
    ]
}

/// Those whose work everything here may be.
fn above() -> Vec<Value> {
    vec![
        user("emr-containers", &[]),
        user("root", &["system:masters"]),
        controller("service-controller"),
        controller("endpointslice-controller"),
        controller("generic-garbage-collector"),
    ]
}

fn service(spec: Value, annotations: Value) -> Value {
    json!({ "metadata": { "name": "s", "annotations": annotations }, "spec": spec })
}

fn create(user: Value, resource: &str, name: &str, object: Value) -> Review {
    Review::new(user, "CREATE", resource, name).object(object)
}

#[test]
fn services_that_open_a_door() {
    let builtin = Policy::builtin();
    let lb = || json!({ "type": "LoadBalancer" });
    let annotation =
        |name: &str, value: &str| json!({ format!("service.beta.kubernetes.io/{name}"): value });
    for (object, words) in [
        (
            service(json!({ "type": "NodePort" }), Value::Null),
            "of type NodePort",
        ),
        (
            service(json!({ "externalIPs": ["203.0.113.7"] }), Value::Null),
            "with the external address 203.0.113.7",
        ),
        (
            service(lb(), Value::Null),
            "without an annotation that makes it internal",
        ),
        (
            service(
                lb(),
                annotation("aws-load-balancer-scheme", "internet-facing"),
            ),
            "that faces the internet",
        ),
        (
            service(lb(), annotation("aws-load-balancer-scheme", "internal")),
            "without an annotation",
        ),
        (
            service(lb(), annotation("aws-load-balancer-internal", "false")),
            "that faces the internet",
        ),
        (
            service(
                json!({ "type": "LoadBalancer", "loadBalancerClass": "tailscale" }),
                annotation("aws-load-balancer-internal", "true"),
            ),
            "of the class tailscale",
        ),
    ] {
        for user in below_administrators() {
            create(user.clone(), "/services", "s", object.clone()).refused(&builtin, RULE, words);
            Review::new(user, "UPDATE", "/services", "s")
                .old(service(json!({}), Value::Null))
                .object(object.clone())
                .refused(&builtin, RULE, words);
        }
        for user in above() {
            create(user, "/services", "s", object.clone()).passes(&builtin);
        }
        // It stood there before; the controller notes its address.
        Review::new(tenant(), "UPDATE", "/services", "s")
            .old(object.clone())
            .object(object)
            .passes(&builtin);
    }
    for object in [
        service(
            json!({ "type": "ClusterIP", "selector": { "app": "web" } }),
            Value::Null,
        ),
        service(
            json!({ "type": "ExternalName", "externalName": "db.example.com" }),
            Value::Null,
        ),
        service(lb(), annotation("aws-load-balancer-internal", "true")),
        service(
            json!({ "type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb" }),
            annotation("aws-load-balancer-scheme", "internal"),
        ),
    ] {
        for user in below_administrators() {
            create(user, "/services", "s", object.clone()).passes(&builtin);
        }
    }
}

#[test]
fn source_ranges() {
    let policy = policy(OPERATED);
    let internal = json!({ "service.beta.kubernetes.io/aws-load-balancer-internal": "true" });
    for (ranges, words) in [
        (json!(["10.1.0.0/16"]), None),
        (
            json!(["10.1.0.0/16", "0.0.0.0/0"]),
            Some("open to 0.0.0.0/0"),
        ),
        (json!([]), Some("without source ranges")),
        (Value::Null, Some("without source ranges")),
    ] {
        let object = service(
            json!({ "type": "LoadBalancer", "loadBalancerSourceRanges": ranges }),
            internal.clone(),
        );
        let review = create(tenant(), "/services", "s", object);
        match words {
            None => review.passes(&policy),
            Some(words) => review.refused(&policy, RULE, words),
        }
    }
}

#[test]
fn services_on_a_jobs_pods() {
    let builtin = Policy::builtin();
    let selecting = |selector: Value| service(json!({ "selector": selector }), Value::Null);
    let of =
        |job: &str| json!({ "spark-app-selector": format!("spark-{job}"), "spark-role": "driver" });
    for selector in [
        of(JOB),
        json!({ "spark-role": "driver" }),
        json!({ "emr-containers.amazonaws.com/component": "driver", "app": "x" }),
        json!({ "emr-containers.amazonaws.com/job.id": JOB }),
        json!({ "app": "etl", "component": "jobmanager", "type": "flink-native-kubernetes" }),
    ] {
        for user in [
            tenant(),
            impersonated("spark-a", &account("spark-driver")),
            driver(OTHER_JOB),
        ] {
            create(user, "/services", "s", selecting(selector.clone())).refused(
                &builtin,
                RULE,
                "selects a job's pods",
            );
        }
    }
    // A runner makes the driver's headless Service, a driver its UI's.
    create(
        runner(JOB),
        "/services",
        "pi-0-driver-svc",
        selecting(of(JOB)),
    )
    .passes(&builtin);
    create(driver(JOB), "/services", "pi-ui-svc", selecting(of(JOB))).passes(&builtin);
    create(
        driver(JOB),
        "/services",
        "s",
        selecting(json!({ "spark-role": "driver" })),
    )
    .refused(&builtin, RULE, "selects");
    let operated = policy(OPERATED);
    create(
        operator(),
        "/services",
        "pi-0-driver-svc",
        selecting(json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef" })),
    )
    .passes(&operated);
    for host in ["pi-0-driver-svc.spark-a.svc.cluster.local", "pi-ui-svc"] {
        let alias = service(
            json!({ "type": "ExternalName", "externalName": host }),
            Value::Null,
        );
        create(tenant(), "/services", "s", alias).refused(&builtin, RULE, "as another name for");
    }
}

#[test]
fn a_jobs_service_is_its_own() {
    let builtin = Policy::builtin();
    let stored = |selector: Value, owner: Value| json!({ "metadata": { "name": "x", "ownerReferences": [owner] }, "spec": { "selector": selector, "ports": [{ "port": 7078 }] } });
    let by_driver = || json!({ "kind": "Pod", "name": format!("spark-{JOB}-driver"), "uid": format!("{JOB}-uid") });
    let changed = |old: &Value| {
        let mut new = old.clone();
        new["spec"]["selector"] = json!({ "app": "mine" });
        new
    };
    let nobody = || json!({ "kind": "x", "name": "x", "uid": "x" });
    for (name, old) in [
        ("pi-0-driver-svc", stored(Value::Null, by_driver())),
        ("pi-ui-svc", stored(Value::Null, by_driver())),
        (
            "any",
            stored(
                json!({ "spark-app-selector": format!("spark-{JOB}") }),
                by_driver(),
            ),
        ),
        (
            "any",
            stored(
                json!({ "spark-app-selector": format!("spark-{JOB}") }),
                nobody(),
            ),
        ),
    ] {
        for user in [
            tenant(),
            driver(OTHER_JOB),
            impersonated("kube-system", "generic-garbage-collector"),
        ] {
            Review::new(user.clone(), "UPDATE", "/services", name)
                .old(old.clone())
                .object(changed(&old))
                .refused(&builtin, RULE, "which leads to a job");
            Review::new(user.clone(), "DELETE", "/services", name)
                .old(old.clone())
                .refused(&builtin, RULE, "may not delete");
            // deletecollection sends no name.
            let mut named = old.clone();
            named["metadata"]["name"] = json!(name);
            Review::new(user.clone(), "DELETE", "/services", "")
                .old(named)
                .refused(&builtin, RULE, "may not delete");
            Review::new(user, "UPDATE", "/services", name)
                .old(old.clone())
                .object(old.clone())
                .passes(&builtin);
        }
        for user in [driver(JOB)].into_iter().chain(above()) {
            Review::new(user.clone(), "UPDATE", "/services", name)
                .old(old.clone())
                .object(changed(&old))
                .passes(&builtin);
            Review::new(user, "DELETE", "/services", name)
                .old(old.clone())
                .passes(&builtin);
        }
    }
    let ui = || json!({ "metadata": { "name": "web-ui-svc" }, "spec": { "selector": { "app": "web" } } });
    Review::new(tenant(), "DELETE", "/services", "web-ui-svc")
        .old(ui())
        .passes(&builtin);
    let plain = json!({ "metadata": { "name": "web" }, "spec": { "selector": { "app": "web" } } });
    Review::new(tenant(), "DELETE", "/services", "web")
        .old(plain)
        .passes(&builtin);
    // Flink's REST interface, where there can be one.
    let rest = || json!({ "metadata": { "name": "etl-rest" }, "spec": {} });
    Review::new(tenant(), "DELETE", "/services", "etl-rest")
        .old(rest())
        .passes(&builtin);
    let operated = policy(OPERATED);
    Review::new(tenant(), "DELETE", "/services", "etl-rest")
        .old(rest())
        .refused(&operated, RULE, "leads to a job");
    let manager = |pod: &str| in_pod("spark-a", &account("flink-jobmanager"), pod, "m");
    Review::new(
        manager("etl-6d4cf56db6-x2b7k"),
        "DELETE",
        "/services",
        "etl-rest",
    )
    .old(rest())
    .passes(&operated);
    Review::new(
        manager("web-6d4cf56db6-x2b7k"),
        "DELETE",
        "/services",
        "etl-rest",
    )
    .old(rest())
    .refused(&operated, RULE, "leads to a job");
}

#[test]
fn a_made_up_address_in_a_status() {
    let builtin = Policy::builtin();
    let with = |ip: Value| json!({ "spec": {}, "status": { "loadBalancer": { "ingress": ip } } });
    let update = |user: Value| {
        Review::new(user, "UPDATE", "/services/status", "s")
            .old(with(Value::Null))
            .object(with(json!([{ "ip": "203.0.113.7" }])))
    };
    for user in below_administrators() {
        update(user).refused(&builtin, RULE, "status with an address");
    }
    for user in [service_account(
        "kube-system",
        "aws-load-balancer-controller",
    )]
    .into_iter()
    .chain(above())
    {
        update(user).passes(&builtin);
    }
}

#[test]
fn endpoints_by_hand() {
    let builtin = Policy::builtin();
    let endpoints = |subsets: Value| json!({ "metadata": { "annotations": { "control-plane.alpha.kubernetes.io/leader": "x" } }, "subsets": subsets });
    let slice = |service: &str, endpoints: Value| json!({ "metadata": { "labels": { "kubernetes.io/service-name": service } }, "endpoints": endpoints });
    let address = json!([{ "addresses": [{ "ip": "10.0.0.1", "targetRef": { "kind": "Pod", "name": "p" } }] }]);
    let target = json!([{ "addresses": ["10.0.0.1"] }]);
    for user in [tenant(), driver(JOB), service_account("spark-a", "default")] {
        create(
            user.clone(),
            "/endpoints",
            "web",
            endpoints(address.clone()),
        )
        .refused(&builtin, RULE, "by hand");
        create(
            user.clone(),
            "discovery.k8s.io/endpointslices",
            "web-1",
            slice("web", target.clone()),
        )
        .refused(&builtin, RULE, "by hand");
        let update = |resource: &str, old: Value, new: Value| {
            Review::new(user.clone(), "UPDATE", resource, "web")
                .old(old)
                .object(new)
        };
        update(
            "/endpoints",
            endpoints(Value::Null),
            endpoints(address.clone()),
        )
        .refused(&builtin, RULE, "by hand");
        update(
            "discovery.k8s.io/endpointslices",
            slice("web", target.clone()),
            slice("pi-0-driver-svc", target.clone()),
        )
        .refused(&builtin, RULE, "by hand");
        update(
            "/endpoints",
            endpoints(address.clone()),
            endpoints(address.clone()),
        )
        .passes(&builtin);
        // Leader election.
        create(user.clone(), "/endpoints", "lock", endpoints(Value::Null)).passes(&builtin);
        let mut renewed = endpoints(Value::Null);
        renewed["metadata"]["annotations"]["control-plane.alpha.kubernetes.io/leader"] = json!("y");
        update("/endpoints", endpoints(Value::Null), renewed).passes(&builtin);
        // Taking a driver's endpoints away.
        Review::new(user.clone(), "DELETE", "/endpoints", "pi-0-driver-svc")
            .old(endpoints(address.clone()))
            .refused(&builtin, RULE, "which lead to a job");
        Review::new(
            user.clone(),
            "DELETE",
            "discovery.k8s.io/endpointslices",
            "",
        )
        .old(slice("pi-0-driver-svc", target.clone()))
        .refused(&builtin, RULE, "which lead to a job");
        Review::new(user, "DELETE", "/endpoints", "web")
            .old(endpoints(address.clone()))
            .passes(&builtin);
    }
    for user in [service_account("kube-system", "cilium-operator")]
        .into_iter()
        .chain(above())
    {
        create(
            user,
            "/endpoints",
            "pi-0-driver-svc",
            endpoints(address.clone()),
        )
        .passes(&builtin);
    }
}

#[test]
fn routes() {
    let builtin = Policy::builtin();
    let ingress = |service: &str| json!({ "metadata": { "name": "i" }, "spec": { "rules": [{ "http": { "paths": [{ "backend": { "service": { "name": service, "port": { "number": 4040 } } } }] } }] } });
    let annotated = |key: &str, value: &str| json!({ "metadata": { "annotations": { key: value } }, "spec": { "rules": [] } });
    for (resource, object) in [
        ("networking.k8s.io/ingresses", ingress("pi-0-driver-svc")),
        ("networking.k8s.io/ingresses", ingress("pi-ui-svc")),
        (
            "networking.k8s.io/ingresses",
            json!({ "spec": { "defaultBackend": { "service": { "name": "pi-0-driver-svc" } } } }),
        ),
        (
            "extensions/ingresses",
            json!({ "spec": { "backend": { "serviceName": "pi-0-driver-svc" } } }),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                "alb.ingress.kubernetes.io/actions.x",
                r#"{"forwardConfig":{"targetGroups":[{"serviceName":"pi-0-driver-svc"}]}}"#,
            ),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated("nginx.ingress.kubernetes.io/default-backend", "pi-ui-svc"),
        ),
        (
            "gateway.networking.k8s.io/httproutes",
            json!({ "spec": { "rules": [{ "backendRefs": [{ "name": "pi-0-driver-svc" }] }] } }),
        ),
        (
            "gateway.networking.k8s.io/tcproutes",
            json!({ "spec": { "rules": [{ "backendRefs": [{ "name": "pi-0-driver-svc" }] }] } }),
        ),
        (
            "networking.istio.io/virtualservices",
            json!({ "spec": { "http": [{ "route": [{ "destination": { "host": "pi-0-driver-svc.spark-a.svc.cluster.local" } }] }] } }),
        ),
        (
            "traefik.io/ingressroutes",
            json!({ "spec": { "routes": [{ "services": [{ "name": "pi-ui-svc" }] }] } }),
        ),
    ] {
        for user in [tenant(), driver(JOB)] {
            create(user.clone(), resource, "i", object.clone()).refused(
                &builtin,
                RULE,
                "leads to a job's Service",
            );
            Review::new(user.clone(), "UPDATE", resource, "i")
                .old(ingress("web"))
                .object(object.clone())
                .refused(&builtin, RULE, "leads to a job's Service");
            Review::new(user, "UPDATE", resource, "i")
                .old(object.clone())
                .object(object.clone())
                .passes_rule(&builtin, RULE);
        }
        // The Spark operator makes its UIs' Ingresses.
        let operated = policy(OPERATED);
        create(operator(), resource, "i", object.clone()).passes_rule(&operated, RULE);
        for user in above() {
            create(user, resource, "i", object.clone()).passes_rule(&builtin, RULE);
        }
    }
    create(tenant(), "networking.k8s.io/ingresses", "i", ingress("web")).passes(&builtin);
    for (resource, object) in [
        (
            "networking.k8s.io/ingresses",
            annotated("alb.ingress.kubernetes.io/scheme", "internet-facing"),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                "alb.ingress.kubernetes.io/frontend-nlb-scheme",
                "internet-facing",
            ),
        ),
        (
            "networking.k8s.io/ingresses",
            annotated(
                "alb.ingress.kubernetes.io/load-balancer-attributes",
                "ipv6.deny_all_igw_traffic=false",
            ),
        ),
        (
            "gateway.k8s.aws/loadbalancerconfigurations",
            json!({ "spec": { "scheme": "internet-facing" } }),
        ),
        (
            "gateway.networking.k8s.io/gateways",
            annotated("x/scheme", "internet-facing"),
        ),
    ] {
        for user in below_administrators() {
            create(user, resource, "i", object.clone()).refused(
                &builtin,
                RULE,
                "faces the internet",
            );
        }
        for user in above() {
            create(user, resource, "i", object.clone()).passes_rule(&builtin, RULE);
        }
    }
    create(
        tenant(),
        "networking.k8s.io/ingresses",
        "i",
        annotated("alb.ingress.kubernetes.io/scheme", "internal"),
    )
    .passes(&builtin);
    // A name of one's own that is written with escapes.
    let escaped = create(
        tenant(),
        "networking.k8s.io/ingresses",
        "i",
        ingress("ESCAPED"),
    );
    let text = escaped
        .0
        .to_string()
        .replace("ESCAPED", r"pi\u002ddriver-svc");
    let raw: Box<serde_json::value::RawValue> = serde_json::from_str(&text).expect("JSON");
    let request = rolegate::review::Request::parse(raw.get().as_bytes()).expect("a review");
    let decision = rolegate::decision::decide(
        &request,
        rolegate::decision::Door::Enforce,
        &builtin,
        crate::support::now(),
    );
    assert!(!decision.expect("a decision").allowed());
}

#[test]
fn what_is_decided_elsewhere() {
    let builtin = Policy::builtin();
    for resource in [
        "elbv2.k8s.aws/targetgroupbindings",
        "aga.k8s.aws/globalaccelerators",
        "gateway.networking.k8s.io/referencegrants",
        "application-networking.k8s.aws/serviceexports",
    ] {
        let object = || json!({ "spec": { "a": "b" } });
        for user in [tenant(), driver(JOB)] {
            create(user.clone(), resource, "x", object()).refused(
                &builtin,
                RULE,
                "decided elsewhere",
            );
            let update = |new: Value| {
                Review::new(user.clone(), "UPDATE", resource, "x")
                    .old(object())
                    .object(new)
            };
            update(json!({ "spec": { "a": "c" } })).refused(&builtin, RULE, "decided elsewhere");
            update(object()).passes(&builtin);
            Review::new(user.clone(), "DELETE", resource, "x")
                .old(object())
                .passes(&builtin);
        }
        create(
            service_account("kube-system", "aws-load-balancer-controller"),
            resource,
            "x",
            object(),
        )
        .passes(&builtin);
    }
}

#[test]
fn network_policies() {
    let builtin = Policy::builtin();
    for resource in [
        "networking.k8s.io/networkpolicies",
        "crd.projectcalico.org/networkpolicies",
        "projectcalico.org/networkpolicies",
        "cilium.io/ciliumnetworkpolicies",
        "networking.k8s.aws/applicationnetworkpolicies",
        "networking.k8s.aws/policyendpoints",
        "security.istio.io/authorizationpolicies",
    ] {
        let object =
            |port: u16| json!({ "spec": { "ingress": [{ "ports": [{ "port": port }] }] } });
        for user in [tenant(), driver(JOB), service_account("spark-a", "default")] {
            create(user.clone(), resource, "n", object(1)).refused(
                &builtin,
                RULE,
                "may not create",
            );
            let update = |new: Value| {
                Review::new(user.clone(), "UPDATE", resource, "n")
                    .old(object(1))
                    .object(new)
            };
            update(object(2)).refused(&builtin, RULE, "may not change");
            update(object(1)).passes(&builtin);
            Review::new(user.clone(), "DELETE", resource, "")
                .old(object(1))
                .refused(&builtin, RULE, "may not delete");
        }
        for user in [
            service_account("kube-system", "cilium-operator"),
            user("eks:network-policy-controller", &[]),
        ]
        .into_iter()
        .chain(above())
        {
            create(user.clone(), resource, "n", object(1)).passes(&builtin);
            Review::new(user, "DELETE", resource, "n")
                .old(object(1))
                .passes(&builtin);
        }
    }
    create(tenant(), "cilium.io/ciliumendpoints", "n", json!({})).passes(&builtin);
}
