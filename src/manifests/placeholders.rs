//! The placeholders of the templates and their values.

use rolegate_core::facts::{
    CONTROL_PLANE, CONTROLLER_MANAGER, EKS_PREFIX, KUBE_SYSTEM_PREFIX, NODE_PREFIX, NODES,
    SERVICE_LINKED_ROLE, System,
};
use rolegate_core::mutation::ANNOTATIONS;
use rolegate_core::names::{
    ANNOTATION_PREFIX, CHAIN_LABEL, LOG_SECRET_PREFIX, MODE_LABEL, OWN_NAMESPACE,
    RESERVED_PREFIXES, SERVICE_ACCOUNT_PREFIX, SPARK_SECRET_ENDS,
};
use rolegate_core::policy::Mode;

/// The matchCondition of every admission policy and of the webhook configuration.
const BREAKGLASS: &str = "\
# Administrators, by the API server's own authorizer: docs/install.md,
# \"Break-glass\".
- name: breakglass
  expression: >-
    !authorizer.group('rolegate.dev').resource('breakglass').check('use').allowed()";

/// The condition that a service account's own token was used: an impersonated
/// service account has no uid.
const UID: &str = "has(request.userInfo.uid) && request.userInfo.uid != ''";

/// The modes that a namespace's label may name, from the weakest.
const MODES: [Mode; 3] = [Mode::Audit, Mode::Warn, Mode::Enforce];

/// Fills a template. The error is the first unknown placeholder.
pub(super) fn fill(template: &str) -> Result<String, String> {
    let mut text = String::with_capacity(template.len() * 5 / 4);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let (placeholder, after) = after.split_once("}}").ok_or("{{")?;
        let line = text.rsplit('\n').next().unwrap_or_default();
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let value = value(placeholder).ok_or(placeholder)?;
        text.push_str(&value.replace('\n', &format!("\n{indent}")));
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn value(placeholder: &str) -> Option<String> {
    if let Some(names) = placeholder.strip_prefix("controllers ") {
        return controllers(names);
    }
    let text = match placeholder {
        "mode-label" => MODE_LABEL,
        "chain-label" => CHAIN_LABEL,
        "prefix" => ANNOTATION_PREFIX,
        "chain-annotations" => return Some(list(ANNOTATIONS.into_iter())),
        "namespace" => OWN_NAMESPACE,
        "breakglass" => BREAKGLASS,
        "uid" => UID,
        "eks" => EKS_PREFIX,
        "node" => NODE_PREFIX,
        "nodes" => NODES,
        "controller-manager" => CONTROLLER_MANAGER,
        "kube-system" => KUBE_SYSTEM_PREFIX,
        "log-secret" => LOG_SECRET_PREFIX,
        "spark-secrets" => return Some(SPARK_SECRET_ENDS.join("|")),
        "service-account" => SERVICE_ACCOUNT_PREFIX,
        "job-account" => RESERVED_PREFIXES[0],
        "emr-role" => SERVICE_LINKED_ROLE,
        "control-plane" => {
            return Some(list(CONTROL_PLANE.into_iter().chain([CONTROLLER_MANAGER])));
        }
        "mode-ranks" => return Some(ranks()),
        "modes" => {
            let [weak, middle, strong] = MODES;
            return Some(format!("{weak}, {middle} or {strong}"));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// A CEL list with the usernames of kube-system controllers. `None` if the
/// rules do not know one of `names`.
fn controllers(names: &str) -> Option<String> {
    let known: Option<Vec<_>> = names.split(' ').map(System::controller).collect();
    let names = list(known?.into_iter());
    Some(format!(
        "{names}\n.map(name, '{KUBE_SYSTEM_PREFIX}' + name)"
    ))
}

/// A CEL list of strings.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.map(|word| format!("'{word}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// The ranks of the modes as entries of a CEL map. Ranks start at 1: 0 means no mode.
fn ranks() -> String {
    let ranked = MODES.iter().zip(1..);
    let entries: Vec<_> = ranked
        .map(|(mode, rank)| format!("'{mode}': {rank}"))
        .collect();
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_is_indented() {
        let filled = fill("a:\n  {{breakglass}}\nb");
        let expected = BREAKGLASS.replace('\n', "\n  ");
        assert_eq!(filled, Ok(format!("a:\n  {expected}\nb")));
    }

    #[test]
    fn an_unknown_placeholder_is_an_error() {
        for (template, placeholder) in [
            ("a {{nothing}}", "nothing"),
            (
                "{{controllers job-controller no-such-controller}}",
                "controllers job-controller no-such-controller",
            ),
            ("{{mode-label", "{{"),
        ] {
            assert_eq!(fill(template), Err(placeholder.to_owned()));
        }
    }

    #[test]
    fn modes_are_ranked_from_the_weakest() {
        assert!(MODES.is_sorted());
        assert_eq!(ranks(), "'audit': 1, 'warn': 2, 'enforce': 3");
    }
}
