//! The shipped manifests agree with what rolegate prints and what its rules know.
//!
//! `UPDATE_EXPECTED=1 cargo test --test manifests` writes the policies and
//! `docs/coverage.md`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use rolegate::manifests::{ADMISSION_POLICIES, AdmissionPolicy};
use rolegate_core::facts::surface::{self, By};
use rolegate_core::facts::{Asked, System, WATCHED};
use rolegate_core::names::RESERVED_PREFIXES;
use rolegate_core::rules::rule;

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policies")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn printed(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rolegate"))
        .args(["manifests", "policies"])
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().expect("a code"),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_shipped_policies_are_what_rolegate_prints() {
    for policy in ADMISSION_POLICIES {
        let file = policies().join(policy.path());
        let (code, text, problems) = printed(&["--only", policy.name]);
        assert_eq!((code, problems.as_str()), (0, ""), "{}", policy.name);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&file, &text).expect("writable");
        }
        assert_eq!(read(&file), text, "{}", file.display());
    }
}

fn shipped() -> impl Iterator<Item = AdmissionPolicy> {
    ADMISSION_POLICIES
        .into_iter()
        .filter(|policy| !policy.optional)
}

#[test]
fn without_a_name_all_policies_that_are_on_by_default_are_printed() {
    let each: Vec<_> = shipped()
        .map(|policy| printed(&["--only", policy.name]).1)
        .collect();
    let (code, text, problems) = printed(&[]);
    assert_eq!((code, problems.as_str()), (0, ""));
    assert_eq!(text, each.join("---\n"));
}

#[test]
fn the_error_for_an_unknown_name_lists_the_names() {
    let (code, text, problems) = printed(&["--only", "secret"]);
    assert_eq!((code, text.as_str()), (2, ""));
    for policy in ADMISSION_POLICIES {
        assert!(problems.contains(policy.name), "{problems}");
    }
}

/// The kustomizations must list every policy: one that is not applied has no effect.
#[test]
fn the_kustomizations_apply_all_policies() {
    let all = read(&policies().join("kustomization.yaml"));
    let listed: BTreeSet<_> = all
        .lines()
        .filter_map(|line| line.strip_prefix("- "))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, shipped().map(|policy| policy.path()).collect());
    let top = read(&policies().join("../kustomization.yaml"));
    assert!(top.lines().any(|line| line == "- policies"), "{top}");
    for policy in ADMISSION_POLICIES
        .into_iter()
        .filter(|policy| policy.optional)
    {
        let folder = policies().join(policy.name);
        let component = read(&folder.join("kustomization.yaml"));
        assert!(
            component.contains("kind: Component")
                && component.contains(&format!("- {}.yaml", policy.name)),
            "{component}"
        );
    }
}

/// The webhook configuration is written by hand. The prefixes and controllers
/// it names must be those of the rules.
#[test]
fn the_webhook_configuration_uses_the_rules_names() {
    let text = read(&policies().join("../webhook/validating.yaml"));
    for prefix in RESERVED_PREFIXES {
        assert!(
            text.contains(&format!("name.startsWith('{prefix}')")),
            "{prefix}"
        );
    }
    let mut named = 0;
    let lists = text.split("request.userInfo.username in [").skip(1);
    for list in lists.filter_map(|rest| rest.split("].map(name,").next()) {
        for name in list.split(',').map(|name| name.trim().trim_matches('\'')) {
            assert!(System::controller(name).is_some(), "{name}");
            named += 1;
        }
    }
    assert!(named > 50, "the conditions have changed their form");
}

/// What the expressions may walk through besides lists that they spell out; the
/// expression or an earlier one has bounded its size.
const BOUNDED: [&str; 9] = [
    // At most 100 before it is looked at.
    "variables.oldFinalizers",
    "variables.webhooks",
    "variables.oldWebhooks",
    // At most 500: `tooMany`.
    "variables.containers",
    "variables.ephemeral",
    "variables.contexts",
    "object.spec.volumes",
    "object.spec.ephemeralContainers",
    "oldObject.spec.ephemeralContainers",
];

/// What stands before a macro, or the function whose result does.
fn walked(before: &str) -> &str {
    if !before.ends_with(')') {
        let word = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
        return &before[before.trim_end_matches(word).len()..];
    }
    let mut depth = 0_usize;
    let open = before.rmatch_indices(['(', ')']).find(|(_, mark)| {
        depth = if *mark == ")" { depth + 1 } else { depth - 1 };
        depth == 0
    });
    let name = &before[..open.map_or(0, |(index, _)| index)];
    &name[name.trim_end_matches(char::is_alphanumeric).len()..]
}

/// In the API server a macro takes a time quadratic in its list, so none may
/// walk through what a tenant sizes.
#[test]
fn no_expression_walks_through_what_a_tenant_sizes() {
    let webhooks = ["validating.yaml", "mutating.yaml"]
        .map(|name| policies().with_file_name("webhook").join(name));
    let guards = ADMISSION_POLICIES.map(|guard| policies().join(guard.path()));
    let mut macros = 0;
    for file in guards.into_iter().chain(webhooks) {
        let text: String = read(&file)
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
            .collect();
        for name in [".all(", ".exists(", ".exists_one(", ".filter(", ".map("] {
            for (index, _) in text.match_indices(name) {
                let before = &text[..index];
                let walked = walked(before);
                // The result of a macro is no longer than what that one walks
                // through; `dyn` is for fields, as many as Kubernetes has.
                let fine = before.ends_with(']')
                    || ["dyn", "map", "filter"].contains(&walked)
                    || BOUNDED.contains(&walked);
                assert!(fine, "{}: {walked:?} before {name}", file.display());
                macros += 1;
            }
        }
    }
    assert!(macros > 20, "{macros}");
}

/// The text of a manifest without its comments.
fn uncommented(path: &Path) -> String {
    let text = read(path);
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.trim().starts_with('#')).collect()
}

/// The rules of a role, one for each of these verbs and groups.
fn rules(all: impl IntoIterator<Item = (&'static str, BTreeSet<Asked>)>) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (verb, all) in all {
        for Asked { group, resource } in all {
            groups.entry((verb, group)).or_default().push(resource);
        }
    }
    let rule = |((verb, group), resources): (&(&str, &str), &Vec<&str>)| {
        let group = if group.is_empty() { "\"\"" } else { group };
        let resources = resources.join(", ");
        format!("- apiGroups: [{group}]\n  resources: [{resources}]\n  verbs: [{verb}]\n")
    };
    groups.iter().map(rule).collect::<Vec<_>>().concat()
}

/// rolegate may `get` and `list` exactly what a rule may ask for.
#[test]
fn the_role_for_look_ups_is_what_the_engine_asks_for() {
    let rules = rules([("get", Asked::all()), ("list", Asked::lists())]);
    let file = policies().with_file_name("lookups").join("rbac.yaml");
    let text = uncommented(&file);
    let (role, binding) = text.split_once("---\n").expect("two objects");
    let (_, granted) = role.split_once("rules:\n").expect("rules");
    assert_eq!(granted, rules, "{}", file.display());
    assert!(
        binding.contains("kind: ClusterRoleBinding") && !binding.contains("rules:"),
        "{binding}"
    );
}

/// rolegate may watch exactly what it keeps, and create Events where it is at home.
#[test]
fn the_role_for_the_view_is_what_rolegate_watches() {
    let watched = WATCHED.iter().map(|watched| watched.asked).collect();
    let rules = rules([("list, watch", watched)]);
    let file = policies().with_file_name("view").join("rbac.yaml");
    let text = uncommented(&file);
    let documents: Vec<&str> = text.split("---\n").collect();
    let granted = |document: &str| {
        let rules = document.split_once("rules:\n");
        rules.map(|(_, rules)| rules.to_owned()).unwrap_or_default()
    };
    let all: Vec<String> = documents.iter().map(|one| granted(one)).collect();
    let events = "- apiGroups: [\"\"]\n  resources: [events]\n  verbs: [create]\n";
    assert_eq!(all, [rules.as_str(), "", events, ""], "{}", file.display());
    assert!(
        documents[2].contains("kind: Role\n") && documents[2].contains("namespace: rolegate\n")
    );
}

/// What the component changes in the Deployment is where it says.
#[test]
fn the_component_for_look_ups_changes_the_argument_for_the_cluster() {
    let deployment = uncommented(&policies().with_file_name("deployment.yaml"));
    let (_, rest) = deployment.split_once("args:\n").expect("arguments");
    let arguments: Vec<&str> = rest
        .lines()
        .map_while(|line| line.trim().strip_prefix("- "))
        .collect();
    assert_eq!(arguments[11..13], ["--cluster", "\"off\""]);
    let component = read(&policies().with_file_name("lookups/kustomization.yaml"));
    for part in [
        "args/11\n      value: --cluster",
        "args/12\n      value: auto",
    ] {
        assert!(component.contains(part), "{component}");
    }
}

#[test]
fn the_coverage_page_is_the_table_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    let page = surface::markdown();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, &page).expect("writable");
    }
    assert_eq!(read(&file), page, "{}", file.display());
}

#[test]
fn rules_and_policies_of_the_coverage_table_exist() {
    for by in surface::rows().flat_map(surface::Row::judges) {
        match by {
            By::Rule(id) => assert!(rule(id.as_str()).is_some(), "{id}"),
            By::Policy(name) => {
                let shipped = AdmissionPolicy::named(name).is_some_and(|policy| !policy.optional);
                assert!(name.starts_with("rolegate-") && shipped, "{name}");
            }
        }
    }
}
