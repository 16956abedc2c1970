//! Rows that the discovery of a current API server does not list: rights that exist
//! only in authorization, the kubelets' API, other versions of Kubernetes, and kinds
//! that must be installed.

use crate::facts::class_table::Action;

use super::by::{
    CLUSTER_TAKEOVER, ENDPOINT_EXPOSURE, FOREIGN_SERVICE_ACCOUNT, FOREIGN_VOLUME, JOB_LIFECYCLE,
    MUTATING_WEBHOOK, SECRET_READ, SERVICE_ACCOUNT_TOKEN,
};
use super::row::{Answer, Row, Scope, dangerous, every, harmless, open, rows};
use super::verb::{Verb, Verbs};

const GRANTS: (&str, &str) = (
    "grants rights that the requester does not have",
    "`rbac-grant` judges what is granted, and denies granting this",
);

const KUBELET: &str = "the request does not go through the API server; close port 10250 to pods";

pub(super) const ROWS: &[Row] = rows! {
    Namespaced {
        // The latter since Kubernetes 1.35, by verbs such as `impersonate:serviceaccount`.
        CORE "serviceaccounts", AUTHENTICATION "serviceaccounts": [Impersonate] => open(
            "acts as the service account",
            "at admission there is no proof of a token (no `uid`), so the requester counts as a tenant; \
             the audit log records both names");
        RBAC "roles": [Bind Escalate] => open(GRANTS.0, GRANTS.1);
        APPS "deployments"/"rollback": [Create] => every(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("until Kubernetes 1.15");
        CERTIFICATES "podcertificaterequests": [Create Update Patch] =>
            dangerous(&[SERVICE_ACCOUNT_TOKEN], Action::MintToken)
                .note("served by default since Kubernetes 1.37");
        CERTIFICATES "podcertificaterequests": [Delete DeleteCollection] => harmless(
            "the kubelet asks again");
        CERTIFICATES "podcertificaterequests"/"status": [Update Patch] => harmless(
            "the API server lets only those write it who may `sign` for the signer");
    }
    Cluster {
        CORE "users", CORE "groups", AUTHENTICATION "uids", AUTHENTICATION "userextras"/"*",
        AUTHENTICATION "users", AUTHENTICATION "groups", AUTHENTICATION "nodes": [Impersonate] => open(
                "acts as another user",
                "the authorization webhook denies it, where there is one; admission cannot distinguish a user from \
                 an impersonator; the audit log records both names");
        RBAC "clusterroles": [Bind Escalate] => open(GRANTS.0, GRANTS.1);
        CERTIFICATES "signers": [Approve Sign Attest] => harmless(
            "gives no access alone: approval is a write of `certificatesigningrequests/approval`");
        CERTIFICATES "clustertrustbundles": [WRITES] => harmless(
            "certificates of authorities, for pods that project them; a job's pods project none");
        RESOURCE "devicetaintrules": [WRITES] => open(
            "evicts pods that use a device",
            "the audit log; the pods' jobs start others");
        RESOURCE "devicetaintrules"/"status": [Update Patch] => harmless("says what a rule has done");
        MIGRATION "storageversionmigrations": [WRITES] => harmless(
            "writes stored objects again as they are");
        MIGRATION "storageversionmigrations"/"status": [Update Patch] => harmless(
            "says how far it is");
        STORAGE "csinodes"/"status": [Update Patch] => harmless(
            "says what drivers a node has");
        ROLEGATE "breakglass": [Use] => open(
            "the API server sends rolegate none of the holder's requests",
            "the audit log records them; `*` on `*` includes this right");
        CORE "nodes"/"log": [Get] => open("shows the logs of every container on the node", KUBELET);
        CORE "nodes"/"pods": [Get] => open("shows every pod on the node", KUBELET);
        CORE "nodes"/"checkpoint": [Create] =>
            open("writes the memory of a container to the node's disk", KUBELET);
        SNAPSHOT "volumesnapshotcontents", GROUP_SNAPSHOT "volumegroupsnapshotcontents": [Create Update Patch] => dangerous(&[CLUSTER_TAKEOVER], Action::ReachIntoNamespace)
                .note("a snapshot of an existing disk");
    }
};

/// A row for all custom resources.
const fn custom(subresource: &'static str, verbs: Verbs, answer: Answer) -> Row {
    Row {
        group: "*",
        resource: "*",
        subresource,
        scope: Scope::Either,
        verbs,
        answer,
    }
}

/// Writes of a custom resource of any group.
pub(super) const CUSTOM: Row = custom(
    "*",
    Verbs::of(&[Verb::Create, Verb::Update, Verb::Patch]),
    dangerous(
        &[
            FOREIGN_SERVICE_ACCOUNT,
            MUTATING_WEBHOOK,
            FOREIGN_VOLUME,
            ENDPOINT_EXPOSURE,
            SECRET_READ,
            JOB_LIFECYCLE,
        ],
        Action::StartPod,
    )
    .note(
        "(for owner references and finalizers); of `status`, the fields by which an operator acts",
    ),
);

/// Deletions of a custom resource.
pub(super) const CUSTOM_DELETE: Row = custom(
    "*",
    Verbs::of(&[Verb::Delete, Verb::DeleteCollection]),
    dangerous(
        &[JOB_LIFECYCLE, MUTATING_WEBHOOK, ENDPOINT_EXPOSURE],
        Action::EndJob,
    )
    .note("for the kinds that they know by name; `job-lifecycle` for every object that names a job's identity"),
);

/// The replica count of a custom resource.
pub(super) const CUSTOM_SCALE: Row = custom(
    "scale",
    Verbs::of(&[Verb::Update, Verb::Patch]),
    dangerous(&[FOREIGN_SERVICE_ACCOUNT, JOB_LIFECYCLE], Action::StartPod).note(
        "for fewer pods; of a FlinkDeployment, where rolegate may look it up; the pods of other kinds are judged when their operator \
         creates them",
    ),
);

/// Reads of a custom resource.
pub(super) const CUSTOM_READ: Row = custom(
    "*",
    Verbs::READS,
    harmless("shows what its author wrote; credentials belong in Secrets"),
);

/// The rows for custom resources, with their names in the documentation.
pub(super) const CUSTOMS: [(&str, &Row); 4] = [
    ("custom resources", &CUSTOM),
    ("custom resources", &CUSTOM_DELETE),
    ("`scale` of custom resources", &CUSTOM_SCALE),
    ("custom resources", &CUSTOM_READ),
];
