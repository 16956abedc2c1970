//! `docs/coverage.md`, read as the list it is.

use std::collections::BTreeMap;

/// Who answers for a resource and a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A rule, or one of the in-tree policies, by its name.
    Judged(String),
    /// Nothing has to.
    Harmless,
    /// Nothing does.
    Open,
}

/// Every line, by resource and verb.
pub(super) struct Ledger(pub(super) BTreeMap<(String, String), Answer>);

/// What `all` stands for.
const ALL: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

impl Ledger {
    /// Reads the page; `served` tells which verbs of `all` a resource has.
    pub(super) fn read(page: &str, served: impl Fn(&str, &str) -> bool) -> Self {
        let mut lines = BTreeMap::new();
        for line in page.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [resources, verbs, by, note] = cells[..] else {
                panic!("docs/coverage.md: four cells expected in {line}");
            };
            let answer = match by {
                "harmless" => Answer::Harmless,
                "open" => Answer::Open,
                name => Answer::Judged(name.to_owned()),
            };
            assert!(
                matches!(answer, Answer::Judged(_)) || !note.is_empty(),
                "docs/coverage.md: no reason in {line}"
            );
            for resource in resources
                .split(',')
                .map(|name| name.trim().trim_matches('`'))
            {
                let listed: Vec<&str> = match verbs {
                    "all" => ALL
                        .into_iter()
                        .filter(|verb| served(resource, verb))
                        .collect(),
                    verbs => verbs.split(',').map(str::trim).collect(),
                };
                for verb in listed {
                    let key = (resource.to_owned(), verb.to_owned());
                    let twice = lines.insert(key, answer.clone());
                    assert!(
                        twice.is_none(),
                        "docs/coverage.md: {resource} {verb} stands twice"
                    );
                }
            }
        }
        Self(lines)
    }
}
