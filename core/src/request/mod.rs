//! Parses bytes into a [`Request`]: the user, the operation and the object.
//!
//! - `envelope`: the AdmissionReview, with a new pod parsed and other objects as text
//! - `access`: a `SubjectAccessReview`; `audit_event`: an event of an audit log
//! - `act`, `target`: the operation and its target; `object`: one version of an object
//! - `user`: `userInfo`
//! - `name`: the name of the object of a request
//! - `view`: narrow typed views of objects
//! - `pod`: the view of a pod that all rules share
//! - `change`: what an UPDATE changes
//! - `references`: service accounts named anywhere in any object
//! - `response`: the response; `warnings`: its warnings
//! - `document`: input files, with manifests wrapped in reviews
//! - `path`: a place in an object, dotted or as a JSON pointer
//! - `spans`: the line and column of a place in a file

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
mod sample_user;
pub mod spans;
mod stored;
mod target;
mod user;
pub mod view;
pub mod warnings;

pub use crate::json::Text;
pub use access::{Access, AccessReview, Selectors};
pub use act::{Act, Operation};
pub use audit_event::{AuditEvent, Judgeable};
pub use envelope::{API_VERSION, AdmissionReview, KIND, Request};
pub use error::ReviewError;
pub use name::{ObjectName, ProxyTarget, generated_prefix};
pub use object::{Object, Version};
pub use path::{Path, Segment};

pub use sample_user::{SAMPLE_UID, SampleUser};
pub use stored::Stored;
pub use target::{Kind, Resource, Target};
pub use user::{Extra, UserInfo};
pub use view::{ObjectMeta, OwnerReference};
