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
        if entry.users.value.is_empty() {
            let message = "the list is empty; add a user or remove the exemption";
            self.problem(entry.users.at, message);
        }
        self.repeats(&entry.users.value);
        let mut users = Vec::with_capacity(entry.users.value.len());
        for text in entry.users.value {
            let at = text.at;
            let Some(user) = self.text(text) else {
                continue;
            };
            if !user.is_wild() {
                self.exempted.push((user.as_str().to_owned(), at));
            }
            users.push(user);
        }
        let namespaces = self.filled(
            entry.namespaces,
            "the list is empty; add a namespace, or write \"*\" for all",
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
            let message = "the list is empty; add a rule or remove the exemption";
            self.problem(names.at, message);
        }
        self.repeats(&names.value);
        let known = self.rule_ids.clone();
        let mut rules = Vec::with_capacity(names.value.len());
        for name in names.value {
            let at = name.at;
            let Some(name) = self.text(name) else {
                continue;
            };
            if let Some(id) = known.iter().find(|id| id.as_str() == name) {
                rules.push(*id);
            } else {
                let hint = messages::one_of(&name, known.iter().map(|id| id.as_str()));
                let name = shown(&name, 100);
                self.problem(at, format!("`{name}` is not a rule; {hint}"));
            }
        }
        rules
    }

    /// Checks the end of an exemption against the clock. At start, one that ends
    /// too far ahead stays in the list but [`Exemption::covers`] nothing: replicas
    /// then agree on it whenever each of them was started.
    fn judge_end(&mut self, exemption: &Exemption, at: Position) {
        let until = exemption.until;
        if exemption.too_far(self.now) {
            let latest = self
                .now
                .saturating_add(Exemption::LONGEST)
                .unwrap_or(self.now);
            let message = format!(
                "the exemption ends at {until}, more than 90 days ahead; set `until` to {latest:.0} or earlier",
            );
            match self.strictness {
                Strictness::Check => self.problem(at, message),
                Strictness::Start => {
                    self.warn(
                        Level::Error,
                        Some(at),
                        format!(
                            "{message}; it has no effect while its end is more than 90 days ahead"
                        ),
                    );
                }
            }
        } else if !exemption.in_force(self.now) {
            let message = format!("the exemption ended at {until} and has no effect; remove it");
            self.warn(Level::Warning, Some(at), message);
        }
    }
}
