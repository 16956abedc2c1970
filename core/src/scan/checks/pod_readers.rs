//! # pod-readers
//!
//! Finds who may read the pods of a managed namespace.
//!
//! ## What it finds
//!
//! Subjects that may `get`, `list` or `watch` pods of a managed namespace: tenants by the
//! policy. Executors have Spark's RPC secret in their environment
//! (`_SPARK_AUTH_SECRET`), and whoever has it can send the job code to run.
//!
//! ## Who is not found
//!
//! rolegate itself, administrators, Kubernetes, Amazon EMR, add-ons and operators of the policy, and the
//! jobs themselves: Spark's drivers read pods to find their executors.
//!
//! ## What to do instead
//!
//! Nothing, where the namespace belongs to one team. Where several teams share it, give
//! each a namespace of its own, or leave `pods` out of what they may read (`pods/log` is
//! another right) and keep other pods away from the drivers with a `NetworkPolicy`.

use crate::facts::{Addressee, Class};
use crate::names::{OWN_NAMESPACE, ServiceAccountUser};
use crate::permissions::{Question, class_of_subject};
use crate::policy::{About, Policy, Severity};
use crate::rbac::{Graph, Subject};
use crate::rules::{Advice, Finding};

use super::{Place, Told, names};

pub(super) static ABOUT: About =
    About::new("pod-readers", Severity::Low, include_str!("pod_readers.rs"));

static ADVICE: Advice = Advice {
    why: "the environment of a Spark executor holds the secret by which its driver knows it",
    instead: &[(
        &Addressee::ALL,
        "give each team a namespace of its own, or leave `pods` out of what others may read",
    )],
    source: "Amazon EMR on EKS security best practices: namespaces and RBAC",
};

/// Whether it is rolegate itself, which looks owners up.
fn is_rolegate(subject: &Subject) -> bool {
    let Subject::User(name) = subject else {
        return false;
    };
    ServiceAccountUser::parse(name).is_some_and(|account| account.namespace == OWN_NAMESPACE)
}

/// One finding for a managed namespace whose pods tenants may read.
#[must_use]
pub fn pod_readers(graph: &Graph, policy: &Policy, namespace: &str) -> Option<Told> {
    let question = Question::parse("get", "pods", namespace, "").ok()?;
    let holders = graph.who_can(&question.attributes());
    let who = names(&holders, |subject| {
        class_of_subject(subject, namespace, policy) == Class::Tenant && !is_rolegate(subject)
    })?;
    let act = format!("who may read the pods of {namespace}, and so Spark's RPC secret: {who}");
    Some(Told {
        place: Place::namespace(namespace),
        finding: Finding::new(&ABOUT, &ADVICE, act),
    })
}
