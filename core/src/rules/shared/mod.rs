//! Parts that several rules share.
//!
//! - `violation`: what is wrong with a new object and was not wrong with the stored one
//! - `ownership`: whose a stored object is
//! - `job_labels`: labels that say which job an object belongs to
//! - `startable`: under which service accounts a requester may start pods

pub(in crate::rules) mod custom_resource;
pub(in crate::rules) mod job_labels;
pub(in crate::rules) mod ownership;
pub(in crate::rules) mod startable;
pub(in crate::rules) mod violation;
