//! The `ValidatingAdmissionPolicies`: they cover requests that a webhook does
//! not receive, and checks that must hold while rolegate does not answer.
//!
//! Each policy is a YAML template beside this file. Names that the rules define
//! (labels, controllers, modes) are placeholders, filled from the rules'
//! constants. `manifests/policies` holds the result, and a test compares it.
//!
//! - `policy`: each policy; `placeholders`: the names
//! - `own`: all objects that decide what reaches rolegate and what is denied without it

mod own;
mod placeholders;
mod policy;

pub use own::{is_shipped, shipped};
pub use policy::{ADMISSION_POLICIES, AdmissionPolicy, UnknownPlaceholder};
