//! The second station: who asks, for what, and what that class may do.
//!
//! - `requester`: the class of a requester, from `userInfo` alone
//! - `system`, `emr`: the evidence for two of the classes
//! - `class_table`: what each class may do
//! - `service_account`, `base36`, `role`: names that stand for roles
//! - `image`: image references, and which are EMR's own
//! - `label`: what marks a namespace as rolegate's business
//! - `job_id`: pod names that stand for jobs; `claim`: volume claims' names likewise
//! - `pod_identity`: what a service account stands for under the policy
//! - `pod_write`: the pod or template that a request writes
//! - `surface`: what of the API is judged, and by what
//! - `subject`: all of it together, as a rule sees it

mod base36;
mod claim;
mod class_table;
mod emr;
mod image;
mod job_id;
mod label;
mod pod_identity;
mod pod_write;
mod requester;
mod role;
mod service_account;
mod subject;
pub mod surface;
mod system;

pub use claim::{ClaimName, executor_prefix};
pub use class_table::{Action, Extent, extent};
pub use image::ImageReference;
pub use job_id::{JobId, PodName};
pub use label::{ANNOTATION_PREFIX, CHAIN_LABEL, MODE_LABEL, OWN_NAMESPACE};
pub use pod_identity::PodIdentity;
pub use pod_write::PodWrite;
pub(crate) use requester::is_real_service_account;
pub use requester::{Class, Doubt, JobToken, Requester, task_manager_cluster};
pub use role::{AccountId, Role, RoleName};
pub use service_account::{
    Component, Framework, JobServiceAccount, RESERVED_PREFIXES, ServiceAccountName,
};
pub use subject::Subject;
pub use system::{
    CONTROL_PLANE, CONTROLLER_MANAGER, EKS_PREFIX, KUBE_SYSTEM_PREFIX, NODE_PREFIX, NODES, System,
};
