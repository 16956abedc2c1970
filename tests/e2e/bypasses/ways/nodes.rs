//! B16: the node, in every way that a pod can ask for it.

use serde_json::{Value, json};

use super::Way::{self, Request};
use super::{Answer, Place, Stage, create, deployment, driver_pod, new_pod, patch, with_volume};
use crate::harness::cast::OTHER_ROLE;
use crate::harness::workloads::workload;

#[rustfmt::skip]
pub(in crate::bypasses) const NODE: &[Way] = &[
    Request("hostPath", |stage, place| with_volume(stage, place, &json!({"hostPath": {"path": "/var/lib/kubelet"}}))),
    Request("gitRepo", |stage, place| with_volume(stage, place, &json!({"gitRepo": {"repository": "https://example.com/r"}}))),
    Request("hostNetwork", |stage, place| of_pod(stage, place, json!({"hostNetwork": true}))),
    Request("hostPID", |stage, place| of_pod(stage, place, json!({"hostPID": true}))),
    Request("hostIPC", |stage, place| of_pod(stage, place, json!({"hostIPC": true}))),
    Request("a sysctl", |stage, place| of_pod(stage, place, json!({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}))),
    Request("a sysctl's value", |stage, place| of_pod(stage, place, json!({"securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1+kernel.core_pattern=|/x"}]}}))),
    Request("hostPort", |stage, place| of_container(stage, place, json!({"ports": [{"containerPort": 80, "hostPort": 80}]}))),
    Request("privileged", |stage, place| secured(stage, place, &json!({"privileged": true}))),
    Request("a capability", |stage, place| secured(stage, place, &json!({"capabilities": {"add": ["SYS_PTRACE"]}}))),
    Request("no seccomp", |stage, place| secured(stage, place, &json!({"seccompProfile": {"type": "Unconfined"}}))),
    Request("no AppArmor", |stage, place| secured(stage, place, &json!({"appArmorProfile": {"type": "Unconfined"}}))),
    Request("SELinux", |stage, place| secured(stage, place, &json!({"seLinuxOptions": {"type": "spc_t"}}))),
    Request("a Windows domain", |stage, place| secured(stage, place, &json!({"windowsOptions": {"gmsaCredentialSpecName": "s"}}))),
    Request("a probe of another host", |stage, place| of_container(stage, place, json!({"livenessProbe": {"httpGet": {"host": "169.254.169.254", "port": 80}}}))),
    Request("hostProcess", host_process),
    Request("an init container", |stage, place| of_pod(stage, place, json!({"initContainers": [{"name": "init", "image": "i", "securityContext": {"privileged": true}}]}))),
    Request("kube2iam", |stage, place| annotated(stage, place, "iam.amazonaws.com/role")),
    Request("kiam", |stage, place| annotated(stage, place, "iam.amazonaws.com/external-id")),
    Request("kube2iam with the status", |stage, place| {
        let path = place.core(&format!("pods/{}/status", driver_pod()));
        patch(stage, &path, &json!({"metadata": {"annotations": {"iam.amazonaws.com/role": "other"}}}))
    }),
    Request("hostPath in a template", |stage, place| deployment(stage, place, |spec| {
        spec["volumes"] = json!([{"name": "v", "hostPath": {"path": "/"}}]);
    })),
    Request("hostNetwork in a CronJob", |stage, place| {
        let mut object = workload("cronjobs", "mine", "default");
        object["spec"]["jobTemplate"]["spec"]["template"]["spec"]["hostNetwork"] = true.into();
        create(stage, &place.group("batch/v1", "cronjobs"), &object)
    }),
];

fn extend(object: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else {
        return;
    };
    for (key, value) in fields {
        object[key] = value;
    }
}

fn of_pod(stage: &Stage, place: Place<'_>, fields: Value) -> Answer {
    new_pod(stage, place, |pod| extend(&mut pod["spec"], fields))
}

fn of_container(stage: &Stage, place: Place<'_>, fields: Value) -> Answer {
    new_pod(stage, place, |pod| {
        extend(&mut pod["spec"]["containers"][0], fields);
    })
}

fn secured(stage: &Stage, place: Place<'_>, context: &Value) -> Answer {
    of_container(stage, place, json!({"securityContext": context}))
}

fn host_process(stage: &Stage, place: Place<'_>) -> Answer {
    let context =
        json!({"windowsOptions": {"hostProcess": true, "runAsUserName": "NT AUTHORITY\\SYSTEM"}});
    of_pod(
        stage,
        place,
        json!({"hostNetwork": true, "os": {"name": "windows"}, "securityContext": context}),
    )
}

fn annotated(stage: &Stage, place: Place<'_>, key: &str) -> Answer {
    new_pod(stage, place, |pod| {
        pod["metadata"]["annotations"] = json!({key: OTHER_ROLE});
    })
}
