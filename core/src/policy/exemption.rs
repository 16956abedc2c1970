//! A time-limited exemption from a rule.

use jiff::{SignedDuration, Timestamp};

use crate::names::Glob;
use crate::policy::RuleId;

/// One entry of `exemptions`. It applies to findings after the mode. It never
/// applies to a job's identity or to the admission policies that protect rolegate
/// itself; `decision` enforces the first limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    pub rules: Vec<RuleId>,
    pub users: Vec<Glob>,
    pub namespaces: Vec<Glob>,
    pub until: Timestamp,
    /// Logged with every use.
    pub reason: String,
}

impl Exemption {
    /// How far ahead an exemption may end: 90 days, so that it ends while its reason
    /// is still known.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

    /// Whether it exempts this request from the rule. A request without a namespace
    /// needs the pattern `*`. An exemption that has ended, or that ends more than
    /// [`Self::LONGEST`] ahead, covers nothing; both depend on the clock alone, so
    /// replicas agree whenever each of them was started.
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

    /// Whether it has an effect at this time.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until > now && !self.too_far(now)
    }

    /// Whether it ends more than [`Self::LONGEST`] ahead.
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
