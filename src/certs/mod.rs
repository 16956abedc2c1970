//! The serving certificate, from files that may be rotated or made in memory, and
//! the authorities whose certificates clients must show.

mod authorities;
mod authority_file;
mod files;
mod memory;
mod metrics;
mod pair;
mod reread;
mod resolver;

pub use authorities::{Authorities, ClientCertificates};
pub use authority_file::AuthorityFile;
pub use files::CertificateFiles;
pub use memory::in_memory;
pub use metrics::{AuthorityMetrics, CertificateMetrics};
pub use pair::{CertificateError, Pair};
pub use resolver::Certificates;
