//! Writes and connections to what belongs to a namespace.

use crate::facts::class_table::Action;

use super::by::{
    CLUSTER_TAKEOVER, CONFIGMAP_MUTATION, ENDPOINT_EXPOSURE, FOREIGN_SERVICE_ACCOUNT,
    FOREIGN_VOLUME, JOB_LIFECYCLE, POD_EXEC, POD_TAMPERING, PODS, SECRET_POLICY, SECRET_READ,
    SERVICE_ACCOUNT_IDENTITY, SERVICE_ACCOUNT_TOKEN,
};
use super::row::{Row, dangerous, every, harmless, open, otherwise, rows};

const SCALES: (&str, &str) = (
    "starts or ends pods of a workload that exists; the request does not hold the pod template",
    "the pods are judged when the controller creates them: of the workloads that were there before \
     the namespace was labelled, only the gateway of an interactive endpoint starts",
);

const GRANTS: (&str, &str) = (
    "grants rights",
    "`rbac-grant` will judge it (planned); Kubernetes itself lets nobody grant what they do not \
     hold",
);

pub(super) const ROWS: &[Row] = rows! {
    Namespaced {
        // Pods.
        CORE "pods": [Create] => dangerous(PODS, Action::StartPod);
        CORE "pods": [Update Patch] => dangerous(&[POD_TAMPERING], Action::ChangePod)
                .note("and the rules of `create`, for what changes");
        CORE "pods": [Delete DeleteCollection] => dangerous(&[JOB_LIFECYCLE], Action::EndJob);
        CORE "pods"/"exec": [Create Get] => every(&[POD_EXEC], Action::Exec);
        CORE "pods"/"attach": [Create Get] => every(&[POD_EXEC], Action::Attach);
        CORE "pods"/"portforward": [Create Get] => every(&[POD_EXEC], Action::PortForward);
        CORE "pods"/"proxy", CORE "services"/"proxy": [Create Update Patch Delete Get] =>
            every(&[POD_EXEC], Action::Proxy);
        CORE "pods"/"ephemeralcontainers": [Update Patch] => every(&[POD_EXEC], Action::Debug)
                .note("and the rules of `create`, for the containers that are added");
        CORE "pods"/"status", CORE "pods"/"resize": [Update Patch] =>
            dangerous(&[POD_TAMPERING], Action::ChangePod);
        CORE "pods"/"binding", CORE "bindings": [Create] => every(&[POD_TAMPERING], Action::ChangePod);
        CORE "pods"/"eviction": [Create] => every(&[JOB_LIFECYCLE], Action::EndJob);

        // What shapes a job, and what it runs as.
        CORE "configmaps": [WRITES] => every(&[CONFIGMAP_MUTATION], Action::WriteConfigMap);
        CORE "secrets": [Create] => dangerous(&[SERVICE_ACCOUNT_TOKEN], Action::MintToken)
                .note("service account token Secrets only: the requester knows the content of any other Secret \
             they create, and `secret-read` judges who may reference it");
        CORE "secrets": [Update Patch Delete DeleteCollection] => otherwise(&[SECRET_POLICY])
                .note("the answer to the write shows the content");
        CORE "serviceaccounts": [WRITES] =>
            dangerous(&[SERVICE_ACCOUNT_IDENTITY], Action::WriteServiceAccount);
        CORE "serviceaccounts"/"token": [Create] => every(&[SERVICE_ACCOUNT_TOKEN], Action::MintToken);

        // Workloads.
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers", CORE "podtemplates":
            [Create Update Patch] => dangerous(&[FOREIGN_SERVICE_ACCOUNT], Action::StartPod)
                .note("their pod templates are judged as `pods` are");
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers":
            [Delete DeleteCollection] => dangerous(&[JOB_LIFECYCLE], Action::EndJob)
                .note("where their pods run under a job's service account");
        CORE "podtemplates": [Delete DeleteCollection] => harmless("nothing runs from one");
        APPS "deployments"/"scale", APPS "replicasets"/"scale", APPS "statefulsets"/"scale",
        CORE "replicationcontrollers"/"scale": [Update Patch] => open(SCALES.0, SCALES.1);
        AUTOSCALING "horizontalpodautoscalers": [Create Update Patch] =>
            open("scales a workload on behalf of its author", "the pods are judged, as for `*/scale`");
        AUTOSCALING "horizontalpodautoscalers": [Delete DeleteCollection] =>
            harmless("no workload of a job is scaled by one");
        AUTOSCALING "horizontalpodautoscalers"/"status": [Update Patch] => harmless("a report");
        APPS "deployments"/"status", APPS "replicasets"/"status", APPS "statefulsets"/"status",
        APPS "daemonsets"/"status", BATCH "jobs"/"status", BATCH "cronjobs"/"status",
        CORE "replicationcontrollers"/"status":
            [Update Patch] => dangerous(&[JOB_LIFECYCLE], Action::EndJob)
                .note("where their pods run under a job's service account: a Job whose status says failed or \
             complete is over");
        APPS "controllerrevisions": [WRITES] =>
            every(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a rollback starts the pods that it describes");

        // Data.
        CORE "persistentvolumeclaims": [WRITES] => dangerous(&[FOREIGN_VOLUME], Action::UseVolume);
        CORE "persistentvolumeclaims"/"status": [Update Patch] =>
            harmless("sizes and conditions, not which volume is bound");

        // Network.
        CORE "services": [WRITES] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);
        CORE "services"/"status": [Update Patch] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose)
                .note("the cluster sends its traffic for an address in the status to the Service (CVE-2020-8554)");
        CORE "endpoints", DISCOVERY "endpointslices": [Create Update Patch] =>
            dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);
        CORE "endpoints", DISCOVERY "endpointslices": [Delete DeleteCollection] =>
            harmless("their controller creates them again");
        NETWORKING "ingresses": [Create Update Patch] =>
            dangerous(&[ENDPOINT_EXPOSURE, SECRET_READ], Action::Expose)
                .note("for the Secrets of TLS");
        NETWORKING "ingresses": [Delete DeleteCollection] => harmless("closes a door");
        NETWORKING "ingresses"/"status": [Update Patch] =>
            harmless("an address for people to read; routes nothing");
        NETWORKING "networkpolicies": [WRITES] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);

        // Devices.
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Create] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("administrative access to a device that others use");
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Update Patch] =>
            harmless("Kubernetes does not let a claim ask for another device after creation");
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Delete DeleteCollection] =>
            harmless("gives a device back");
        RESOURCE "resourceclaims"/"status": [Update Patch] =>
            harmless("which device a claim has: the API server asks for further rights, and a device \
                      carries no identity");

        // Rights.
        RBAC "roles", RBAC "rolebindings": [WRITES] => open(GRANTS.0, GRANTS.1);

        // The rest.
        CORE "events", EVENTS "events": [WRITES] => harmless("a report; not sent to rolegate");
        COORDINATION "leases": [WRITES] =>
            harmless("can disturb an operator's leader election, and gives nothing; not sent to rolegate");
        CORE "limitranges", CORE "resourcequotas": [WRITES] =>
            harmless("can keep pods from starting, cannot change what they run as");
        CORE "resourcequotas"/"status": [Update Patch] => harmless("a count");
        POLICY "poddisruptionbudgets": [WRITES] => harmless("limits evictions, nothing else");
        POLICY "poddisruptionbudgets"/"status": [Update Patch] => harmless("a count");
        STORAGE "csistoragecapacities": [WRITES] => harmless("a hint to the scheduler");
        AUTHORIZATION "localsubjectaccessreviews": [Create] => harmless("a question");
    }
};
