//! The serving certificate, from files that may be rotated or made in memory, and
//! the authorities whose certificates clients must show.

mod authorities;
mod files;
mod memory;
mod metrics;
mod pair;
mod resolver;

pub use authorities::{Authorities, AuthorityFile, ClientCertificates};
pub use files::CertificateFiles;
pub use memory::in_memory;
pub use metrics::{AuthorityMetrics, CertificateMetrics};
pub use pair::{CertificateError, Pair};
pub use resolver::Certificates;
