//! Parts that several rules share.
//!
//! - `violation`: what is wrong with a new object and was not wrong with the stored one
//! - `ownership`: whose an object is
//! - `labels`: who may give the labels that belong to jobs, and select by them
//! - `privileged`: service accounts to which the policy gives rights, and who may use them
//! - `reserved`: why a service account without a known role is nobody's
//! - `scaling`: the workload that a request scales without holding it
//! - `startable`: under which service accounts a requester may start pods

pub(in crate::rules) mod custom_resource;
pub(in crate::rules) mod labels;
pub(in crate::rules) mod ownership;
pub(in crate::rules) mod privileged;
pub(in crate::rules) mod reserved;
pub(in crate::rules) mod scaling;
pub(in crate::rules) mod startable;
pub(in crate::rules) mod violation;
