//! What a rule reports.

use std::borrow::Cow;

use crate::policy::RuleId;

/// One thing that is wrong with a request, in words for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// What was seen, as one clause: who did what to which object. Already escaped.
    pub seen: String,
    /// Where in the object, as `spec.template.spec.serviceAccountName`; `None`
    /// where the request itself is the matter.
    pub path: Option<String>,
    /// Why that matters, as one sentence.
    pub why: &'static str,
    /// What to do instead, as one sentence.
    pub instead: Cow<'static, str>,
    /// The passage of AWS's or Kubernetes' documentation it comes from.
    pub source: &'static str,
}

impl Finding {
    /// What was seen and where.
    #[must_use]
    pub fn headline(&self) -> String {
        match &self.path {
            Some(path) => format!("{} (at {path})", self.seen),
            None => self.seen.clone(),
        }
    }
}
