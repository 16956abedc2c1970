//! The ground floor: names and their grammars, without a policy or a request.
//!
//! - `role`, `role_arn`, `role_pattern`: IAM roles, their ARNs, patterns of them
//! - `service_account`, `base36`: the service accounts that become roles
//! - `username`: usernames of service accounts
//! - `job_id`, `claim`, `service`, `config_map`, `log_secret`: names that only a job,
//!   EMR, Spark or Flink gives a pod, claim, Service, `ConfigMap`, Secret; `unique`:
//!   the prefix that Spark makes up
//! - `job_labels`: the labels that belong to jobs, and by which their objects are found
//! - `cidr`: ranges of addresses
//! - `image`, `release`: image references, EMR releases
//! - `glob`: patterns; `labels`: the keys that rolegate owns
//! - `shown`: text that a tenant wrote, made safe to show; `shorten`: text that must fit a
//!   limit

mod base36;
mod cidr;
mod claim;
mod config_map;
mod glob;
mod image;
mod job_id;
mod job_labels;
mod labels;
mod log_secret;
mod release;
mod role;
mod role_arn;
mod role_pattern;
mod service;
mod service_account;
mod shorten;
mod shown;
mod unique;
mod username;

pub use cidr::Cidr;
pub use claim::{ClaimName, executor_prefix, is_sparks_pod};
pub use config_map::{FlinkMap, MapName, ROOT_CA, run_of_map};
pub use glob::{Glob, GlobError};
pub use image::ImageReference;
pub use job_id::{JobId, PodName};
pub use job_labels::{
    APPLICATION, FLINK_CLUSTER, JobLabel, RUN, Says, is_made_up_application, run_of_label,
};
pub use labels::{ANNOTATION_PREFIX, CHAIN_LABEL, MODE_LABEL, OWN_NAMESPACE};
pub use log_secret::{
    LOG_SECRET_PREFIX, LogSecret, SPARK_SECRET_ENDS, is_reserved_secret, is_sparks_secret,
};
pub use release::Release;
pub use role::{AccountId, Role, RoleName};
pub use role_arn::{RoleArn, RoleArnError};
pub use role_pattern::RolePattern;
pub use service::{
    flink_cluster_of_service, is_drivers_service, is_flink_rest_port, run_of_service,
};
pub use service_account::{
    Component, Framework, JobServiceAccount, RESERVED_PREFIXES, ServiceAccountName, component_of,
    is_reserved,
};
pub use shorten::{enumerated, shorten};
pub use shown::shown;
pub use username::{SERVICE_ACCOUNT_PREFIX, ServiceAccountUser};
