//! The first station: bytes become a [`Request`].
//!
//! - `envelope`: the AdmissionReview itself, and a pod in passing; other objects as text
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

pub mod change;
pub mod document;
mod envelope;
mod error;
mod name;
pub mod path;
pub mod pod;
pub mod references;
pub mod response;
mod shown;
pub mod spans;
mod text;
mod user;
pub mod view;

pub use envelope::{API_VERSION, KIND, Kind, Operation, Request, Resource};
pub use error::ReviewError;
pub use name::{ObjectName, ProxyTarget};
pub use shown::shown;
pub use text::Text;
pub use user::{Extra, UserInfo};
pub use view::{ObjectMeta, OwnerReference};
