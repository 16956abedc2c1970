//! Role chaining: what a job's pod is given so that its SDKs go on from the
//! execution role to another one.
//!
//! ```text
//! pod ─▶ plan ─┬▶ patch            /mutate writes it
//!              └▶ what is missing  the rule chain-profile refuses it
//! ```
//!
//! - `plan`: the policy's chain, the pod's request, each container's state,
//!   joined into what has to be done
//! - `request`: which role and mode the pod asks for; only asks
//! - `source`: where a container's own credentials come from
//! - `profile`: the configuration file's text
//! - `session`: the name of the sessions
//! - `obstacles`: containers that are left as their owner set them
//! - `edits`: what the pod lacks, as single changes
//! - `answer`: what the API server is told
//! - `patch`: those changes as a JSON Patch
//! - `trouble`: why a container or a pod gets nothing
//!
//! The webhook and the rule run the same plan, so what one writes the other
//! finds in place, and a second call finds nothing to do. rolegate waits for
//! EKS: a container without credentials gets nothing, which makes the order of
//! the two webhooks meaningless as long as one call comes after EKS's.

mod answer;
mod edits;
mod no_profile_reason;
mod obstacles;
mod patch;
mod plan;
mod profile;
mod request;
mod session;
mod source;

pub use answer::Mutation;
pub use no_profile_reason::Trouble;
pub use patch::{Content, Misfit, Operation, Patch, Path, Place};
pub use plan::{Creator, Demand, Plan, plan};
pub use profile::Profile;
pub use session::SessionName;
pub use source::{Source, TokenFile};

use crate::names::{ANNOTATION_PREFIX, is_reserved};
use crate::request::pod::Pod;

/// The pod annotation that holds the profile's text.
pub const CONFIG_ANNOTATION: &str = "rolegate.dev/aws-config";
/// The pod annotation that asks for a role.
pub const TARGET_ANNOTATION: &str = "rolegate.dev/chain-to";
/// The pod annotation that asks for a mode.
pub const MODE_ANNOTATION: &str = "rolegate.dev/chain-mode";

/// The volume with the text in it.
const CONFIG_VOLUME: &str = "rolegate-aws-config";
/// The file in that volume.
const CONFIG_KEY: &str = "config";
/// Where the file is in a container. Outside the home directory, which EMR
/// covers with an empty one and where AWS CLI keeps its cache.
pub const CONFIG_FILE: &str = "/var/run/secrets/rolegate.dev/aws/config";
/// The volume with rolegate's own token.
const TOKEN_VOLUME: &str = "rolegate-token";
/// Where it is mounted.
const TOKEN_FOLDER: &str = "/var/run/secrets/rolegate.dev/token";
/// The token's file.
pub const TOKEN_FILE: &str = "/var/run/secrets/rolegate.dev/token/token";
/// What AWS STS takes a token for.
const TOKEN_AUDIENCE: &str = "sts.amazonaws.com";

/// What a new pod is given. Nothing where no chain is about it: mutation
/// rejects nothing.
#[must_use]
pub fn mutate(creator: Creator<'_>, pod: &Pod<'_>) -> Mutation {
    if creator.tenancy.chains.is_empty() || is_plainly_none(creator, pod) {
        return Mutation::default();
    }
    if pod.metadata.name.is_none() && pod.metadata.generate_name.is_none() {
        // No pod of an API server. There may be no metadata to put anything into.
        return Mutation::default();
    }
    let plan = plan(creator, pod);
    Mutation {
        warnings: plan.warnings(),
        chained: plan
            .target()
            .map(|target| (target.as_str().to_owned(), plan.mode)),
        patch: plan.into_patch(),
    }
}

/// Whether no chain is about a pod: the policy has none for its account, and
/// nothing in it is rolegate's.
pub(crate) fn is_plainly_none(creator: Creator<'_>, pod: &Pod<'_>) -> bool {
    let is_job = |account: &str| {
        is_reserved(account) || creator.policy.fixed_service_account(account).is_some()
    };
    let mut keys = pod.metadata.annotations.iter().map(|(key, _)| key);
    let ours = keys.any(|key| key.starts_with(ANNOTATION_PREFIX)) || plan::is_begun(pod);
    let chained = !creator.tenancy.chains.is_empty() && pod.spec.service_accounts().any(is_job);
    !ours && !chained
}
