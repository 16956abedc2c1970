//! Writes of and connections to cluster-scoped resources.

use crate::facts::class_table::Action;

use super::by::{
    CLUSTER_TAKEOVER, NAMESPACE_GUARD, NAMESPACE_POLICY, POD_EXEC, RBAC_GRANT, WEBHOOK_POLICY,
};
use super::row::{Row, dangerous, every, harmless, open, otherwise, rows};

const METRICS: &str = "reading a node's own metrics is allowed. The same right gives access to the \
                    kubelet's port, whose requests do not go through the API server";

pub(super) const ROWS: &[Row] = rows! {
    Cluster {
        CORE "namespaces": [Update Patch] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);
        CORE "namespaces": [Delete] => every(&[NAMESPACE_POLICY], Action::WriteNamespace)
                .note("a managed namespace");
        CORE "namespaces": [Create] => dangerous(&[NAMESPACE_POLICY], Action::WriteNamespace)
                .note("checks only that the mode is one of the three");
        CORE "namespaces"/"status": [Update Patch] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);
        CORE "namespaces"/"finalize": [Update] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);

        ADMISSION "mutatingwebhookconfigurations", ADMISSION "validatingwebhookconfigurations": [WRITES] => otherwise(&[WEBHOOK_POLICY]);
        ADMISSION "mutatingadmissionpolicies", ADMISSION "mutatingadmissionpolicybindings",
        ADMISSION "validatingadmissionpolicies", ADMISSION "validatingadmissionpolicybindings": [WRITES] => open(
                "changes or allows requests in every namespace; Kubernetes runs no admission for \
                 these four kinds",
                "the authorization webhook denies it, where there is one; `rbac-grant` denies granting this to \
                 tenants; `rolegate who-can` lists who has it");
        ADMISSION "validatingadmissionpolicies"/"status": [Update Patch] => harmless("a report");
        RBAC "clusterroles", RBAC "clusterrolebindings": [Create Update Patch] =>
            dangerous(&[RBAC_GRANT], Action::GrantRights)
                .note("by what subjects newly get");
        RBAC "clusterroles", RBAC "clusterrolebindings": [Delete DeleteCollection] =>
            harmless("takes rights away");

        // GET also reads metrics, and an authorization request does not contain the
        // path.
        CORE "nodes"/"proxy": [Create Update Patch Delete] => every(&[POD_EXEC], Action::Proxy)
                .note(METRICS);
        CORE "nodes"/"proxy": [Get] => dangerous(&[POD_EXEC], Action::Proxy)
                .note(METRICS);
        CORE "nodes": [WRITES] =>
            harmless("decides where pods run, not what they run as; nodes have this right themselves");
        CORE "nodes"/"status": [Update Patch] => open(
            "the API server connects to the kubelet at the address in the status",
            "only nodes and administrators have this right by default; `rbac-grant` denies granting it, \
             and `rolegate who-can` lists who has it");

        CERTIFICATES "certificatesigningrequests": [WRITES] =>
            harmless("a request gives nothing before it is approved");
        CERTIFICATES "certificatesigningrequests"/"approval": [Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a client certificate for any name");
        CERTIFICATES "certificatesigningrequests"/"status": [Update Patch] =>
            harmless("contains a certificate, which is valid only if a trusted key has signed it");

        API_REGISTRATION "apiservices": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace);
        API_REGISTRATION "apiservices": [Delete DeleteCollection] =>
            harmless("removes an API group; no server receives its requests");
        API_REGISTRATION "apiservices"/"status": [Update Patch] => harmless("a report");
        API_EXTENSIONS "customresourcedefinitions": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a conversion webhook reads and writes every object");
        API_EXTENSIONS "customresourcedefinitions": [Delete DeleteCollection] =>
            harmless("deletes objects, creates none");
        API_EXTENSIONS "customresourcedefinitions"/"status": [Update Patch] => harmless("a report");

        CORE "persistentvolumes": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace);
        CORE "persistentvolumes": [Delete DeleteCollection] =>
            harmless("Kubernetes keeps a volume while it is bound");
        CORE "persistentvolumes"/"status": [Update Patch] => harmless("a phase");
        STORAGE "volumeattachments": [Create] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("attaches a disk to a node");
        STORAGE "volumeattachments": [Update Patch Delete DeleteCollection] =>
            harmless("Kubernetes does not let an attachment name another disk or node after creation");
        STORAGE "volumeattachments"/"status": [Update Patch] => harmless("a report");
        STORAGE "csidrivers": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("`tokenRequests` gives a driver the tokens of the pods that mount its volumes");
        STORAGE "csidrivers": [Delete DeleteCollection] => harmless("volumes of the driver stop working");
        STORAGE "storageclasses", STORAGE "volumeattributesclasses", STORAGE "csinodes": [WRITES] =>
            harmless("affects future volumes only; none names existing data");

        NODE "runtimeclasses": [WRITES] => harmless("names a runtime that the node's owner has installed");
        RESOURCE "deviceclasses", RESOURCE "resourceslices": [WRITES] =>
            harmless("a device has no identity");
        NETWORKING "ingressclasses", NETWORKING "ipaddresses", NETWORKING "servicecidrs": [WRITES] =>
            harmless("affects future addresses only");
        NETWORKING "servicecidrs"/"status": [Update Patch] => harmless("a report");
        SCHEDULING "priorityclasses", FLOW_CONTROL "flowschemas",
        FLOW_CONTROL "prioritylevelconfigurations": [WRITES] =>
            harmless("can slow down other workloads, cannot change what they run as");
        FLOW_CONTROL "flowschemas"/"status", FLOW_CONTROL "prioritylevelconfigurations"/"status": [Update Patch] => harmless("a report");
        AUTHENTICATION "tokenreviews", AUTHENTICATION "selfsubjectreviews",
        AUTHORIZATION "subjectaccessreviews", AUTHORIZATION "selfsubjectaccessreviews",
        AUTHORIZATION "selfsubjectrulesreviews": [Create] => harmless("a question");
    }
};
