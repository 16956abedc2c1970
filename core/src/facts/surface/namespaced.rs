//! Writes of and connections to namespaced resources.

use crate::facts::class_table::Action;

use super::by::{
    CLUSTER_TAKEOVER, CONFIGMAP_MUTATION, ENDPOINT_EXPOSURE, FOREIGN_SERVICE_ACCOUNT,
    FOREIGN_VOLUME, JOB_LIFECYCLE, POD_EXEC, POD_TAMPERING, PODS, RBAC_GRANT, SECRET_POLICY,
    SECRET_READ, SERVICE_ACCOUNT_IDENTITY, SERVICE_ACCOUNT_TOKEN,
};
use super::row::{Row, dangerous, every, harmless, otherwise, rows};

/// Where scaling is judged.
const SCALES: &str = "for fewer pods; where rolegate may look the workload up, and its pods run under a job's service \
     account. Otherwise the pods are judged when their controller creates them, except those of an interactive \
     endpoint's gateway and of declared operators' jobs";

pub(super) const ROWS: &[Row] = rows! {
    Namespaced {
        // Pods.
        CORE "pods": [Create] => dangerous(PODS, Action::StartPod);
        CORE "pods": [Update Patch] => dangerous(&[POD_TAMPERING], Action::ChangePod)
                .note("and the rules of `create`, for the changed parts");
        CORE "pods": [Delete DeleteCollection] => dangerous(&[JOB_LIFECYCLE], Action::EndJob);
        CORE "pods"/"exec": [Create Get] => every(&[POD_EXEC], Action::Exec);
        CORE "pods"/"attach": [Create Get] => every(&[POD_EXEC], Action::Attach);
        CORE "pods"/"portforward": [Create Get] => every(&[POD_EXEC], Action::PortForward);
        CORE "pods"/"proxy", CORE "services"/"proxy": [Create Update Patch Delete Get] =>
            every(&[POD_EXEC], Action::Proxy);
        CORE "pods"/"ephemeralcontainers": [Update Patch] => every(&[POD_EXEC], Action::Debug)
                .note("and the rules of `create`, for the added containers");
        CORE "pods"/"status", CORE "pods"/"resize": [Update Patch] =>
            dangerous(&[POD_TAMPERING], Action::ChangePod);
        CORE "pods"/"binding", CORE "bindings": [Create] => every(&[POD_TAMPERING], Action::ChangePod);
        CORE "pods"/"eviction": [Create] => every(&[JOB_LIFECYCLE], Action::EndJob);

        // Configuration and identity of jobs.
        CORE "configmaps": [WRITES] => every(&[CONFIGMAP_MUTATION], Action::WriteConfigMap);
        CORE "secrets": [Create] => dangerous(&[SERVICE_ACCOUNT_TOKEN], Action::MintToken)
                .note("service account token Secrets only: of any other Secret that they create, requesters know the \
             content already, and `secret-read` judges who may reference it");
        CORE "secrets": [Update Patch Delete DeleteCollection] => otherwise(&[SECRET_POLICY])
                .note("the response to the write shows the content");
        CORE "serviceaccounts": [WRITES] =>
            dangerous(&[SERVICE_ACCOUNT_IDENTITY], Action::WriteServiceAccount);
        CORE "serviceaccounts"/"token": [Create] => every(&[SERVICE_ACCOUNT_TOKEN], Action::MintToken);

        // Workloads.
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers", CORE "podtemplates":
            [Create Update Patch] => dangerous(&[FOREIGN_SERVICE_ACCOUNT], Action::StartPod)
                .note("their pod templates are judged like `pods`");
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers":
            [Delete DeleteCollection] => dangerous(&[JOB_LIFECYCLE], Action::EndJob)
                .note("if their pods run as a job's service account");
        CORE "podtemplates": [Delete DeleteCollection] => harmless("nothing runs from a pod template object");
        APPS "deployments"/"scale", APPS "replicasets"/"scale", APPS "statefulsets"/"scale",
        CORE "replicationcontrollers"/"scale": [Update Patch] =>
            dangerous(&[FOREIGN_SERVICE_ACCOUNT, JOB_LIFECYCLE], Action::StartPod).note(SCALES);
        AUTOSCALING "horizontalpodautoscalers": [Create Update Patch] =>
            dangerous(&[FOREIGN_SERVICE_ACCOUNT], Action::StartPod)
                .note("where rolegate may look the workload up; as for `*/scale`");
        AUTOSCALING "horizontalpodautoscalers": [Delete DeleteCollection] =>
            harmless("the workload keeps the pods that it has");
        AUTOSCALING "horizontalpodautoscalers"/"status": [Update Patch] => harmless("a report");
        APPS "deployments"/"status", APPS "replicasets"/"status", APPS "statefulsets"/"status",
        APPS "daemonsets"/"status", BATCH "jobs"/"status", BATCH "cronjobs"/"status",
        CORE "replicationcontrollers"/"status":
            [Update Patch] => dangerous(&[JOB_LIFECYCLE], Action::EndJob)
                .note("if their pods run as a job's service account: the status can mark a Job as failed or complete, \
             which ends it; `pod-tampering` judges the labels and owners that are written with it");
        APPS "controllerrevisions": [WRITES] =>
            every(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a rollback starts the pods described in it");

        // Data.
        CORE "persistentvolumeclaims": [WRITES] => dangerous(&[FOREIGN_VOLUME], Action::UseVolume);
        CORE "persistentvolumeclaims"/"status": [Update Patch] =>
            harmless("contains sizes and conditions, not the bound volume; of a job's claim it is judged by `foreign-volume` all the same");

        // Network.
        CORE "services": [WRITES] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);
        CORE "services"/"status": [Update Patch] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose)
                .note("the cluster sends its traffic for an address in the status to the Service (CVE-2020-8554)");
        CORE "endpoints", DISCOVERY "endpointslices": [Create Update Patch] =>
            dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);
        CORE "endpoints", DISCOVERY "endpointslices": [Delete DeleteCollection] =>
            harmless("the controller creates them again");
        NETWORKING "ingresses": [Create Update Patch] =>
            dangerous(&[ENDPOINT_EXPOSURE, SECRET_READ], Action::Expose)
                .note("for the TLS Secrets");
        NETWORKING "ingresses": [Delete DeleteCollection] => harmless("removes an exposure");
        NETWORKING "ingresses"/"status": [Update Patch] =>
            harmless("an address for users to read; routes nothing");
        NETWORKING "networkpolicies": [WRITES] => dangerous(&[ENDPOINT_EXPOSURE], Action::Expose);

        // Devices.
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Create] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("for administrative access to a device in use by others");
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Update Patch] =>
            harmless("Kubernetes does not let a claim ask for another device after creation");
        RESOURCE "resourceclaims", RESOURCE "resourceclaimtemplates": [Delete DeleteCollection] =>
            harmless("releases a device");
        RESOURCE "resourceclaims"/"status": [Update Patch] =>
            harmless("the allocated device: the API server requires additional rights, and a device \
                      has no identity");

        // Rights.
        RBAC "roles", RBAC "rolebindings": [Create Update Patch] =>
            dangerous(&[RBAC_GRANT], Action::GrantRights)
                .note("by what subjects newly get");
        RBAC "roles", RBAC "rolebindings": [Delete DeleteCollection] =>
            harmless("takes rights away");

        // The rest.
        CORE "events", EVENTS "events": [WRITES] => harmless("a report; not sent to rolegate");
        COORDINATION "leases": [WRITES] =>
            harmless("can disrupt an operator's leader election, but gives no access; not sent to rolegate");
        CORE "limitranges", CORE "resourcequotas": [WRITES] =>
            harmless("can prevent pods from starting, cannot change what they run as");
        CORE "resourcequotas"/"status": [Update Patch] => harmless("a count");
        POLICY "poddisruptionbudgets": [WRITES] => harmless("only limits evictions");
        POLICY "poddisruptionbudgets"/"status": [Update Patch] => harmless("a count");
        STORAGE "csistoragecapacities": [WRITES] => harmless("a hint to the scheduler");
        AUTHORIZATION "localsubjectaccessreviews": [Create] => harmless("a question");
    }
};
