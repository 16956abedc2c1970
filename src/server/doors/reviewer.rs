//! The interface between the server and the engine: bytes in, bytes and a
//! record out.

use jiff::Timestamp;

use rolegate_core::decision::Door;
use rolegate_core::facts::Need;
use rolegate_core::policy::{Mode, PolicyHash, RuleId};

use super::refusal::BadReview;
use crate::cluster::Found;

/// Decides reviews. The server knows nothing else about the engine.
///
/// A call is synchronous and short (microseconds for a pod). For bodies of
/// [`Limits::heavy_body`](crate::server::Limits::heavy_body) and more it runs
/// on a blocking thread. A panic is caught and answered with 500.
pub trait Reviewer: Send + Sync + 'static {
    /// Decides one request. `found` is the result of [`Self::look_up`] for the
    /// needs of the first round; with it the reviewer must not return needs again.
    ///
    /// # Errors
    ///
    /// [`BadReview`] if the body is not a review that can be answered. Then the
    /// webhook's `failurePolicy` decides.
    fn review(
        &self,
        door: Door,
        body: &[u8],
        now: Timestamp,
        found: Option<&Found>,
    ) -> Result<Round, BadReview>;

    /// Looks up all needs at once, within the rest of the request's deadline.
    /// A need without a result counts as unknown.
    fn look_up(&self, needs: Vec<Need>) -> impl Future<Output = Found> + Send {
        let _ = needs;
        std::future::ready(Found::default())
    }
}

/// The result of one call.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every call ends in the large one"
)]
pub enum Round {
    Reviewed(Reviewed),
    /// The reviewer needs these facts about the cluster and must be called again.
    Needs(Vec<Need>),
}

#[derive(Debug)]
pub struct Reviewed {
    /// The `AdmissionReview` or `SubjectAccessReview` to send back, as JSON.
    pub body: Vec<u8>,
    pub record: Record,
}

/// What the log line and the metrics say about one review. The reviewer has
/// escaped and shortened every text; nothing here comes from an object's body.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub uid: String,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`; a verb of RBAC for a question of
    /// authorization. Static because it is a metric label.
    pub operation: &'static str,
    /// The plural resource, such as `pods` or `jobs.batch`.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Empty if the API server has not generated one yet.
    pub name: String,
    /// The requester's username.
    pub user: String,
    /// The requester's class.
    pub class: &'static str,
    /// `allow`, `warn`, `deny`, `patch`, `no_opinion`, ... Static because it is a metric label.
    pub decision: &'static str,
    /// Every finding with its effective mode.
    pub findings: Vec<(RuleId, Mode)>,
    pub dry_run: bool,
    /// Hash of the policy that decided.
    pub policy: PolicyHash,
}
