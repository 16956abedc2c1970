//! The ground floor: names and their grammars, without a policy or a request.
//!
//! - `role`, `role_arn`, `role_pattern`: IAM roles, their ARNs, patterns of them
//! - `service_account`, `base36`: the service accounts that become roles
//! - `username`: usernames of service accounts
//! - `job_id`, `claim`, `log_secret`: pods, volume claims and Secrets that are
//!   named after jobs
//! - `cidr`: ranges of addresses
//! - `image`, `release`: image references, EMR releases
//! - `glob`: patterns; `labels`: the keys that rolegate owns
//! - `shown`: text that a tenant wrote, made safe to show

mod base36;
mod cidr;
mod claim;
mod glob;
mod image;
mod job_id;
mod labels;
mod log_secret;
mod release;
mod role;
mod role_arn;
mod role_pattern;
mod service_account;
mod shown;
mod username;

pub use cidr::Cidr;
pub use claim::{ClaimName, executor_prefix};
pub use glob::{Glob, GlobError};
pub use image::ImageReference;
pub use job_id::{JobId, PodName};
pub use labels::{ANNOTATION_PREFIX, CHAIN_LABEL, MODE_LABEL, OWN_NAMESPACE};
pub use log_secret::{LOG_SECRET_PREFIX, LogSecret};
pub use release::Release;
pub use role::{AccountId, Role, RoleName};
pub use role_arn::{RoleArn, RoleArnError};
pub use role_pattern::RolePattern;
pub use service_account::{
    Component, Framework, JobServiceAccount, RESERVED_PREFIXES, ServiceAccountName, is_reserved,
};
pub use shown::{cut_characters, shown};
pub use username::{SERVICE_ACCOUNT_PREFIX, ServiceAccountUser};
