//! `rules`.

use crate::policy::Reader;
use crate::policy::about::{About, Given, RuleList};
use crate::policy::file;
use crate::policy::{Level, Mode, Policy, RuleId};

impl Reader {
    pub(super) fn rules<R: RuleList>(&mut self, file::Given(entries): file::Given<R>) -> Given {
        entries.map_or_else(Given::default, |entries| entries.read(self))
    }

    /// Adds the notes and warnings about rules: those that are off, those that this
    /// version does not have, and those about a rule's options.
    pub(super) fn notes<R: RuleList>(&mut self, policy: &Policy, given: &[(RuleId, Mode)]) {
        let said = |rule| {
            let mut modes = given.iter();
            modes.find(|(id, _)| *id == rule).map(|(_, mode)| *mode)
        };
        let on = |mode: Option<Mode>| mode.is_some_and(|mode| mode != Mode::Off);
        for &rule in R::PLANNED {
            if on(said(rule)) {
                let text = "is not in this version; its settings have no effect";
                self.warn(Level::Warning, None, format!("rule {rule} {text}"));
            }
            let exempted = |exemption: &crate::policy::Exemption| exemption.rules.contains(&rule);
            if policy.exemptions.iter().any(exempted) {
                let text = "is not in this version; exemptions from it have no effect";
                self.warn(Level::Warning, None, format!("rule {rule} {text}"));
            }
        }
        for about in R::ABOUT {
            let (rule, said) = (about.id, said(about.id));
            match about.needs.filter(|needed| !(needed.is_there)(policy)) {
                Some(needed) => {
                    let level = if on(said) {
                        Level::Warning
                    } else {
                        Level::Note
                    };
                    let text = format!("rule {rule} is off until {}", needed.what);
                    self.warn(level, None, text);
                }
                None if said == Some(Mode::Off) => {
                    let text = format!("rule {rule} is off: the policy sets `mode: off`");
                    self.warn(Level::Note, None, text);
                }
                None => {}
            }
        }
        for about in R::ABOUT {
            for (level, text) in about.notes.map_or_else(Vec::new, |notes| notes(policy)) {
                self.warn(level, None, text);
            }
        }
    }
}

impl Policy {
    /// The mode of each rule in `abouts`, given the modes `said` in the file.
    pub(in crate::policy) fn effective_modes(
        &self,
        abouts: &'static [&'static About],
        said: &[(RuleId, Mode)],
    ) -> Vec<(&'static About, Mode)> {
        let mode = |about: &'static About| {
            if about.needs.is_some_and(|needed| !(needed.is_there)(self)) {
                return Mode::Off;
            }
            let said = said.iter().find(|(rule, _)| *rule == about.id);
            said.map_or(about.mode, |(_, mode)| *mode)
        };
        abouts.iter().map(|about| (*about, mode(about))).collect()
    }
}
