//! What must hold for a pod: rolegate's patch applies, the API server takes the
//! patched pod as it takes the plain one and stores what the patch says, and a
//! second call finds nothing to do. Where rolegate itself was there before the
//! watcher, it has nothing to do either (`in_force`).

use rolegate_core::mutation::{CONFIG_ANNOTATION, Mutation, Patch};
use rolegate_core::policy::Policy;
use rolegate_core::request::{AdmissionReview, ReviewError};
use rolegate_core::write::Write;
use serde_json::Value;

use super::copy::Copies;
use super::difference;
use super::in_force::InForce;
use super::ledger::{Fate, Judged, Ledger};
use super::policy::{self, Kind};

/// What a patch may touch.
const PARTS: [&str; 3] = ["/spec", "/metadata/annotations", "/metadata/labels"];

/// It judges the pods of one control plane; its copies go to the API server.
pub(crate) struct Watcher {
    pub(super) copies: Copies,
    pub(super) in_force: InForce,
    pub(super) ledger: Ledger,
}

impl Watcher {
    /// What becomes of the pod of one review. The error says what is wrong with
    /// rolegate, never with the pod.
    pub(crate) fn inspect(&self, review: &Value, body: &[u8]) -> Result<Judged, String> {
        Ok(Judged {
            was_settled: self.was_settled(review, body)?,
            fate: self.fate(review, body)?,
        })
    }

    /// Whether the pod came with a profile from where rolegate chains. The
    /// error says what rolegate would change, called once more.
    fn was_settled(&self, review: &Value, body: &[u8]) -> Result<bool, String> {
        let Some(policy) = self.in_force.over(review, &self.copies)? else {
            return Ok(false);
        };
        let second = mutated(body, &policy)
            .map_err(|error| format!("rolegate cannot read the pod it was called for: {error}"))?;
        nothing(&second).map(|()| true)
    }

    fn fate(&self, review: &Value, body: &[u8]) -> Result<Fate, String> {
        let (policy, kind) = policy::of(review)?;
        let mut mutation = match mutated(body, &policy) {
            Ok(mutation) => mutation,
            Err(error) => return Ok(Fate::Unreadable(error.to_string())),
        };
        if self.ledger.is_expected_to_fail(review) {
            mutation.patch.0.pop();
        }
        self.judge(review, &policy, kind, mutation)
    }

    fn judge(
        &self,
        review: &Value,
        policy: &Policy,
        kind: Kind,
        mutation: Mutation,
    ) -> Result<Fate, String> {
        let pod = &review["request"]["object"];
        let mode = match kind {
            Kind::Job(mode) => mode,
            Kind::Runner if mutation.patch.is_empty() => return Ok(Fate::Runner),
            Kind::Other if mutation.patch.is_empty() => return Ok(Fate::Other),
            Kind::Other if empties_a_preset(&mutation.patch, pod)? => return Ok(Fate::Other),
            Kind::Runner | Kind::Other => {
                return Err(format!("no chain is its, and it gets {:?}", mutation.patch));
            }
        };
        if mutation.patch.is_empty() {
            if mutation.warnings.is_empty() {
                return Err("a job's pod gets no profile, and no word why".to_owned());
            }
            return Ok(Fate::LeftAlone(mutation.warnings.join("; ")));
        }
        let expected = apply_in_full(&mutation.patch, pod)?;
        settled(review, &expected, policy)?;
        let patch = mutation.patch.clone();
        match self.admitted(pod, mutation, policy)? {
            Ok(stored) => {
                if same(&stored, &expected).is_err() {
                    // The API server takes out of any pod what belongs to a
                    // feature that is off, after its webhooks.
                    let plain = self.copies.send(pod, (Mutation::default(), policy.hash))?;
                    same(&stored, &apply_in_full(&patch, &plain.json())?)?;
                }
                settled(review, &stored, policy)?;
                Ok(Fate::Chained(mode))
            }
            Err(refusal) => Ok(Fate::RefusedAnyway(refusal)),
        }
    }

    /// A copy of the pod as the API server would store it with rolegate's
    /// answer; its refusal, where it refuses the pod without that as well.
    pub(crate) fn admitted(
        &self,
        pod: &Value,
        mutation: Mutation,
        policy: &Policy,
    ) -> Result<Result<Value, String>, String> {
        let patched = self.copies.send(pod, (mutation, policy.hash))?;
        if patched.status == 201 {
            return Ok(Ok(patched.json()));
        }
        let plain = self.copies.send(pod, (Mutation::default(), policy.hash))?;
        if plain.status == 201 {
            return Err(format!(
                "the API server refuses the pod with rolegate's patch only: {} {}",
                patched.status, patched.body
            ));
        }
        Ok(Err(plain.message()))
    }
}

/// The pod with the whole patch.
pub(crate) fn apply_in_full(patch: &Patch, pod: &Value) -> Result<Value, String> {
    let mut patched = pod.clone();
    patch
        .apply(&mut patched)
        .map_err(|misfit| format!("the patch does not apply: {misfit}"))?;
    Ok(patched)
}

/// Whether the patch only takes the text out of a profile that the pod brought.
fn empties_a_preset(patch: &Patch, pod: &Value) -> Result<bool, String> {
    let mut expected = pod.clone();
    match &mut expected["metadata"]["annotations"][CONFIG_ANNOTATION] {
        Value::String(text) if !text.is_empty() => text.clear(),
        _ => return Ok(false),
    }
    Ok(apply_in_full(patch, pod)? == expected)
}

/// What rolegate gives to the pod of a review.
fn mutated(body: &[u8], policy: &Policy) -> Result<Mutation, ReviewError> {
    let review = AdmissionReview::parse(body)?;
    let subject = Write::new(&review.request, policy)?;
    subject.mutation()
}

/// A second call, for the pod that came of the first, changes nothing.
fn settled(review: &Value, pod: &Value, policy: &Policy) -> Result<(), String> {
    let mut again = review.clone();
    let object = &mut again["request"]["object"];
    // The rest is the copy's own: its name, its namespace.
    object["spec"] = pod["spec"].clone();
    for part in ["annotations", "labels"] {
        if !pod["metadata"][part].is_null() {
            object["metadata"][part] = pod["metadata"][part].clone();
        }
    }
    let second = mutated(again.to_string().as_bytes(), policy)
        .map_err(|error| format!("rolegate cannot read the pod it patched: {error}"))?;
    nothing(&second)
}

/// A second call has nothing to change.
fn nothing(second: &Mutation) -> Result<(), String> {
    if second.patch.is_empty() {
        return Ok(());
    }
    Err(format!(
        "a second call changes the pod again: {:?}",
        second.patch
    ))
}

/// What the API server made of the patch is what we make of it.
fn same(stored: &Value, expected: &Value) -> Result<(), String> {
    for part in PARTS {
        let place = |pod: &Value| pod.pointer(part).cloned().unwrap_or_default();
        if let Some(found) = difference::between(&place(stored), &place(expected)) {
            return Err(format!(
                "the API server makes something else of the patch: {part}{found}"
            ));
        }
    }
    Ok(())
}
