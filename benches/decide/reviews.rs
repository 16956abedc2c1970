//! The reviews that are measured.

use serde_json::{Value, json};

pub(super) fn reviews() -> Vec<(&'static str, String)> {
    let driver = "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98";
    let tenant = json!({ "username": "alice", "groups": ["team-a", "system:authenticated"] });
    let runner = json!({
        "username": "system:serviceaccount:spark-a:emr-containers-sa-spark-client-111122223333-2hiamcixdm9axe98",
        "uid": "5f0b1a36",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:spark-a", "system:authenticated"],
        "extra": {
            "authentication.kubernetes.io/pod-name": ["0000000337okspsc913-abcde"],
            "authentication.kubernetes.io/pod-uid": ["u"],
        },
    });
    let pod = |account: &str, kilobytes: usize| {
        let mut env: Vec<Value> = (0..kilobytes * 16)
            .map(|n| json!({ "name": format!("VARIABLE_{n:05}"), "value": "a value of some length, as jobs have" }))
            .collect();
        // Added by EKS's webhook.
        let folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
        env.push(
            json!({ "name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/team-a-etl" }),
        );
        env.push(
            json!({ "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{folder}/token") }),
        );
        let container = json!({
            "name": "c",
            "env": env,
            "volumeMounts": [{ "name": "aws-iam-token", "mountPath": folder, "readOnly": true }],
        });
        let token = json!({ "audience": "sts.amazonaws.com", "path": "token" });
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": "spark-0000000337okspsc913-driver", "namespace": "spark-a" },
            "spec": { "serviceAccountName": account, "serviceAccount": account, "containers": [container],
                "volumes": [{ "name": "aws-iam-token", "projected": { "sources": [{ "serviceAccountToken": token }] } }] },
        })
    };
    let big = "x".repeat(3 << 20);
    vec![
        (
            "job creates its driver, 5 KiB: allowed",
            review(&runner, "CREATE", "pods", "", &pod(driver, 4), &Value::Null),
        ),
        (
            "tenant creates a job's pod, 5 KiB: denied",
            review(&tenant, "CREATE", "pods", "", &pod(driver, 4), &Value::Null),
        ),
        (
            "tenant execs: denied",
            review(
                &tenant,
                "CONNECT",
                "pods",
                "exec",
                &json!({ "command": ["sh"] }),
                &Value::Null,
            ),
        ),
        (
            "3 MiB object + 3 MiB old object that no rule reads",
            review(
                &tenant,
                "UPDATE",
                "secrets",
                "",
                &json!({ "metadata": { "name": "x" }, "value": big }),
                &json!({ "metadata": { "name": "x" }, "value": big }),
            ),
        ),
        ("tenant changes a 1 MiB ConfigMap: denied", {
            let map = |text: &str| json!({ "metadata": { "name": "x" }, "value": { "k": text.repeat(1 << 20) } });
            // Behind the metadata, as API servers write it.
            review(&tenant, "UPDATE", "configmaps", "", &map("a"), &map("b"))
                .replace("\"value\":{", "\"data\":{")
        }),
        ("tenant creates a 1 MiB custom resource: deep scan", {
            let mut object = pod("default", 1024);
            object["spec"]["serviceAccountName"] = json!("default");
            review(&tenant, "CREATE", "things", "", &object, &Value::Null)
                .replace(r#""group":"""#, r#""group":"example.com""#)
        }),
    ]
}

pub(super) fn review(
    user: &Value,
    operation: &str,
    resource: &str,
    sub: &str,
    object: &Value,
    old: &Value,
) -> String {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Thing" },
            "resource": { "group": "", "version": "v1", "resource": resource },
            "subResource": sub,
            "name": "spark-0000000337okspsc913-driver",
            "namespace": "spark-a",
            "operation": operation,
            "userInfo": user,
            "object": object,
            "oldObject": old,
            "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
    .to_string()
}
