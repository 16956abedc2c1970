//! Who asks, what that class may do, and what a request is about.
//!
//! - `requester`: the class of a requester, from `userInfo` alone; `evidence`,
//!   `system`, `emr`: the evidence for single classes
//! - `class_table`: what each class may do; `addressee`: who reads a message
//! - `kinds`: what custom resources do, kind by kind
//! - `known`: facts about the cluster, and what a rule needs to know of it; `asked`:
//!   the kinds of objects that it may ask for, and those that rolegate watches
//! - `view`: what a door knows of the whole cluster, where it watches it
//! - [`surface`]: every resource and verb of the API, and what answers for it
//! - `runs_as`: what a service account stands for under the policy

mod addressee;
mod asked;
mod class_table;
mod emr;
mod evidence;
pub mod kinds;
mod known;
mod requester;
mod runs_as;
pub mod surface;
mod system;
mod view;

pub use addressee::{Addressee, what_it_lacks};
pub use asked::{Asked, SERVICES, WATCHED, Watched};
pub use class_table::{Action, Extent, extent};
pub use emr::SERVICE_LINKED_ROLE;
pub(crate) use evidence::is_real_service_account;
pub use known::{Age, Facts, Further, Known, Need};
pub use requester::{Class, JobToken, Requester, Unproven, task_manager_cluster};
pub use runs_as::RunsAs;
pub use system::{
    CONTROL_PLANE, CONTROLLER_MANAGER, EKS_PREFIX, KUBE_SYSTEM_PREFIX, NODE_PREFIX, NODES, System,
};
pub use view::View;
