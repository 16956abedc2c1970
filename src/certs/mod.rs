//! The serving certificate: from files that may be rotated, or made in memory.

mod files;
mod memory;
mod metrics;
mod pair;
mod resolver;

pub use files::CertificateFiles;
pub use memory::in_memory;
pub use metrics::CertificateMetrics;
pub use pair::{CertificateError, Pair};
pub use resolver::Certificates;
