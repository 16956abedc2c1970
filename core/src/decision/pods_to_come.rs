//! What the rules will say of the pods that an object leads to. Whoever writes a workload
//! sees its success at once, and not that its controller's pods are refused later.

mod by_controller;
mod by_operator;

pub use by_controller::controller_account;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::facts::{Addressee, Facts};
use crate::names::shown;
use crate::policy::{Mode, Policy};
use crate::request::view::TemplateShape;
use crate::request::{AdmissionReview, Path, Request, SampleUser};
use crate::rules::{Finding, Rule};
use crate::write::{Write, is_custom};

use super::Scope;
use super::judge::{Outcome, decide_by};

/// The most bytes of a template that is judged a second time.
const MOST_BYTES: usize = 128 * 1024;
/// The most findings about which a write is warned.
const MOST_FINDINGS: usize = 3;
/// `kubectl` and the API server show no more of a warning.
const WARNING_BYTES: usize = 250;

/// A write that somebody else will send because of this one.
struct Coming {
    user: SampleUser,
    /// `apiVersion`, `kind` and resource.
    kind: (&'static str, &'static str, &'static str),
    object: Value,
    /// Who reads what it is refused.
    reader: Addressee,
    /// What helps against a refusal of its service account, where it is clear.
    account: Option<Account>,
    /// Where the pod is in the object that leads to it: the path of a template.
    /// `None` where it is made of fields.
    template: Option<&'static str>,
}

/// What an object says about the service account of its pods.
struct Account {
    /// The field, and what is wrong with it.
    wrong: String,
    instead: String,
}

/// One warning says what will be refused, the next what to do instead. Nothing for objects
/// that lead to no pods, and where nothing is enforced.
pub(super) fn warnings(
    rules: &[&dyn Rule],
    request: &Request<'_>,
    scope: Scope,
    policy: &Policy,
    now: Timestamp,
) -> Vec<String> {
    let target = &request.target;
    let leads_to_pods = TemplateShape::of(&target.resource).is_some() || is_custom(target);
    if scope.ceiling() != Mode::Enforce || !target.is_main() || !leads_to_pods {
        return Vec::new();
    }
    let Ok(write) = Write::new(request, policy) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    for coming in all(&write) {
        for (text, instead) in refused(rules, &write, scope, now, &coming) {
            let text = cut_words(text, WARNING_BYTES);
            if warnings.contains(&text) {
                continue;
            }
            warnings.push(text);
            let instead = cut_words(format!("rolegate: instead, {instead}"), WARNING_BYTES);
            if !warnings.contains(&instead) {
                warnings.push(instead);
            }
        }
        // The next step repeats the template; an operator's pods differ.
        if coming.template.is_some() && !warnings.is_empty() {
            break;
        }
    }
    warnings
}

/// The writes that will follow, in their order. What cannot be read leads to none: the
/// rules that must read it have done so.
fn all(write: &Write<'_>) -> Vec<Coming> {
    let found = by_controller::coming(write).or_else(|| by_operator::coming(write));
    found.unwrap_or_default()
}

/// What is refused of it, and what helps.
fn refused(
    rules: &[&dyn Rule],
    write: &Write<'_>,
    scope: Scope,
    now: Timestamp,
    coming: &Coming,
) -> Vec<(String, String)> {
    let review = coming.review(write.target.namespace());
    let Ok(review) = AdmissionReview::parse(review.as_bytes()) else {
        return Vec::new();
    };
    let facts = Facts::unknowable();
    let decided = decide_by(rules, &review.request, scope, write.policy, &facts, now);
    let Ok(Outcome::Decided(decision)) = decided else {
        return Vec::new();
    };
    let judged = decision.judged.iter();
    let denied = judged.filter(|one| one.effect() == Mode::Enforce && !one.finding.is_of_absence);
    denied
        .take(MOST_FINDINGS)
        .map(|one| {
            let text = coming.sentence(write, &one.finding);
            let instead = match coming.account_of(&one.finding) {
                Some(account) => account.instead.as_str(),
                None => one.finding.what_helps(coming.reader),
            };
            (text, instead.to_owned())
        })
        .collect()
}

impl Coming {
    fn review(&self, namespace: &str) -> String {
        let (api_version, kind, resource) = self.kind;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "to-come",
                "kind": { "group": group, "version": version, "kind": kind },
                "resource": { "group": group, "version": version, "resource": resource },
                "name": self.object["metadata"]["name"],
                "namespace": namespace,
                "operation": "CREATE",
                "userInfo": self.user.to_json(),
                "object": self.object,
            },
        })
        .to_string()
    }

    /// What the object says about the account that the finding is about.
    fn account_of(&self, finding: &Finding) -> Option<&Account> {
        let is_of_account = || {
            let mut paths = finding.at.iter().map(Path::to_string);
            finding.rule.as_str() == "foreign-service-account"
                && paths.any(|path| path.ends_with("serviceAccountName"))
        };
        self.account.as_ref().filter(|_| is_of_account())
    }

    /// What will be refused, and for which field.
    fn sentence(&self, write: &Write<'_>, finding: &Finding) -> String {
        let kind = shown(&write.target.kind.kind, 63);
        let name = write.name.shown();
        let rule = finding.rule;
        if let Some(account) = self.account_of(finding) {
            let wrong = &account.wrong;
            return format!(
                "rolegate {rule}: the pods of {kind} {name} will be refused for {wrong}"
            );
        }
        let at = match (self.template, finding.at.first()) {
            (Some(template), Some(path)) if self.kind.1 == "Pod" => {
                format!(" for {template}.{path}")
            }
            (Some(_), Some(path)) => format!(" for {path}"),
            _ => [" with ", " under "]
                .into_iter()
                .find_map(|word| finding.act.split_once(word))
                .map_or_else(String::new, |(_, what)| format!(" for {what}")),
        };
        format!("rolegate {rule}: the pods of {kind} {name} will be refused{at}")
    }
}

/// `text` cut between two words.
fn cut_words(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let fits = |end: &usize| *end + '…'.len_utf8() < most;
    let ends = text.match_indices(' ').map(|(end, _)| end);
    let end = ends.take_while(fits).last().unwrap_or(0);
    format!("{} …", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::cut_words;

    #[test]
    fn warnings_end_with_a_whole_word() {
        for (text, most, expected) in [
            ("all of it", 9, "all of it"),
            ("the pods of spark-a", 12, "the pods …"),
            ("emr-containers-sa-spark", 12, " …"),
        ] {
            assert_eq!(cut_words(text.to_owned(), most), expected);
        }
    }
}
