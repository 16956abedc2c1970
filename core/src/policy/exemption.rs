//! Leave to do what a rule forbids, for a time.

use jiff::{SignedDuration, Timestamp};

use crate::names::Glob;
use crate::policy::RuleId;

/// One entry of `exemptions`. It lifts findings after the mode was applied,
/// never for a job's identity and never rolegate's protection of itself; both
/// limits are kept where decisions are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The rules it lifts.
    pub rules: Vec<RuleId>,
    /// Whom it is for.
    pub users: Vec<Glob>,
    /// Where it holds.
    pub namespaces: Vec<Glob>,
    /// When it ends.
    pub until: Timestamp,
    /// Why it was given; logged with every use.
    pub reason: String,
}

impl Exemption {
    /// How far ahead an exemption may end: 90 days, so that none outlives the
    /// memory of why it was given.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

    /// Whether it lifts the rule for this request. A request without a
    /// namespace is covered only where the entry says `*`. Expired, or ending
    /// more than [`Self::LONGEST`] ahead: never; both depend on the clock
    /// alone, so replicas agree whenever each of them was started.
    #[must_use]
    pub fn covers(
        &self,
        rule: RuleId,
        username: &str,
        namespace: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let here = |glob: &Glob| namespace.map_or(glob.as_str() == "*", |name| glob.matches(name));
        self.in_force(now)
            && self.rules.contains(&rule)
            && self.users.iter().any(|glob| glob.matches(username))
            && self.namespaces.iter().any(here)
    }

    /// Whether it has any effect at this time.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until > now && !self.too_far(now)
    }

    /// Whether it ends later than an exemption may.
    #[must_use]
    pub fn too_far(&self, now: Timestamp) -> bool {
        self.until.duration_since(now) > Self::LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::Exemption;
    use crate::names::Glob;
    use crate::policy::RuleId;

    #[test]
    fn covers_what_it_names_while_it_lasts() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let until = at("2026-12-01T00:00:00Z");
        let mut exemption = Exemption {
            rules: vec![RuleId::new("pod-exec")],
            users: vec![Glob::new("arn:aws:sts::111122223333:assumed-role/oncall/*")],
            namespaces: vec![Glob::new("spark-*")],
            until,
            reason: "incident".into(),
        };
        let ada = "arn:aws:sts::111122223333:assumed-role/oncall/ada";
        let now = at("2026-11-22T00:00:00Z");
        let covers =
            |e: &Exemption, namespace, now| e.covers(RuleId::new("pod-exec"), ada, namespace, now);

        assert!(covers(&exemption, Some("spark-a"), now));
        assert!(!covers(&exemption, Some("flink-a"), now));
        assert!(!covers(&exemption, None, now));
        assert!(!exemption.covers(RuleId::new("rbac-grant"), ada, Some("spark-a"), now));
        assert!(!exemption.covers(RuleId::new("pod-exec"), "ada", Some("spark-a"), now));
        assert!(
            !covers(&exemption, Some("spark-a"), until),
            "the end itself is over"
        );
        assert!(
            covers(&exemption, Some("spark-a"), at("2026-09-02T00:00:00Z")),
            "90 days exactly"
        );
        assert!(!covers(
            &exemption,
            Some("spark-a"),
            at("2026-09-01T23:59:59Z")
        ));

        exemption.namespaces = vec![Glob::new("*")];
        assert!(covers(&exemption, None, now));
    }
}
