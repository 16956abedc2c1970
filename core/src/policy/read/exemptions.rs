//! `exemptions`.

use crate::names::shown;
use crate::policy::Reader;
use crate::policy::file::{At, ExemptionEntry, Given, Text};
use crate::policy::messages;
use crate::policy::names::RuleName;
use crate::policy::{Exemption, Level, Position, RuleId, Strictness};

impl Reader {
    pub(super) fn exemptions(
        &mut self,
        Given(entries): Given<Vec<At<ExemptionEntry>>>,
    ) -> Vec<Exemption> {
        entries
            .unwrap_or_default()
            .into_iter()
            .filter_map(|entry| self.exemption(entry.value))
            .collect()
    }

    fn exemption(&mut self, entry: ExemptionEntry) -> Option<Exemption> {
        let rules = self.rule_ids(entry.rules);
        let users = self.filled(
            entry.users,
            "the list names nobody; add a user, or leave the exemption out",
        );
        let namespaces = self.filled(
            entry.namespaces,
            "the list names no namespace; add one, or write \"*\" for all",
        );
        let at = entry.until.at;
        let (until, reason) = (self.text(entry.until), self.text(entry.reason));
        let exemption = Exemption {
            rules,
            users,
            namespaces,
            until: until?,
            reason: reason?,
        };
        self.judge_end(&exemption, at);
        Some(exemption)
    }

    fn rule_ids(&mut self, names: At<Vec<Text<RuleName>>>) -> Vec<RuleId> {
        if names.value.is_empty() {
            let message = "the list names no rule; add one, or leave the exemption out";
            self.problem(names.at, message);
        }
        let known = self.rule_ids.clone();
        let mut rules = Vec::with_capacity(names.value.len());
        for name in names.value {
            let at = name.at;
            let Some(name) = self.text(name) else {
                continue;
            };
            match known.iter().find(|id| id.as_str() == name) {
                Some(id) => rules.push(*id),
                None => {
                    let words = known.iter().map(|id| id.as_str());
                    let hint = messages::one_of(&name, words);
                    let name = shown(&name, 100);
                    self.problem(at, format!("`{name}` is not a rule: {hint}"));
                }
            }
        }
        rules
    }

    /// Says what the clock makes of an exemption. One that ends too far ahead
    /// stays in the list and [`Exemption::covers`] nothing: so all replicas
    /// agree on it, whenever each of them was started.
    fn judge_end(&mut self, exemption: &Exemption, at: Position) {
        let until = exemption.until;
        if exemption.too_far(self.now) {
            let latest = self
                .now
                .saturating_add(Exemption::LONGEST)
                .unwrap_or(self.now);
            let message = format!(
                "the exemption ends at {until}, more than 90 days ahead; let it end by {latest:.0}",
            );
            match self.strictness {
                Strictness::Check => self.problem(at, message),
                Strictness::Start => {
                    self.warn(
                        Level::Error,
                        Some(at),
                        format!("{message}; until then it has no effect"),
                    );
                }
            }
        } else if !exemption.in_force(self.now) {
            let message = format!("the exemption ended at {until} and has no effect; remove it");
            self.warn(Level::Warning, Some(at), message);
        }
    }
}
