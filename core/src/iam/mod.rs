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
//! | `render` | the documents that rolegate writes |
//! | `subject`, `yaml` | the documents of a file: what `aws iam` prints, plans, templates |
//! | `world`, `who` | who can become a role: directly, and by chains |
//! | `lint` | what is wrong with documents |
//! | `cluster_access`, `aws_auth` | what EMR needs in a namespace, and where a cluster differs |

mod arn;
mod aws_auth;
mod cluster_access;
mod condition;
mod document;
mod evaluate;
pub mod lint;
mod node;
pub mod render;
mod subject;
#[cfg(test)]
mod tests;
mod variables;
mod who;
mod wild;
mod world;
mod yaml;

pub use arn::{Arn, EksCluster, Issuer};
pub use aws_auth::{AwsAuth, aws_auth_drift};
pub use cluster_access::{AccessRule, Drift, EMR, NEEDED, Weight, role_drift};
pub use condition::{Compared, Condition, Context, Operator, Set, Test};
pub use document::{
    Document, Effect, Malformed, Names, Principal, PrincipalKind, Principals, Statement,
};
pub use evaluate::{Answer, Caller, Request};
pub use node::Node;
pub use subject::{Found, Hints, Skipped, Subject, SubjectKind, read};
pub use variables::Version;
pub use who::{Account, Trust, Via, Way, accounts_of, who_can_assume};
pub use wild::Wild;
pub use world::{ANY_NAMESPACE, Admitted, Whose, World, strangers};
