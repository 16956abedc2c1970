//! What decides the AWS identity of a container: which credentials its AWS SDKs
//! find, as far as the pod shows it.
//!
//! - `value`: a variable as the container gets it; blank, a text, or hidden
//! - `place`: where a path of a mount really is
//! - `volumes`: the volumes of a pod by name, and the tokens in them
//! - `eks`: what EKS's webhook writes, and where
//! - `java`: options of Java programs
//! - `home`: the AWS files of a home directory
//! - `own`: the settings of a container that come before rolegate's profile
//! - `log_sidecar`: the container with which EMR collects logs
//!
//! The mutation, `chain-profile` and `credential-provider` all ask here.

mod eks;
mod home;
mod java;
mod log_sidecar;
mod own;
mod place;
mod value;
mod volumes;

pub(crate) use eks::{
    AGENT, AGENT_AUDIENCE, AGENT_TOKEN, AGENT_URIS, AGENT_VOLUME, IRSA, IRSA_TOKEN,
    IRSA_TOKEN_VOLUME, OTHER_AGENTS, STS_AUDIENCE,
};
pub(crate) use java::{EMPTY_TOKEN_OPTION, ends_with_empty_token};
pub(crate) use log_sidecar::is_log_sidecar;
pub(crate) use own::{OwnSetting, gives_identity, own_setting};
pub(crate) use place::{LastPart, Place, climbs, has_dotted, is_plain, is_untidy};
pub(crate) use value::Value;
pub(crate) use volumes::Volumes;
