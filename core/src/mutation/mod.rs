//! Role chaining: the AWS profile that a job's pod gets, so that its SDKs assume
//! another role with the execution role's credentials.
//!
//! ```text
//! pod ─▶ plan ─┬▶ patch            /mutate writes it
//!              └▶ what is missing  the rule chain-profile denies the pod
//! ```
//!
//! - `plan`: combines the policy's chain, the pod's request and the state of each
//!   container into what has to be done
//! - `subject`: which pods a chain is for, and which of their containers
//! - `request`: which role and mode the pod asks for
//! - `source`: where a container's own credentials come from
//! - `profile`: the configuration file's text
//! - `session`: the role session name
//! - `obstacles`: settings in a container that rolegate does not overwrite
//! - `edits`: what the pod lacks, as single changes
//! - `patch`: those changes as a JSON Patch
//! - `answer`: the response of `/mutate`
//! - `no_profile_reason`: why a container or a pod gets nothing
//! - `chain_state`: what rules ask of the plan, kept for all of them
//!
//! The webhook and the rule run the same plan, so the rule finds in place what
//! the webhook wrote, and a second call of the webhook finds nothing to do.
//! rolegate waits for EKS: a container without credentials gets nothing. So the
//! order of the two webhooks does not matter as long as rolegate's is called once
//! after EKS's.

mod answer;
mod chain_state;
mod edits;
mod no_profile_reason;
mod obstacles;
mod patch;
mod plan;
mod profile;
mod request;
mod session;
mod source;
mod subject;

pub use answer::Mutation;
pub use chain_state::ChainState;
pub use no_profile_reason::NoProfile;
pub use patch::{Content, Misfit, Operation, Patch, Path, Place, Slot};
pub use plan::{Demand, Plan, plan};
pub use profile::Profile;
pub use session::SessionName;
pub use source::{Source, TokenFile};
pub use subject::Creator;

pub(crate) use subject::is_refused_runner;

use crate::names::{ANNOTATION_PREFIX, is_reserved};
use crate::request::pod::Pod;

/// The pod annotation that holds the profile's text.
pub const CONFIG_ANNOTATION: &str = "rolegate.dev/aws-config";
/// The pod annotation that asks for a role.
pub const TARGET_ANNOTATION: &str = "rolegate.dev/chain-to";
/// The pod annotation that asks for a mode.
pub const MODE_ANNOTATION: &str = "rolegate.dev/chain-mode";
/// Every pod annotation that means something to rolegate: what the admission
/// policy `chain-guard` compares, by name.
pub const ANNOTATIONS: [&str; 3] = [CONFIG_ANNOTATION, TARGET_ANNOTATION, MODE_ANNOTATION];

/// The volume that shows that annotation as a file.
const CONFIG_VOLUME: &str = "rolegate-aws-config";
/// The file's name in that volume.
const CONFIG_KEY: &str = "config";
/// Where the file is mounted in a container. Not in the home directory: EMR
/// mounts an empty one over it, and AWS CLI keeps its cache there.
pub const CONFIG_FILE: &str = "/var/run/secrets/rolegate.dev/aws/config";
/// The volume with rolegate's own token.
const TOKEN_VOLUME: &str = "rolegate-token";
/// Where that volume is mounted.
const TOKEN_FOLDER: &str = "/var/run/secrets/rolegate.dev/token";
/// The path of rolegate's own token.
pub const TOKEN_FILE: &str = "/var/run/secrets/rolegate.dev/token/token";
/// What a new pod gets: nothing where no chain applies. Mutation rejects nothing.
#[must_use]
pub fn mutate(creator: Creator<'_>, pod: &Pod<'_>) -> Mutation {
    if creator.tenancy.chains.is_empty() || is_plainly_none(creator, pod) {
        return Mutation::default();
    }
    if pod.metadata.name.is_none() && pod.metadata.generate_name.is_none() {
        // The API server sends no such pod; a patch would find no metadata to
        // add an annotation to.
        return Mutation::default();
    }
    let plan = plan(creator, pod);
    if plan.gives_none()
        && let Some(emptied) = emptied(pod)
    {
        return Mutation {
            warnings: plan.warnings(),
            chained: None,
            patch: emptied,
        };
    }
    Mutation {
        warnings: plan.warnings(),
        chained: plan
            .target()
            .map(|target| (target.as_str().to_owned(), plan.mode)),
        patch: plan.into_patch(),
    }
}

/// Takes the text out of a profile that the pod brings and that rolegate does not
/// give it: a file under rolegate's name holds what rolegate writes, or nothing.
fn emptied(pod: &Pod<'_>) -> Option<Patch> {
    let text = pod.metadata.annotations.get(CONFIG_ANNOTATION)?;
    (!text.is_empty()).then(|| {
        Patch(vec![Operation::Add {
            path: Path::Annotation(CONFIG_ANNOTATION),
            value: Content::Text("".into()),
        }])
    })
}

/// Whether no chain applies to a pod: the namespace has none or the pod does not
/// run as a job, and nothing in the pod is rolegate's. Costs little, so it is asked
/// before a plan is made.
pub(crate) fn is_plainly_none(creator: Creator<'_>, pod: &Pod<'_>) -> bool {
    let is_job = |account: &str| {
        let fixed = || {
            creator
                .policy
                .fixed_service_account(creator.namespace, account)
        };
        is_reserved(account) || fixed().is_some()
    };
    let mut keys = pod.metadata.annotations.iter().map(|(key, _)| key);
    let ours = keys.any(|key| key.starts_with(ANNOTATION_PREFIX)) || plan::is_begun(pod);
    let chained = !creator.tenancy.chains.is_empty() && pod.spec.service_accounts().any(is_job);
    !ours && !chained
}
