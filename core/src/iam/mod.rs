//! IAM documents: what they allow, what they should say, and what is wrong with them.
//!
//! Documents in, documents out: nothing here asks AWS.
//!
//! | module | holds |
//! |---|---|
//! | `node` | JSON that keeps the order of its keys |
//! | `wild`, `arn`, `variables` | wildcards, ARNs, policy variables |
//! | `document`, `condition` | documents, parsed strictly into types |
//! | `evaluate` | whether a document allows a request |
//! | `cluster_access` | what EMR needs in a namespace, and where a cluster differs |

mod arn;
mod cluster_access;
mod condition;
mod document;
mod evaluate;
mod node;
#[cfg(test)]
mod tests;
mod variables;
mod wild;

pub use arn::{Arn, EksCluster, Issuer};
pub use cluster_access::{
    AccessRule, AwsAuth, Drift, EMR, NEEDED, Weight, aws_auth_drift, role_drift,
};
pub use condition::{Compared, Condition, Context, Operator, Set, Test};
pub use document::{
    Document, Effect, Malformed, Names, Principal, PrincipalKind, Principals, Statement, Version,
};
pub use evaluate::{Answer, Caller, Request};
pub use node::Node;
pub use wild::Wild;
