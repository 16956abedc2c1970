//! Facts about the cluster, asked for at most once; findings that another one
//! causes; rules beside those of this version.

use std::time::Duration;

use rolegate_core::decision::{Door, Outcome, Scope, decide_by};
use rolegate_core::facts::{Addressee, Facts, Known, Need};
use rolegate_core::json::Raw;
use rolegate_core::policy::{About, Policy, Severity};
use rolegate_core::request::AdmissionReview;
use rolegate_core::rules::{Advice, Checked, Finding, Rule};
use rolegate_core::write::Write;
use serde_json::json;

use crate::support::{Review, now, policy, tenant};

static WAITS: About = About::new("no-waiting-workload", Severity::High, "");
static CAUSE: About = About::new("the-cause", Severity::High, "");
static EXEC: About = About::new("pod-exec", Severity::High, "");
static EFFECT: About = About::new("the-effect", Severity::Low, "");
static ADVICE: Advice = Advice {
    why: "why",
    instead: &[(&Addressee::ALL, "instead")],
    source: "source",
};

/// Denies scaling a Deployment that lies in the cluster.
struct NoScaling;

impl Rule for NoScaling {
    fn about(&self) -> &'static About {
        &WAITS
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let need = Need::object("apps", "v1", "deployments", write.target.namespace(), "d");
        match facts.object(need.clone())? {
            Known::Is(stored, _) => {
                let name = stored.object.metadata()?.name.unwrap_or_default();
                findings.push(Finding::new(&WAITS, &ADVICE, format!("scale {name}")));
                Ok(())
            }
            Known::Absent(_) => Ok(()),
            // What is not known is not judged, and said not to be.
            Known::Unknown => Err(need.into()),
        }
    }
}

struct Reports(&'static About, Option<&'static About>);

impl Rule for Reports {
    fn about(&self) -> &'static About {
        self.0
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, _: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let finding = Finding::new(self.0, &ADVICE, "do it");
        findings.push(match self.1 {
            Some(cause) => finding.caused_by(cause.id),
            None => finding,
        });
        Ok(())
    }
}

fn review() -> String {
    Review::new(tenant(), "UPDATE", "apps/deployments/scale", "d")
        .object(json!({ "spec": { "replicas": 1 } }))
        .old(json!({ "spec": { "replicas": 0 } }))
        .body()
}

#[test]
fn what_a_rule_needs_is_asked_for_once() {
    let (body, policy) = (review(), Policy::builtin());
    let review = AdmissionReview::parse(body.as_bytes()).unwrap();
    let scope = Scope::of_door(Door::Enforce, &policy);
    let rules: [&dyn Rule; 2] = [&NoScaling, &NoScaling];
    let decide = |facts: &Facts<'_>| {
        decide_by(&rules, &review.request, scope, &policy, facts, now()).unwrap()
    };

    let Outcome::Needs(needs) = decide(&Facts::none_yet()) else {
        panic!("decided without the fact")
    };
    let need = Need::object("apps", "v1", "deployments", "spark-a", "d");
    assert_eq!(
        needs,
        std::slice::from_ref(&need),
        "both rules need the same"
    );
    assert_eq!(need.to_string(), "deployments.apps spark-a/d");

    let age = Duration::ZERO;
    let raw = Raw::parse(r#"{"metadata":{"name":"d"}}"#).unwrap();
    let stored = need.stored(raw);
    let found = Facts::found([(need.clone(), Known::Is(&stored, age))]);
    let decision = decide(&found).decided().expect("the second round");
    assert_eq!(decision.judged.len(), 2);
    assert_eq!(decision.judged[0].finding.act, "scale d");

    let absent = Facts::found([(need.clone(), Known::Absent(age))]);
    let decision = decide(&absent).decided().expect("the second round");
    assert!(decision.allowed() && decision.skipped.is_empty());

    // Unknown after the look-up, and where there is no cluster: no third round.
    for facts in [Facts::found([]), Facts::unknowable()] {
        let decision = decide(&facts).decided().expect("the last round");
        assert!(decision.allowed());
        assert_eq!(decision.skipped.len(), 2);
        assert_eq!(decision.skipped[0].rule, WAITS.id);
        let annotations = decision.audit_annotations();
        let (_, skipped) = annotations
            .iter()
            .find(|(key, _)| *key == "skipped")
            .expect("said to be skipped");
        assert!(skipped.contains("deployments.apps spark-a/d"), "{skipped}");
    }
}

#[test]
fn an_effect_is_left_out_only_beside_a_cause_that_is_as_strict() {
    let body = review();
    let review = AdmissionReview::parse(body.as_bytes()).unwrap();
    let builtin = Policy::builtin();
    let exempted = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nexemptions:\n  - { rules: [pod-exec], \
         users: [alice], namespaces: [spark-a], until: 2026-12-01T00:00:00Z, reason: incident }\n",
    );
    let rules: [&dyn Rule; 2] = [&Reports(&CAUSE, None), &Reports(&EFFECT, Some(&CAUSE))];
    let lifted: [&dyn Rule; 2] = [&Reports(&EXEC, None), &Reports(&EFFECT, Some(&EXEC))];
    let alone: [&dyn Rule; 1] = [&Reports(&EFFECT, Some(&CAUSE))];
    for (rules, policy, expected) in [
        (&rules[..], &builtin, vec![CAUSE.id]),
        // An exempted cause denies nothing, so its effect still has to.
        (&lifted, &exempted, vec![EXEC.id, EFFECT.id]),
        (&alone, &builtin, vec![EFFECT.id]),
    ] {
        let scope = Scope::of_door(Door::Enforce, policy);
        let facts = Facts::unknowable();
        let outcome = decide_by(rules, &review.request, scope, policy, &facts, now()).unwrap();
        let decision = outcome.decided().expect("no facts");
        let found: Vec<_> = decision.judged.iter().map(|one| one.finding.rule).collect();
        assert_eq!(found, expected);
        assert!(!decision.allowed());
    }
}
