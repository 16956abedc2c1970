//! What the placeholders of the templates stand for.

use rolegate_core::facts::{
    CONTROL_PLANE, CONTROLLER_MANAGER, EKS_PREFIX, KUBE_SYSTEM_PREFIX, NODE_PREFIX, NODES, System,
};
use rolegate_core::mutation::ANNOTATIONS;
use rolegate_core::names::{ANNOTATION_PREFIX, CHAIN_LABEL, MODE_LABEL, OWN_NAMESPACE};
use rolegate_core::policy::Mode;

/// The matchCondition that every guard has, as the webhook configuration has.
const BREAKGLASS: &str = "\
# Administrators, by the API server's own authorizer: docs/install.md,
# \"Break-glass\".
- name: breakglass
  expression: >-
    !authorizer.group('rolegate.dev').resource('breakglass').check('use').allowed()";

/// A service account's own token: an impersonated one has no uid.
const UID: &str = "has(request.userInfo.uid) && request.userInfo.uid != ''";

/// The modes a label may name, from the weakest.
const LADDER: [Mode; 3] = [Mode::Audit, Mode::Warn, Mode::Enforce];

/// Fills a template. What cannot be filled is the error.
pub(super) fn fill(template: &str) -> Result<String, String> {
    let mut text = String::with_capacity(template.len() * 5 / 4);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let (word, after) = after.split_once("}}").ok_or("{{")?;
        let line = text.rsplit('\n').next().unwrap_or_default();
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let filling = filling(word).ok_or(word)?;
        text.push_str(&filling.replace('\n', &format!("\n{indent}")));
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn filling(word: &str) -> Option<String> {
    if let Some(names) = word.strip_prefix("controllers ") {
        return controllers(names);
    }
    let text = match word {
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
        "control-plane" => {
            return Some(list(CONTROL_PLANE.into_iter().chain([CONTROLLER_MANAGER])));
        }
        "mode-ranks" => return Some(ranks()),
        "modes" => {
            let [weak, middle, strong] = LADDER;
            return Some(format!("{weak}, {middle} or {strong}"));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The usernames of some of kube-system's controllers, each of which the rules
/// must know.
fn controllers(names: &str) -> Option<String> {
    let known: Option<Vec<_>> = names.split(' ').map(System::controller).collect();
    let names = list(known?.into_iter());
    Some(format!(
        "{names}\n.map(name, '{KUBE_SYSTEM_PREFIX}' + name)"
    ))
}

/// A list of CEL.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.map(|word| format!("'{word}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// The ranks of the modes, as entries of a map of CEL; 0 is no mode.
fn ranks() -> String {
    let ranked = LADDER.iter().zip(1..);
    let entries: Vec<_> = ranked
        .map(|(mode, rank)| format!("'{mode}': {rank}"))
        .collect();
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_several_keeps_its_indentation() {
        let filled = fill("a:\n  {{breakglass}}\nb");
        let expected = BREAKGLASS.replace('\n', "\n  ");
        assert_eq!(filled, Ok(format!("a:\n  {expected}\nb")));
    }

    #[test]
    fn what_nothing_fills_is_an_error() {
        for (template, word) in [
            ("a {{nothing}}", "nothing"),
            (
                "{{controllers job-controller no-such-controller}}",
                "controllers job-controller no-such-controller",
            ),
            ("{{mode-label", "{{"),
        ] {
            assert_eq!(fill(template), Err(word.to_owned()));
        }
    }

    #[test]
    fn modes_are_ranked_from_the_weakest() {
        assert!(LADDER.is_sorted());
        assert_eq!(ranks(), "'audit': 1, 'warn': 2, 'enforce': 3");
    }
}
