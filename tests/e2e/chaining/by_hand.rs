//! temporary
use serde_json::{Value, json};
pub(super) fn chain(pod: &mut Value, mode: &str, text: &str) {
    pod["metadata"]["annotations"]["rolegate.dev/aws-config"] = text.into();
    let c = &mut pod["spec"]["containers"][0];
    let env = c["env"].as_array_mut().unwrap();
    env.push(
        json!({"name": "AWS_CONFIG_FILE", "value": "/var/run/secrets/rolegate.dev/aws/config"}),
    );
    env.push(json!({"name": "AWS_SDK_LOAD_CONFIG", "value": "1"}));
    if mode == "java-v2" {
        env.push(json!({"name": "JAVA_TOOL_OPTIONS", "value": "-Daws.webIdentityTokenFile="}));
    }
    if mode == "exclusive" {
        env.push(json!({"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/job-execution-role-1"}));
        env.push(json!({"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": ""}));
    }
    if mode == "pod-identity" {
        env.push(json!({"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"}));
        env.push(json!({"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}));
        env.push(json!({"name": "AWS_REGION", "value": "us-west-2"}));
        env.push(json!({"name": "AWS_DEFAULT_REGION", "value": "us-west-2"}));
        c["volumeMounts"].as_array_mut().unwrap().push(json!({"name": "eks-pod-identity-token", "mountPath": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "readOnly": true}));
    }
    c["volumeMounts"].as_array_mut().unwrap().push(json!({"name": "rolegate-aws-config", "mountPath": "/var/run/secrets/rolegate.dev/aws/config", "subPath": "config", "readOnly": true}));
    let v = pod["spec"]["volumes"].as_array_mut().unwrap();
    v.push(json!({"name": "rolegate-aws-config", "downwardAPI": {"items": [{"path": "config", "fieldRef": {"fieldPath": "metadata.annotations['rolegate.dev/aws-config']"}}]}}));
    if mode == "pod-identity" {
        v.push(json!({"name": "eks-pod-identity-token", "projected": {"sources": [{"serviceAccountToken": {"audience": "pods.eks.amazonaws.com", "expirationSeconds": 81353, "path": "eks-pod-identity-token"}}]}}));
    }
}
