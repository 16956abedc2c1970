//! The rule `cluster-takeover`: B2, B12, B17, B18 and D12 of the bypass
//! catalogue.

use crate::support::scene::{
    self, admin, controller_manager, driver, eks, emr, node, operator, with_operator,
};
use crate::support::{Review, controller, impersonated, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "cluster-takeover";
const CSR: &str = "certificates.k8s.io/certificatesigningrequests/approval";
const API: &str = "apiregistration.k8s.io/apiservices";
const CRD: &str = "apiextensions.k8s.io/customresourcedefinitions";
const PV: &str = "/persistentvolumes";

fn held() -> Policy {
    with_operator("virtualClusters: [{ namespaces: [spark-a] }]")
}

/// Those who have no business with any of it.
fn nobodies() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        emr(),
        driver(),
        service_account("spark-a", "default"),
        operator(),
        impersonated("kube-system", "ebs-csi-controller-sa"),
        impersonated("kube-system", "attachdetach-controller"),
        node(),
    ]
}

/// Those who may do all of it.
fn everybodies() -> Vec<Value> {
    vec![
        admin(),
        eks(),
        controller_manager(),
        controller("persistent-volume-binder"),
        controller("statefulset-controller"),
        user("system:apiserver", &["system:masters"]),
    ]
}

fn write(user: Value, resource: &str, old: Option<Value>, new: Option<Value>) -> Review {
    scene::write(user, resource, "x", old, new)
}

fn cluster(user: Value, resource: &str, old: Option<Value>, new: Option<Value>) -> Review {
    write(user, resource, old, new).set("namespace", Value::Null)
}

fn spec(spec: Value) -> Value {
    json!({ "metadata": { "name": "x" }, "spec": spec })
}

#[track_caller]
fn nobody_but_the_cluster(
    resource: &str,
    old: Option<&Value>,
    new: &Value,
    words: &str,
    kube_system: bool,
) {
    let policy = held();
    let review = |who| cluster(who, resource, old.cloned(), Some(new.clone()));
    for who in nobodies() {
        review(who.clone()).refused(&policy, RULE, words);
        review(who)
            .set("dryRun", json!(true))
            .refused(&policy, RULE, words);
    }
    for who in everybodies() {
        review(who).passes(&policy);
    }
    if kube_system {
        review(service_account("kube-system", "addon")).passes(&policy);
    }
    if old.is_some() {
        cluster(tenant(), resource, Some(new.clone()), Some(new.clone())).passes(&policy);
    }
    cluster(tenant(), resource, Some(new.clone()), None).passes(&policy);
}

#[test]
fn client_certificates() {
    let policy = held();
    let csr = |signer: &str, conditions: Value| json!({ "metadata": { "name": "x" }, "spec": { "signerName": signer }, "status": { "conditions": conditions } });
    let approved = json!([{ "type": "Approved", "status": "True" }]);
    let denied = json!([{ "type": "Denied", "status": "True" }]);
    for signer in [
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/legacy-unknown",
    ] {
        let waiting = csr(signer, Value::Null);
        let done = csr(signer, approved.clone());
        nobody_but_the_cluster(
            CSR,
            Some(&waiting),
            &done,
            "may not approve Thing x, a client certificate for any name",
            true,
        );
        cluster(
            tenant(),
            CSR,
            Some(waiting),
            Some(csr(signer, denied.clone())),
        )
        .passes(&policy);
    }
    for signer in [
        "kubernetes.io/kubelet-serving",
        "beta.eks.amazonaws.com/app-serving",
        "issuers.cert-manager.io/ns.issuer",
    ] {
        let old = csr(signer, Value::Null);
        cluster(
            tenant(),
            CSR,
            Some(old),
            Some(csr(signer, approved.clone())),
        )
        .passes(&policy);
    }
}

#[test]
fn api_groups() {
    let policy = held();
    let service = |name: &str| json!({ "service": { "namespace": "evil", "name": name, "port": 443 }, "group": "g" });
    nobody_but_the_cluster(
        API,
        None,
        &spec(service("s")),
        "may not have Thing x answered by evil/s (at spec.service)",
        true,
    );
    let one = || Some(spec(service("s")));
    nobody_but_the_cluster(
        API,
        one().as_ref(),
        &spec(service("t")),
        "answered by evil/t",
        true,
    );
    nobody_but_the_cluster(
        API,
        Some(&spec(json!({ "group": "g" }))),
        &spec(service("s")),
        "answered by evil/s",
        true,
    );
    let mut insecure = service("s");
    insecure["insecureSkipTLSVerify"] = json!(true);
    cluster(tenant(), API, one(), Some(spec(insecure))).refused(&policy, RULE, "answered by");
    // What the API server answers itself, and cert-manager's bundle.
    cluster(tenant(), API, None, Some(spec(json!({ "group": "g" })))).passes(&policy);
    let mut bundle = service("s");
    bundle["caBundle"] = json!("QQ==");
    let cainjector = service_account("cert-manager", "cert-manager-cainjector");
    cluster(cainjector, API, one(), Some(spec(bundle))).passes(&policy);
}

#[test]
fn conversions() {
    let policy = held();
    let webhook = |config: Value| json!({ "group": "g", "conversion": { "strategy": "Webhook", "webhook": { "clientConfig": config, "conversionReviewVersions": ["v1"] } } });
    let service = |name: &str| json!({ "service": { "namespace": "evil", "name": name } });
    let plain = spec(json!({ "group": "g", "conversion": { "strategy": "None" } }));
    let converted = spec(webhook(service("s")));
    let words = "may not have the objects of Thing x converted by evil/s (at spec.conversion)";
    nobody_but_the_cluster(CRD, None, &converted, words, true);
    nobody_but_the_cluster(CRD, Some(&plain), &converted, words, true);
    nobody_but_the_cluster(
        CRD,
        Some(&spec(webhook(service("t")))),
        &converted,
        words,
        true,
    );
    let url = spec(webhook(
        json!({ "url": "https://user:secret@evil.example" }),
    ));
    let found = cluster(tenant(), CRD, Some(converted.clone()), Some(url)).findings(&policy);
    assert!(
        found[0].contains("a server outside") && !found[0].contains("secret"),
        "{found:?}"
    );
    cluster(tenant(), CRD, None, Some(plain.clone())).passes(&policy);
    cluster(tenant(), CRD, Some(converted.clone()), Some(plain)).passes(&policy);
    let mut bundle = service("s");
    bundle["caBundle"] = json!("QQ==");
    cluster(tenant(), CRD, Some(converted), Some(spec(webhook(bundle)))).passes(&policy);
}

#[test]
fn volumes_that_are_a_nodes_folder() {
    let policy = held();
    for field in ["hostPath", "local"] {
        let volume = spec(
            json!({ field: { "path": "/var/lib/kubelet" }, "claimRef": { "namespace": "spark-a", "name": "c" } }),
        );
        let words = format!("make a folder of a node a volume: Thing x (at spec.{field})");
        nobody_but_the_cluster(PV, None, &volume, &words, true);
        for provisioner in [
            service_account("local-path-storage", "local-path-provisioner"),
            service_account("istio-system", "istiod"),
        ] {
            cluster(provisioner, PV, None, Some(volume.clone())).refused(&policy, RULE, &words);
        }
    }
}

#[test]
fn volumes_of_storage_drivers() {
    let policy = held();
    let volume = |claim: Value| {
        spec(json!({
            "csi": { "driver": "ebs.csi.aws.com", "volumeHandle": "vol-0" },
            "capacity": { "storage": "1Gi" }, "claimRef": claim,
        }))
    };
    let mine = json!({ "namespace": "spark-a", "name": "c", "uid": "u" });
    let drivers = [
        service_account("kube-system", "ebs-csi-controller-sa"),
        service_account("trident", "trident-controller"),
        service_account("cert-manager", "cert-manager"),
    ];
    for resource in [
        PV,
        "snapshot.storage.k8s.io/volumesnapshotcontents",
        "groupsnapshot.storage.k8s.io/volumegroupsnapshotcontents",
    ] {
        for who in &drivers {
            cluster(who.clone(), resource, None, Some(volume(mine.clone()))).passes(&policy);
        }
        let strangers = nobodies().into_iter().chain([
            impersonated("trident", "trident-controller"),
            service_account(
                "other",
                "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98",
            ),
            service_account("other", "emr-containers-sa-spark"),
        ]);
        // An operator starts jobs; it is no storage driver.
        for who in strangers {
            cluster(who, resource, None, Some(volume(mine.clone()))).refused(
                &policy,
                RULE,
                "of a disk that exists",
            );
        }
        for who in everybodies() {
            cluster(who, resource, None, Some(volume(mine.clone()))).passes(&policy);
        }
    }
    // Whose a volume is; its size is the driver's.
    let old = || Some(volume(mine.clone()));
    for (claim, words) in [
        (
            json!({ "namespace": "evil", "name": "d" }),
            "give Thing x to claim evil/d",
        ),
        (
            json!({ "namespace": "spark-a", "name": "c", "uid": "v" }),
            "give Thing x to claim",
        ),
        (Value::Null, "give Thing x to the next claim"),
    ] {
        for who in [tenant(), drivers[1].clone(), driver()] {
            cluster(who, PV, old(), Some(volume(claim.clone()))).refused(&policy, RULE, words);
        }
        cluster(
            controller("persistent-volume-binder"),
            PV,
            old(),
            Some(volume(claim)),
        )
        .passes(&policy);
    }
    let mut expanded = volume(mine.clone());
    expanded["spec"]["capacity"] = json!({ "storage": "2Gi" });
    cluster(tenant(), PV, old(), Some(expanded)).passes(&policy);
}

#[test]
fn attachments_and_drivers() {
    let policy = held();
    let attachment = spec(json!({ "nodeName": "n1", "source": { "persistentVolumeName": "pv" } }));
    nobody_but_the_cluster(
        "storage.k8s.io/volumeattachments",
        None,
        &attachment,
        "attach a disk to a node",
        true,
    );
    let csi = |audiences: &[&str]| {
        let tokens: Vec<Value> = audiences
            .iter()
            .map(|audience| json!({ "audience": audience }))
            .collect();
        spec(json!({ "tokenRequests": tokens }))
    };
    let resource = "storage.k8s.io/csidrivers";
    nobody_but_the_cluster(
        resource,
        Some(&csi(&["vault"])),
        &csi(&["vault", "sts.amazonaws.com"]),
        "pods' tokens for sts.amazonaws.com to Thing x (at spec.tokenRequests[1])",
        true,
    );
    cluster(tenant(), resource, None, Some(csi(&[""]))).refused(
        &policy,
        RULE,
        "for the API server",
    );
    cluster(tenant(), resource, None, Some(csi(&[]))).passes(&policy);
    cluster(tenant(), resource, Some(csi(&["vault"])), Some(csi(&[]))).passes(&policy);
}

#[test]
fn devices_of_other_pods() {
    let policy = held();
    let requests =
        |request: Value| json!({ "devices": { "requests": [{ "name": "plain" }, request] } });
    for request in [
        json!({ "name": "r", "adminAccess": true }),
        json!({ "name": "r", "exactly": { "deviceClassName": "gpu", "adminAccess": true } }),
    ] {
        for (resource, object, path) in [
            (
                "resource.k8s.io/resourceclaims",
                spec(requests(request.clone())),
                "(at spec.devices.requests[1])",
            ),
            (
                "resource.k8s.io/resourceclaimtemplates",
                spec(json!({ "spec": requests(request.clone()) })),
                "(at spec.spec.devices.requests[1])",
            ),
        ] {
            for who in nobodies() {
                write(who.clone(), resource, None, Some(object.clone()))
                    .refused(&policy, RULE, path);
                write(who, resource, Some(spec(json!({}))), Some(object.clone()))
                    .refused(&policy, RULE, path);
            }
            write(
                tenant(),
                resource,
                Some(object.clone()),
                Some(object.clone()),
            )
            .passes(&policy);
            write(tenant(), resource, Some(object.clone()), None).passes(&policy);
            write(
                controller("resource-claim-controller"),
                resource,
                None,
                Some(object),
            )
            .passes(&policy);
        }
    }
    for request in [
        json!({ "name": "r", "adminAccess": false }),
        json!({ "name": "r", "exactly": { "adminAccess": null } }),
        json!({ "name": "r", "firstAvailable": [{ "name": "a" }] }),
    ] {
        let object = spec(requests(request));
        write(
            tenant(),
            "resource.k8s.io/resourceclaims",
            None,
            Some(object),
        )
        .passes(&policy);
    }
}

#[test]
fn revisions_and_rollbacks() {
    let policy = held();
    let revision = |image: &str| json!({ "metadata": { "name": "x" }, "data": { "spec": { "template": { "spec": { "containers": [{ "image": image }] } } } }, "revision": 1 });
    let resource = "apps/controllerrevisions";
    let mut others = nobodies();
    // No namespace-less object: software of kube-system is nobody here.
    others.push(service_account("kube-system", "addon"));
    for who in others {
        let each = |old, new| write(who.clone(), resource, old, new);
        each(None, Some(revision("a"))).refused(&policy, RULE, "may not create Thing spark-a/x");
        each(Some(revision("a")), Some(revision("b"))).refused(&policy, RULE, "change");
        each(Some(revision("a")), None).refused(&policy, RULE, "delete");
        each(Some(revision("a")), Some(revision("a"))).passes(&policy);
        write(
            who,
            "apps/deployments/rollback",
            None,
            Some(json!({ "name": "d" })),
        )
        .refused(&policy, RULE, "roll back deployment spark-a/x");
    }
    for who in everybodies() {
        write(who.clone(), resource, None, Some(revision("a"))).passes(&policy);
        write(who, resource, Some(revision("a")), None).passes(&policy);
    }
}
