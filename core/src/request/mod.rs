//! Bytes become a [`Request`]: who does what to which object.
//!
//! - `envelope`: the AdmissionReview itself, and a pod in passing; other objects as text
//! - `access`: a SubjectAccessReview; `audit_event`: an event of an audit log
//! - `act`, `target`: what is done and to what; `object`: one version of an object
//! - `user`: `userInfo`
//! - `name`: which object a request is about
//! - `view`: narrow typed views of the objects
//! - `pod`: the view of a pod that all rules share
//! - `change`: what an UPDATE really changes
//! - `references`: service accounts named anywhere in any object
//! - `response`: the answer
//! - `document`: files and manifests wrapped into reviews
//! - `path`: where in an object, written dotted and as JSON pointer
//! - `spans`: where in a file, as line and column

mod access;
mod act;
mod audit_event;
pub mod change;
pub mod document;
mod envelope;
mod error;
mod name;
mod object;
mod path;
pub mod pod;
pub mod references;
pub mod response;
pub mod spans;
mod stored;
mod target;
mod user;
pub mod view;

pub use crate::json::Text;
pub use access::{Access, Selectors};
pub use act::{Act, Operation};
pub use audit_event::{AuditEvent, Judgeable};
pub use envelope::{API_VERSION, AdmissionReview, KIND, Request};
pub use error::ReviewError;
pub use name::{ObjectName, ProxyTarget};
pub use object::{Object, Version};
pub use path::{Path, Segment};

pub use stored::Stored;
pub use target::{Kind, Resource, Target};
pub use user::{Extra, UserInfo};
pub use view::{ObjectMeta, OwnerReference};
