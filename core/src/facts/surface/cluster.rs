//! Writes and connections to what belongs to no namespace.

use crate::facts::class_table::Action;

use super::by::{CLUSTER_TAKEOVER, NAMESPACE_GUARD, NAMESPACE_POLICY, POD_EXEC, WEBHOOK_POLICY};
use super::row::{Row, dangerous, every, harmless, open, otherwise, rows};

const METRICS: &str = "a node's own metrics pass. The same right opens the kubelet's own port, whose \
                    requests never pass the API server";

pub(super) const ROWS: &[Row] = rows! {
    Cluster {
        CORE "namespaces": [Update Patch] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);
        CORE "namespaces": [Delete] => every(&[NAMESPACE_POLICY], Action::WriteNamespace)
                .note("a managed namespace");
        CORE "namespaces": [Create] => dangerous(&[NAMESPACE_POLICY], Action::WriteNamespace)
                .note("only that the mode is one of the three");
        CORE "namespaces"/"status": [Update Patch] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);
        CORE "namespaces"/"finalize": [Update] =>
            dangerous(&[NAMESPACE_POLICY, NAMESPACE_GUARD], Action::WriteNamespace);

        ADMISSION "mutatingwebhookconfigurations", ADMISSION "validatingwebhookconfigurations": [WRITES] => otherwise(&[WEBHOOK_POLICY]);
        ADMISSION "mutatingadmissionpolicies", ADMISSION "mutatingadmissionpolicybindings",
        ADMISSION "validatingadmissionpolicies", ADMISSION "validatingadmissionpolicybindings": [WRITES] => open(
                "rewrites or accepts requests in every namespace; Kubernetes runs no admission for \
                 these four kinds",
                "`rbac-grant` and scan will report who may write them (planned)");
        ADMISSION "validatingadmissionpolicies"/"status": [Update Patch] => harmless("a report");
        RBAC "clusterroles", RBAC "clusterrolebindings": [WRITES] =>
            open("grants rights in every namespace", "`rbac-grant` will judge it (planned)");

        // By GET one reads metrics, too, and the path is not in a question of
        // authorization.
        CORE "nodes"/"proxy": [Create Update Patch Delete] => every(&[POD_EXEC], Action::Proxy)
                .note(METRICS);
        CORE "nodes"/"proxy": [Get] => dangerous(&[POD_EXEC], Action::Proxy)
                .note(METRICS);
        CORE "nodes": [WRITES] =>
            harmless("decides where pods run, not what they run as; nodes hold this right themselves");
        CORE "nodes"/"status": [Update Patch] => open(
            "the API server connects to the kubelet at the address in the status",
            "only nodes and administrators hold this right by default; scan will report who else does \
             (planned)");

        CERTIFICATES "certificatesigningrequests": [WRITES] =>
            harmless("a request gives nothing before it is approved");
        CERTIFICATES "certificatesigningrequests"/"approval": [Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a client certificate for any name");
        CERTIFICATES "certificatesigningrequests"/"status": [Update Patch] =>
            harmless("holds a certificate, which is worth no more than the key that signed it");

        API_REGISTRATION "apiservices": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace);
        API_REGISTRATION "apiservices": [Delete DeleteCollection] =>
            harmless("ends an API group; nobody receives its requests");
        API_REGISTRATION "apiservices"/"status": [Update Patch] => harmless("a report");
        API_EXTENSIONS "customresourcedefinitions": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a webhook that converts objects reads and writes all of them");
        API_EXTENSIONS "customresourcedefinitions": [Delete DeleteCollection] =>
            harmless("loses objects, creates none");
        API_EXTENSIONS "customresourcedefinitions"/"status": [Update Patch] => harmless("a report");

        CORE "persistentvolumes": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace);
        CORE "persistentvolumes": [Delete DeleteCollection] =>
            harmless("Kubernetes keeps a volume as long as it is bound");
        CORE "persistentvolumes"/"status": [Update Patch] => harmless("a phase");
        STORAGE "volumeattachments": [Create] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("attaches a disk to a node");
        STORAGE "volumeattachments": [Update Patch Delete DeleteCollection] =>
            harmless("Kubernetes does not let an attachment name another disk or node after creation");
        STORAGE "volumeattachments"/"status": [Update Patch] => harmless("a report");
        STORAGE "csidrivers": [Create Update Patch] =>
            dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("`tokenRequests` hands a driver the tokens of the pods that mount its volumes");
        STORAGE "csidrivers": [Delete DeleteCollection] => harmless("volumes of the driver stop working");
        STORAGE "storageclasses", STORAGE "volumeattributesclasses", STORAGE "csinodes": [WRITES] =>
            harmless("shapes volumes to come; none names existing data");

        NODE "runtimeclasses": [WRITES] => harmless("names a runtime that the node's owner has installed");
        RESOURCE "deviceclasses", RESOURCE "resourceslices": [WRITES] =>
            harmless("a device carries no identity");
        NETWORKING "ingressclasses", NETWORKING "ipaddresses", NETWORKING "servicecidrs": [WRITES] =>
            harmless("shapes addresses to come");
        NETWORKING "servicecidrs"/"status": [Update Patch] => harmless("a report");
        SCHEDULING "priorityclasses", FLOW_CONTROL "flowschemas",
        FLOW_CONTROL "prioritylevelconfigurations": [WRITES] =>
            harmless("can slow others down, cannot change what they run as");
        FLOW_CONTROL "flowschemas"/"status", FLOW_CONTROL "prioritylevelconfigurations"/"status": [Update Patch] => harmless("a report");
        AUTHENTICATION "tokenreviews", AUTHENTICATION "selfsubjectreviews",
        AUTHORIZATION "subjectaccessreviews", AUTHORIZATION "selfsubjectaccessreviews",
        AUTHORIZATION "selfsubjectrulesreviews": [Create] => harmless("a question");
    }
};
