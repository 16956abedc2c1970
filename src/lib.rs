//! rolegate keeps Amazon EMR on EKS jobs' IAM roles to themselves.

pub mod decision;
pub mod facts;
pub mod policy;
pub mod review;
pub mod rules;
