//! Who asks, what that class may do, and what a request is about.
//!
//! - `requester`: the class of a requester, from `userInfo` alone; `evidence`,
//!   `system`, `emr`: the evidence for single classes
//! - `class_table`: what each class may do
//! - `runs_as`: what a service account stands for under the policy
//! - `pod_write`: the pod or template that a request writes
//! - `subject`: all of it together, as a rule sees it

mod class_table;
mod emr;
mod pod_write;
mod requester;
mod runs_as;
mod subject;
mod system;

pub use class_table::{Action, Extent, extent};
pub use pod_write::PodWrite;
pub(crate) use requester::is_real_service_account;
pub use requester::{Class, JobToken, Requester, Unproven, task_manager_cluster};
pub use runs_as::RunsAs;
pub use subject::Subject;
pub use system::{
    CONTROL_PLANE, CONTROLLER_MANAGER, EKS_PREFIX, KUBE_SYSTEM_PREFIX, NODE_PREFIX, NODES, System,
};
