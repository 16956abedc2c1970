//! `/mutate` on random bytes does not panic, its patch applies to the object it
//! was made for, and the patched object needs no further patch.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolegate_core::write::Write;
use rolegate_core::policy::{Policy, Strictness};
use rolegate_core::request::AdmissionReview;
use serde_json::Value;

const POLICY: &str = "
apiVersion: rolegate.dev/v1alpha1
kind: Policy
virtualClusters:
- namespaces: [spark-a]
  chains:
  - from: arn:aws:iam::111122223333:role/job-execution-role-1
    to: ['arn:aws:iam::444455556666:role/client-role-2']
    default: arn:aws:iam::444455556666:role/client-role-2
    mode: exclusive
";

fuzz_target!(|body: &[u8]| {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let (policy, _) = Policy::parse("fuzz", POLICY, now, Strictness::Check).unwrap();
    let Some(review) = after(body, &policy) else {
        return;
    };
    assert_eq!(
        after(review.to_string().as_bytes(), &policy),
        None,
        "a second patch"
    );
});

/// The review with the patched object; `None` if nothing changes.
fn after(body: &[u8], policy: &Policy) -> Option<Value> {
    let review = AdmissionReview::parse(body).ok()?;
    let write = Write::new(&review.request, policy).ok()?;
    let mutation = write.mutation().ok()?;
    let _ = mutation.to_json(&review.uid, policy.hash);
    if mutation.patch.is_empty() {
        return None;
    }
    let mut review: Value = serde_json::from_slice(body).ok()?;
    let object = &mut review["request"]["object"];
    let plausible = is_plausible(object);
    match mutation.patch.apply(object) {
        Ok(()) => Some(review),
        Err(error) => {
            assert!(!plausible, "{error}");
            None
        }
    }
}

/// Whether maps are where the API server writes maps. Only then the patch must
/// apply: an API server sends no other objects.
fn is_plausible(object: &Value) -> bool {
    let maps = |list: &Value| {
        list.as_array()
            .is_none_or(|list| list.iter().all(Value::is_object))
    };
    let containers = &object["spec"]["containers"];
    object["metadata"].is_object()
        && object["spec"].is_object()
        && maps(containers)
        && containers
            .as_array()
            .into_iter()
            .flatten()
            .all(|container| maps(&container["env"]))
}
