//! The second station: who asks, for what, and what that class may do.
//!
//! - `requester`: the class of a requester, from `userInfo` alone
//! - `system`, `emr`: the evidence for two of the classes
//! - `class_table`: what each class may do
//! - `service_account`, `base36`, `role`: names that stand for roles
//! - `job_id`: pod names that stand for jobs; `claim`: volume claims' names likewise
//! - `pod_identity`: what a service account stands for under the policy
//! - `pod_write`: the pod or template that a request writes
//! - `subject`: all of it together, as a rule sees it

mod base36;
mod claim;
mod class_table;
mod emr;
mod job_id;
mod pod_identity;
mod pod_write;
mod requester;
mod role;
mod service_account;
mod subject;
mod system;

pub use claim::{ClaimName, executor_prefix};
pub use class_table::{Action, Extent, extent};
pub use job_id::{JobId, PodName};
pub use pod_identity::PodIdentity;
pub use pod_write::PodWrite;
pub use requester::{Class, Doubt, JobToken, Requester, task_manager_cluster};
pub use role::{AccountId, Role, RoleName};
pub use service_account::{
    Component, Framework, JobServiceAccount, RESERVED_PREFIXES, ServiceAccountName,
};
pub use subject::Subject;
pub use system::System;
