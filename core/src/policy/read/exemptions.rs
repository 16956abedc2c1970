//! `exemptions`.

use super::Reader;
use crate::policy::file::{At, ExemptionEntry, Given};
use crate::policy::{Exemption, Level, Position, Strictness};

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
        let rules = self.filled(
            entry.rules,
            "the list names no rule; add one, or leave the exemption out",
        );
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
