//! What rules give a subject beyond the ceiling of its class.

use crate::facts::surface::{Answer, Row, Verb};
use crate::facts::{Action, Class};
use crate::names::shown;
use crate::policy::VirtualCluster;
use crate::rbac::{Rule, Subject};

use super::{Cover, excesses};

/// A subject, as far as its ceiling depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub class: Class,
    /// A submitter that the policy lets exec into pods of its own (`exec: true`).
    pub execs: bool,
}

impl Recipient {
    /// `tenancy` is the policy's entry for the binding's namespace.
    #[must_use]
    pub fn of(subject: &Subject, class: Class, tenancy: &VirtualCluster) -> Self {
        let mut submitters = tenancy.submitters.iter();
        let execs = submitters.any(|entry| {
            entry.exec
                && match subject {
                    Subject::User(name) => entry.who.contains(name, []),
                    Subject::Group(name) => entry.who.groups.iter().any(|own| **own == **name),
                }
        });
        Self { class, execs }
    }
}

/// Permissions beyond a ceiling; those that nothing else stops come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given<'r>(pub Vec<GivenLine<'r>>);

/// Verbs on a resource, for the same objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenLine<'r> {
    pub row: &'static Row,
    /// At least one.
    pub verbs: Vec<Verb>,
    pub cover: Cover<'r>,
}

impl<'r> Given<'r> {
    /// What `rules` give a subject beyond its ceiling that `before` did not give.
    /// `in_cluster` is false for the rules of a role binding, which reach no
    /// cluster-scoped object. Secrets that the tenancy lists for somebody do not count.
    #[must_use]
    pub fn beyond(
        to: Recipient,
        rules: &[&'r Rule],
        before: &[&'r Rule],
        in_cluster: bool,
        tenancy: &VirtualCluster,
    ) -> Self {
        let mut lines: Vec<GivenLine<'r>> = Vec::new();
        for excess in excesses(to.class) {
            if to.execs && excess.row.action() == Some(Action::Exec) {
                continue;
            }
            let had = excess.cover(before.iter().copied(), in_cluster);
            let cover = excess
                .cover(rules.iter().copied(), in_cluster)
                .without(&had);
            let cover = unless_listed(excess.row, cover, tenancy);
            if cover.is_empty() {
                continue;
            }
            match lines.last_mut() {
                Some(line) if line.row == excess.row && line.cover == cover => {
                    line.verbs.push(excess.verb);
                }
                _ => lines.push(GivenLine {
                    row: excess.row,
                    verbs: vec![excess.verb],
                    cover,
                }),
            }
        }
        lines.sort_by_key(|line| !matches!(line.row.answer, Answer::Open { .. }));
        Self(lines)
    }

    /// `get, list secrets and create pods/exec`; `None` for nothing.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let shown: Vec<String> = self.0.iter().take(MOST).map(ToString::to_string).collect();
        let more = self.0.len().saturating_sub(MOST);
        match (&*shown, more) {
            ([], _) => None,
            ([one], _) => Some(one.clone()),
            ([one, other], 0) => Some(format!("{one} and {other}")),
            (all, 0) => Some(all.join("; ")),
            (all, more) => Some(format!("{}; and {more} more", all.join("; "))),
        }
    }
}

/// How many resources a sentence names.
const MOST: usize = 4;

impl std::fmt::Display for GivenLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verbs: Vec<&str> = self.verbs.iter().map(|verb| verb.as_str()).collect();
        write!(f, "{} {}", verbs.join(", "), self.row)?;
        let Cover::Names(names) = &self.cover else {
            return Ok(());
        };
        if let Some(first) = names.first() {
            write!(f, " {}", shown(first, 253))?;
        }
        match names.len() {
            0 | 1 => Ok(()),
            many => write!(f, " and {} more", many - 1),
        }
    }
}

fn unless_listed<'r>(row: &Row, cover: Cover<'r>, tenancy: &VirtualCluster) -> Cover<'r> {
    match cover {
        Cover::Names(mut names) if row.group.is_empty() && row.resource == "secrets" => {
            let submitters = &tenancy.submitters;
            names.retain(|name| !submitters.iter().any(|entry| entry.lists_secret(name)));
            Cover::Names(names)
        }
        other => other,
    }
}
