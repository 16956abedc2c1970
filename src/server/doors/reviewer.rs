//! The seam between the server and the engine: bytes in, bytes and a record out.

use jiff::Timestamp;

use rolegate_core::decision::Door;
use rolegate_core::facts::Need;
use rolegate_core::policy::{Mode, PolicyHash, RuleId};

use crate::cluster::Found;

/// What decides. The server knows nothing else of the engine.
///
/// A call is synchronous and short (microseconds for a pod). Bodies of
/// [`Limits::heavy_body`](crate::server::Limits::heavy_body) and more are handed over
/// on a thread that may block. A panic is caught and answered with 500.
pub trait Reviewer: Send + Sync + 'static {
    /// Decides one request. `found` is what [`Self::look_up`] came to for the
    /// needs of the first round; with it there are no needs any more.
    ///
    /// # Errors
    ///
    /// [`BadReview`] if the body is no review that could be answered: the
    /// webhook's `failurePolicy` decides then.
    fn review(
        &self,
        door: Door,
        body: &[u8],
        now: Timestamp,
        found: Option<&Found>,
    ) -> Result<Round, BadReview>;

    /// Looks all of these up at once. It may take the rest of the request's
    /// deadline; what it leaves out is unknown.
    fn look_up(&self, needs: Vec<Need>) -> impl Future<Output = Found> + Send {
        let _ = needs;
        std::future::ready(Found::default())
    }
}

/// What one call came to.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every call ends in the large one"
)]
pub enum Round {
    Reviewed(Reviewed),
    /// These facts about the cluster first, then again.
    Needs(Vec<Need>),
}

/// An answer and what there is to say about it.
#[derive(Debug)]
pub struct Reviewed {
    /// The `AdmissionReview` to send back, as JSON.
    pub body: Vec<u8>,
    /// For the log line and the metrics.
    pub record: Record,
}

/// What is remembered of one review. The reviewer has escaped and capped every
/// text in it; nothing of an object body belongs here.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The request's own id.
    pub uid: String,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. Static because it is a metric label.
    pub operation: &'static str,
    /// Plural resource, with its group where it has one.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Empty where the API server has none yet.
    pub name: String,
    /// Who asked.
    pub user: String,
    /// The requester's class.
    pub class: &'static str,
    /// `allow`, `warn`, `deny`, `patch`, ... Static because it is a metric label.
    pub decision: &'static str,
    /// Every finding with its effective mode.
    pub findings: Vec<(RuleId, Mode)>,
    /// Whether nothing would have been stored.
    pub dry_run: bool,
    /// Hash of the policy that decided.
    pub policy: PolicyHash,
}

/// A body that is no review: one sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadReview {
    /// HTTP status, 400 unless there is a better one. Anything that is no
    /// client or server error is sent as 500: never a success by mistake.
    pub status: u16,
    /// One sentence, escaped and capped; it is sent and logged.
    pub message: String,
}
