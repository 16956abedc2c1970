//! Kubernetes RBAC: from roles and bindings to who may do what.
//!
//! The evaluation is that of kube-apiserver's RBAC authorizer, and an end-to-end
//! test compares the two on thousands of questions. Other authorizers (nodes,
//! webhooks, EKS access policies) are not RBAC and not here.
//!
//! | module | gives |
//! |---|---|
//! | `attributes` | a question without its user: a verb on a resource, or on a URL |
//! | `rule` | a rule of a role, and whether it allows something |
//! | `identity` | a user with its groups |
//! | `subject` | a subject of a binding, and whether it is a user |
//! | `selector` | a label selector, as aggregated cluster roles and webhook configurations have them |
//! | `role`, `binding` | roles and bindings, read from their JSON |
//! | `roles` | all roles, aggregation resolved |
//! | `graph` | roles and bindings together: the answers |

mod attributes;
mod binding;
mod graph;
mod identity;
mod role;
mod roles;
mod rule;
mod selector;
mod subject;

pub use attributes::{Asked, Attributes};
pub use binding::{Binding, BindingKey, RoleRef};
pub use graph::{Grant, Graph, Holder};
pub use identity::Identity;
pub use role::{Role, RoleKey};
pub use rule::Rule;
pub use selector::{Labels, Selector};
pub use subject::Subject;

/// The group of the four kinds.
pub const GROUP: &str = "rbac.authorization.k8s.io";

#[cfg(test)]
mod tests;
