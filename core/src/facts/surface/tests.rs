//! Invariants of the table.

use super::*;
use crate::facts::{Action, Class};

#[test]
fn exactly_one_row_answers() {
    let all: Vec<_> = rows().collect();
    for (at, row) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            assert!(
                row.to_string() != other.to_string() || !row.verbs.meets(other.verbs),
                "{row} appears twice: {row:?} and {other:?}"
            );
        }
        for verb in row.verbs.iter() {
            let found = find(row.group, row.resource, row.subresource, verb);
            assert_eq!(found, Some(*row), "{verb:?} {row}");
        }
    }
}

#[test]
fn every_row_is_complete() {
    for row in rows() {
        assert!(row.verbs.iter().next().is_some(), "{row} has no verb");
        match row.answer {
            Answer::Judged { by, .. } => assert!(!by.is_empty(), "{row}: judged by whom?"),
            Answer::Harmless { why } => {
                assert!(!why.is_empty(), "{row}");
            }
            Answer::Open { why, seen_by } => {
                assert!(!why.is_empty() && !seen_by.is_empty(), "{row}");
            }
        }
        // A cell of the page.
        assert!(!format!("{row:?}").contains(['|', '\n']), "{row}");
    }
}

#[test]
fn a_resource_has_one_scope() {
    for row in rows() {
        let same = |other: &&Row| other.resource == row.resource && other.group == row.group;
        for other in rows().filter(same) {
            assert_eq!(other.scope, row.scope, "{row}");
        }
    }
}

#[test]
fn what_no_row_names_is_answered_by_its_kind() {
    let answer = |group, resource, subresource, verb| {
        find(group, resource, subresource, verb).map(|row| (row.resource, row.judges().first()))
    };
    for verb in Verbs::READS.iter() {
        assert_eq!(answer("", "services", "", verb), Some(("*", None)));
        assert_eq!(answer("example.com", "things", "", verb), Some(("*", None)));
    }
    for verb in Verbs::WRITES.iter() {
        let deletes = matches!(verb, Verb::Delete | Verb::DeleteCollection);
        let judge = if deletes {
            by::JOB_LIFECYCLE
        } else {
            by::FOREIGN_SERVICE_ACCOUNT
        };
        assert_eq!(
            answer("example.com", "things", "", verb),
            Some(("*", Some(&judge)))
        );
        // Unknown to this version.
        assert_eq!(answer("", "newthings", "", verb), None);
        assert_eq!(answer("", "pods", "newthing", verb), None);
    }
    let scale = answer("example.com", "things", "scale", Verb::Patch);
    assert_eq!(scale, Some(("*", Some(&by::FOREIGN_SERVICE_ACCOUNT))));
    assert_eq!(answer("", "pods", "exec", Verb::Update), None);
    assert_eq!(answer("example.com", "things", "", Verb::Bind), None);
    assert_eq!(answer("", "*", "", Verb::Create), None);
    for row in rows() {
        let installed = [groups::SNAPSHOT, groups::GROUP_SNAPSHOT, groups::ROLEGATE];
        assert_ne!(
            is_built_in(row.group),
            installed.contains(&row.group),
            "{row}"
        );
    }
}

#[test]
fn the_old_group_has_the_rows_of_the_new_ones() {
    for (resource, subresource, group) in [
        ("deployments", "", groups::APPS),
        ("replicasets", "scale", groups::APPS),
        ("daemonsets", "", groups::APPS),
        ("ingresses", "", groups::NETWORKING),
        ("networkpolicies", "", groups::NETWORKING),
    ] {
        for verb in [Verb::Update, Verb::Patch] {
            let now = named(group, resource, subresource, verb);
            assert!(now.is_some(), "{resource}/{subresource}");
            assert_eq!(named("extensions", resource, subresource, verb), now);
        }
    }
    let rollback = find("extensions", "deployments", "rollback", Verb::Create);
    assert_eq!(rollback.map(Row::judges), Some(&[by::CLUSTER_TAKEOVER][..]));
}

#[test]
fn a_row_for_any_subresource_answers_for_each() {
    let group = groups::AUTHENTICATION;
    let row = named(group, "userextras", "scopes", Verb::Impersonate);
    assert_eq!(row.map(|row| row.subresource), Some("*"));
    assert_eq!(named(group, "userextras", "", Verb::Impersonate), None);
}

#[test]
fn with_the_class_table_it_answers_alone() {
    let every = [
        Class::System,
        Class::EmrService,
        Class::Platform,
        Class::Operator,
        Class::Job,
        Class::Tenant,
    ];
    for class in every {
        for verb in [Verb::Get, Verb::Create] {
            let exec = never(class, "", "pods", "exec", verb);
            assert_eq!(exec.is_some(), class != Class::EmrService, "{class:?}");
            let attach = never(class, "", "pods", "attach", verb);
            assert_eq!(attach.and_then(Row::action), Some(Action::Attach));
        }
        assert!(never(class, "", "nodes", "proxy", Verb::Create).is_some());
        // Metrics are read with the same verb.
        assert!(never(class, "", "nodes", "proxy", Verb::Get).is_none());
        // Only some service accounts have roles, and only some writes change the mode.
        assert!(never(class, "", "serviceaccounts", "", Verb::Create).is_none());
        assert!(never(class, "", "namespaces", "", Verb::Update).is_none());
        assert_eq!(
            never(class, "", "namespaces", "", Verb::Delete).is_some(),
            class != Class::System
        );
        // An open read: no rule denies it.
        assert!(never(class, "", "secrets", "", Verb::Get).is_none());
    }
    for row in rows() {
        for verb in row.verbs.iter() {
            let admin = never(Class::Admin, row.group, row.resource, row.subresource, verb);
            assert_eq!(admin, None, "{verb:?} {row}");
        }
    }
}
