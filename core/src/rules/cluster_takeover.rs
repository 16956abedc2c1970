//! # cluster-takeover
//!
//! Denies cluster-scoped and other special objects that give access into a managed
//! namespace from outside of it.
//!
//! ## What it stops
//!
//! Objects without a namespace (the cluster door):
//!
//! - approving a `CertificateSigningRequest` for a client certificate of the API
//!   server: the certificate is valid for any name in it
//! - an `APIService` that a service of the cluster answers, new or with another
//!   target; a conversion webhook of a `CustomResourceDefinition`, new or with another
//!   target
//! - `PersistentVolumes` that are a folder of a node (`hostPath`, `local`); volumes
//!   and snapshots of disks that exist already, unless a storage driver creates them;
//!   binding a volume to another claim
//! - `VolumeAttachments`, and `CSIDrivers` that make kubelets hand over pods' tokens
//!
//! In a managed namespace:
//!
//! - `ResourceClaims` and their templates with `adminAccess`: the devices of other
//!   pods
//! - `ControllerRevisions`: the stateful set controller creates pods from them
//! - `deployments/rollback`, whose template is not in the request
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators, Kubernetes, EKS | all |
//! | software in kube-system | objects without a namespace |
//! | storage drivers: service accounts outside the policy's namespaces | volumes and snapshots of their own making |
//! | all others | none of the above |
//!
//! On UPDATE only differences count: a certificate bundle that cert-manager puts
//! into an `APIService` or a definition is allowed, and so is an expanded volume.
//!
//! ## Why
//!
//! Each of these gives its creator a part of a namespace that it may not write to: a
//! node's or an administrator's certificate, the objects of a whole API group, a
//! disk or a device of another job, a pod created by a controller.
//!
//! ## What to do instead
//!
//! Ask a platform administrator; claim storage with a `PersistentVolumeClaim`.
//!
//! ## What it does not see
//!
//! Webhook configurations and admission policies (see `mutating-webhook`), RBAC
//! (see `rbac-grant`), and what was there before. Certificates that no API server
//! accepts as a client's. The rule also reports software that is installed from a
//! pipeline which the policy does not list as an administrator, at the cluster door,
//! whose mode is `audit` unless the policy says otherwise (`doors.cluster`).

mod apis;
mod claims;
mod volumes;

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs, System, is_real_service_account};
use crate::json::{List, Text};
use crate::names::{ServiceAccountUser, shown};
use crate::policy::{About, Severity};
use crate::request::{Act, Object, Path};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule, Stop};

pub(super) static ABOUT: About = About::new(
    "cluster-takeover",
    Severity::Critical,
    include_str!("cluster_takeover.rs"),
);

/// See the file's header.
pub(super) struct ClusterTakeover;

static ADVICE: Advice = Advice {
    why: "it gives its creator a part of another namespace: an identity, an API, a disk, a \
          device or a pod",
    instead: &[
        (
            &[Person],
            "ask a platform administrator; for storage use a PersistentVolumeClaim",
        ),
        (
            &[Software, AddOn, Operator],
            "apply this object as an administrator of rolegate's policy (`identities.admins`); for storage use a PersistentVolumeClaim",
        ),
        (
            &[Emr, Job],
            "ask a platform administrator; for storage use a PersistentVolumeClaim",
        ),
        (
            &[Workload],
            "look for software that works under this identity: a node writes no such object",
        ),
    ],
    source: "Kubernetes: RBAC good practices, privilege escalation risks",
};

impl Rule for ClusterTakeover {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some(judge) = judge_of(write) else {
            return Ok(());
        };
        if write.extent(Action::ReachIntoNamespace) == Extent::All
            || matches!(&write.requester, Requester::System(system) if *system != System::Node)
        {
            return Ok(());
        }
        findings.extend(judge(write)?);
        Ok(())
    }
}

/// What is wrong with the write of one resource.
type Judged = Result<Option<Finding>, Stop>;
type Judge = fn(&Write<'_>) -> Judged;

fn finding(key: impl Into<String>, act: impl Into<String>) -> Finding {
    Finding::new(&ABOUT, &ADVICE, act).key(key.into())
}

fn of_spec() -> Path {
    Path::root().key("spec")
}

/// The function that judges this resource.
fn judge_of(write: &Write<'_>) -> Option<Judge> {
    if matches!(write.act, Act::Connect(_)) {
        return None;
    }
    let target = &write.target;
    let judge: Judge = match (target.group(), target.resource(), target.subresource()) {
        ("certificates.k8s.io", "certificatesigningrequests", "approval") => approval,
        ("apiregistration.k8s.io", "apiservices", "") => apis::service,
        ("apiextensions.k8s.io", "customresourcedefinitions", "") => apis::conversion,
        ("", "persistentvolumes", "") => volumes::volume,
        ("storage.k8s.io", "volumeattachments", "") => volumes::attachment,
        ("storage.k8s.io", "csidrivers", "") => volumes::driver,
        ("snapshot.storage.k8s.io", "volumesnapshotcontents", "")
        | ("groupsnapshot.storage.k8s.io", "volumegroupsnapshotcontents", "") => volumes::snapshot,
        ("resource.k8s.io", "resourceclaims", "") => claims::claim,
        ("resource.k8s.io", "resourceclaimtemplates", "") => claims::template,
        ("apps", "controllerrevisions", "") => revision,
        ("apps" | "extensions", "deployments", "rollback") => rollback,
        _ => return None,
    };
    Some(judge)
}

/// Whether the requester is software of kube-system with a token of its own. Such
/// software controls the nodes anyway.
fn is_in_kube_system(write: &Write<'_>) -> bool {
    service_account(write).is_some_and(|account| account.namespace == "kube-system")
}

/// Whether the requester could be a storage driver: a service account with a
/// token of its own that belongs to no job and to no namespace of the policy.
fn is_driver(write: &Write<'_>) -> bool {
    if !matches!(
        write.requester,
        Requester::Platform(_) | Requester::Tenant(None)
    ) {
        return false;
    }
    service_account(write).is_some_and(|account| {
        let clusters = write.policy.clusters.iter();
        let of_tenants = clusters
            .flat_map(|cluster| &cluster.namespaces)
            .any(|managed| managed == account.namespace);
        !of_tenants && RunsAs::of(account.namespace, account.name, write.policy) == RunsAs::Ordinary
    })
}

fn service_account<'w>(write: &'w Write<'_>) -> Option<ServiceAccountUser<'w>> {
    let account = ServiceAccountUser::parse(&write.user.username)?;
    is_real_service_account(&write.user).then_some(account)
}

/// Signers of certificates whose name the API server accepts as a client's.
const CLIENT_SIGNERS: [&str; 3] = [
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/legacy-unknown",
];

fn approval(write: &Write<'_>) -> Judged {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Spec<'a> {
        #[serde(borrow)]
        signer_name: Text<'a>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Status<'a> {
        #[serde(borrow)]
        conditions: List<Condition<'a>>,
    }
    #[derive(Deserialize)]
    struct Condition<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Text<'a>,
    }
    #[derive(Default, Deserialize)]
    struct Signing<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
        #[serde(borrow)]
        status: Option<Status<'a>>,
    }
    impl Signing<'_> {
        fn is_approved(&self) -> bool {
            let mut conditions = self.status.iter().flat_map(|status| &*status.conditions);
            conditions.any(|condition| *condition.kind == *"Approved")
        }
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_in_kube_system(write) {
        return Ok(None);
    }
    let new: Signing<'_> = new.read()?;
    let old = old.map(Object::read::<Signing<'_>>);
    let old = old.transpose()?.unwrap_or_default();
    // The signer never changes; where the new object names none, the stored one does.
    let signer = [&new, &old]
        .into_iter()
        .filter_map(|signing| signing.spec.as_ref())
        .map(|spec| spec.signer_name.as_str())
        .find(|signer| CLIENT_SIGNERS.contains(signer));
    let signer = signer.filter(|_| new.is_approved() && !old.is_approved());
    Ok(signer.map(|signer| {
        let act = format!(
            "approve {}, a client certificate for any name (signer {signer})",
            write.object()
        );
        finding(format!("signer {signer}"), act).at(Path::root().key("status").key("conditions"))
    }))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
fn revision(write: &Write<'_>) -> Judged {
    if write.is_unchanged() {
        return Ok(None);
    }
    let verb = match write.act {
        Act::Update { .. } => "change",
        Act::Delete(_) => "delete",
        Act::Create(_) | Act::Connect(_) => "create",
    };
    let object = write.object();
    let act = format!("{verb} {object}, from which a controller makes pods");
    Ok(Some(finding("revision", act)))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
fn rollback(write: &Write<'_>) -> Judged {
    let act = format!(
        "roll back deployment {}: the template that comes back is not in the request",
        write.what()
    );
    Ok(Some(finding("rollback", act)))
}

/// `namespace/name` for a sentence.
fn named(namespace: &str, name: &str) -> String {
    format!("{}/{}", shown(namespace, 63), shown(name, 253))
}
