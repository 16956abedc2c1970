//! # cluster-takeover
//!
//! Nobody reaches into a managed namespace from outside of it.
//!
//! ## What it stops
//!
//! Objects without a namespace (the cluster door):
//!
//! - approving a `CertificateSigningRequest` for a client certificate of the API
//!   server: it is valid for whatever name it holds
//! - an `APIService` that a service of the cluster answers, new or turned elsewhere;
//!   a conversion webhook of a `CustomResourceDefinition`, likewise
//! - `PersistentVolumes` that are a folder of a node (`hostPath`, `local`); volumes
//!   and snapshots of disks that exist already, unless a storage driver makes them;
//!   binding a volume to another claim
//! - `VolumeAttachments`, and `CSIDrivers` that have kubelets hand over pods' tokens
//!
//! In a managed namespace:
//!
//! - `ResourceClaims` and their templates with `adminAccess`: the devices of other
//!   pods
//! - `ControllerRevisions`: the stateful set controller makes pods of what they hold
//! - `deployments/rollback`, whose template is not in the request
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators, Kubernetes, EKS | all |
//! | software in kube-system | what has no namespace |
//! | storage drivers: service accounts outside the policy's namespaces | volumes and snapshots of their own making |
//! | all others | none of the above |
//!
//! On UPDATE only what differs counts: a certificate bundle that cert-manager puts
//! into an `APIService` or a definition passes, and so does an expanded volume.
//!
//! ## Why
//!
//! Each of these gives its maker something of a namespace it may not write to: a
//! node's or an administrator's certificate, the objects of a whole API group, a
//! disk or a device of somebody else's job, a pod made by a controller.
//!
//! ## What to do instead
//!
//! Ask a platform administrator; claim storage with a `PersistentVolumeClaim`.
//!
//! ## What it does not see
//!
//! Webhook configurations and admission policies (see `mutating-webhook`), RBAC
//! (see `rbac-grant`), and what was there before. Certificates that no API server
//! takes for a client's. Installing software from a pipeline that is no
//! administrator in the policy is told by this rule, too, at the cluster door,
//! which is in mode `audit` unless the policy says otherwise (`doors.cluster`).

mod apis;
mod claims;
mod volumes;

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, RunsAs, System, is_real_service_account};
use crate::write::Write;
use crate::json::List;
use crate::json::Text;
use crate::names::shown;
use crate::request::{Operation, ReviewError, change, view};

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("cluster-takeover", Severity::High, include_str!("cluster_takeover.rs"));

/// See the file's header.
pub(super) struct ClusterTakeover;

static ADVICE: Advice = Advice {
    why: "it gives its maker what belongs to a namespace that is not theirs: an identity, \
                   an API, a disk, a device or a pod",
    instead: "ask a platform administrator; for storage use a PersistentVolumeClaim",
    source: "Kubernetes: RBAC good practices, privilege escalation risks",
};

/// What is wrong: a clause that goes on after `<somebody> may not`, and where.
type Violation = Option<(String, Option<String>)>;

impl Rule for ClusterTakeover {
    fn about(&self) -> &'static About {
        &ABOUT
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
        if let Some((seen, path)) = judge(write)? {
            findings.push(Finding {
                rule: RuleId::ClusterTakeover,
                seen: format!("{} may not {seen}", write.who()),
                path,
                why: WHY,
                instead: INSTEAD.into(),
                source: SOURCE,
            });
        }
        Ok(())
    }
}

type Judge = fn(&Write<'_>) -> Result<Violation, ReviewError>;

/// What judges this resource.
fn judge_of(write: &Write<'_>) -> Option<Judge> {
    let request = write.request();
    if request.operation() == Operation::Connect {
        return None;
    }
    let resource = &request.target.resource;
    let place = (
        resource.group.as_str(),
        resource.resource.as_str(),
        request.target.subresource(),
    );
    let judge: Judge = match place {
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

/// Whether the requester is software of kube-system, by a token of its own.
/// Whoever runs there has the nodes anyway.
fn is_in_kube_system(write: &Write<'_>) -> bool {
    service_account(write).is_some_and(|(namespace, _)| namespace == "kube-system")
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
    service_account(write).is_some_and(|(namespace, name)| {
        let policy = write.policy;
        let of_tenants = policy
            .clusters
            .iter()
            .flat_map(|cluster| &cluster.namespaces)
            .any(|managed| managed == namespace);
        !of_tenants && RunsAs::of(name, policy) == RunsAs::Ordinary
    })
}

fn service_account<'a>(write: &Write<'a>) -> Option<(&'a str, &'a str)> {
    let user = &write.user;
    let account = user
        .username
        .as_str()
        .strip_prefix("system:serviceaccount:")?;
    is_real_service_account(user)
        .then(|| account.split_once(':'))
        .flatten()
}

/// Signers whose certificates the API server takes for a client's name.
const CLIENT_SIGNERS: [&str; 3] = [
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/legacy-unknown",
];

fn approval(write: &Write<'_>) -> Result<Violation, ReviewError> {
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
    let request = write.request();
    if request.operation() == Operation::Delete || is_in_kube_system(write) {
        return Ok(None);
    }
    let new: Signing<'_> = view::read("request.object", request.object()?)?;
    let old = match request.operation() {
        Operation::Update => view::read("request.oldObject", request.old_object()?)?,
        _ => Signing::default(),
    };
    // The signer never changes; the stored one counts where the new is silent.
    let signer = [&new, &old]
        .into_iter()
        .filter_map(|signing| signing.spec.as_ref())
        .map(|spec| spec.signer_name.as_str())
        .find(|signer| CLIENT_SIGNERS.contains(signer));
    Ok(signer
        .filter(|_| new.is_approved() && !old.is_approved())
        .map(|signer| {
            (
                format!(
                    "approve {}, a client certificate for any name (signer {signer})",
                    write.object()
                ),
                Some("status.conditions".to_owned()),
            )
        }))
}

fn revision(write: &Write<'_>) -> Result<Violation, ReviewError> {
    let request = write.request();
    let verb = match request.operation() {
        Operation::Update
            if change::same_object(Some(request.old_object()?), Some(request.object()?)) =>
        {
            return Ok(None);
        }
        Operation::Update => "change",
        Operation::Delete => "delete",
        Operation::Create | Operation::Connect => "create",
    };
    Ok(Some((
        format!(
            "{verb} {}, from which a controller makes pods",
            write.object()
        ),
        None,
    )))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
fn rollback(write: &Write<'_>) -> Result<Violation, ReviewError> {
    Ok(Some((
        format!(
            "roll back deployment {}: the template that comes back is not in the request",
            write.what()
        ),
        None,
    )))
}

/// `namespace/name` for a sentence.
fn named(namespace: &str, name: &str) -> String {
    format!("{}/{}", shown(namespace, 63), shown(name, 253))
}
