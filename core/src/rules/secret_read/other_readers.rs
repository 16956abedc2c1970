//! Objects other than pods whose controller reads a Secret for the object's writer.

use std::collections::HashSet;

use serde_json::Value;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::Requester;
use crate::facts::kinds::Kind;
use crate::json::{self, Tree};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::references::{By, References, Secrets};
use crate::request::{Act, Object, Path, ReviewError, view};
use crate::rules::shared::violation::MOST;
use crate::rules::{Advice, Checked, Finding};
use crate::write::{Write, is_custom};

use super::{ABOUT, SOURCE, refusal_to_requester};

pub(super) static ADVICE: Advice = Advice {
    why: "a controller reads the Secret that such an object names by its own permissions, not by \
          those of the object's writer",
    instead: &[
        (
            &[Person],
            "ask the platform team to list the Secret under `submitters.secrets` in rolegate's policy, or to write this object",
        ),
        (
            &[Software],
            "list this service account under `submitters.users`, with the Secret under `submitters.secrets`; software that keeps Secrets is listed under `identities.platform` with `secrets` in rolegate's policy",
        ),
        (
            &[AddOn],
            "give this add-on the capability `secrets` under `identities.platform` in rolegate's policy",
        ),
        (
            &[Operator],
            "list the Secret under `submitters.secrets` in rolegate's policy",
        ),
        (&[Job], "read AWS Secrets Manager with the job's role"),
    ],
    source: SOURCE,
};

pub(super) static ADVICE_ON_SIZE: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job],
        "split the object into smaller ones, with less nesting",
    )],
    ..ADVICE
};

/// Judges an object of these kinds. An UPDATE that may send Secrets elsewhere is judged
/// by all of them, any other by those that the stored object does not name.
pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let kind = write.kind_row();
    let target = &write.target;
    let is_revision = target.is("apps", "controllerrevisions");
    if kind.is_none() && (!is_custom(target) || is_revision) || is_trusted(write) {
        return Ok(());
    }
    if kind.is_some_and(reads_nothing) {
        return Ok(());
    }
    let annotations = kind.is_some_and(|kind| kind.secret_annotations);
    // A write to `status` stores the annotations, but not the spec.
    let whole = match target.subresource() {
        "" => true,
        "status" if annotations => false,
        _ => return Ok(()),
    };
    let mut refused = Vec::new();
    let is_unread = write.named()?.is_some_and(|named| named.unread.is_some());
    if is_unread && whole && kind.is_some_and(|kind| !kind.starts) && !write.is_unchanged() {
        let act = format!(
            "write {}, which is too deep or names too much to be read to its end",
            write.object()
        );
        findings.push(Finding::new(&ABOUT, &ADVICE_ON_SIZE, act).key("unread"));
    }
    for named in read(kind, new, write.named()?.filter(|_| whole), whole)? {
        if let Some(why) = named.refusal(write) {
            refused.push((named, why));
        }
    }
    if refused.is_empty() || write.is_unchanged() {
        return Ok(());
    }
    let sends = kind.is_none_or(|kind| kind.sends_secrets);
    let mut before = HashSet::new();
    if let Some(old) = old
        && (!sends || write.keeps_intent())
    {
        let named = write.named_before()?.filter(|_| whole);
        let stored = read(kind, old, named, whole)?.into_iter();
        before.extend(stored.map(|named| named.secret));
    }
    let verb = match write.act {
        Act::Update { .. } => "change",
        _ => "create",
    };
    let judged = refused
        .into_iter()
        .filter(|(named, _)| before.insert(named.secret.clone()));
    findings.extend(judged.take(MOST).map(|(named, why)| {
        let secret = match &named.secret {
            Some(name) => format!("Secret {}", shown(name, 253)),
            None => "Secrets by their labels".to_owned(),
        };
        let act = format!("{verb} {} with {secret}: {why}", write.object());
        Finding::new(&ABOUT, &ADVICE, act)
            .at(named.path)
            .key(named.secret.unwrap_or_else(|| "any Secret".to_owned()))
    }));
    Ok(())
}

fn reads_nothing(kind: &Kind) -> bool {
    let none = matches!(kind.guide.secrets, Secrets::In([]));
    none && kind.secret_selectors.is_empty() && !kind.secret_annotations
}

/// Cluster software that keeps Secrets, or repeats what others wrote.
fn is_trusted(write: &Write<'_>) -> bool {
    match &write.requester {
        Requester::System(_) => true,
        Requester::Platform(entry) => [Capability::Secrets, Capability::Mirror]
            .iter()
            .any(|one| entry.capabilities.contains(*one)),
        _ => false,
    }
}

/// A Secret that an object names.
struct Named {
    path: Path,
    /// `None`: any, by label.
    secret: Option<String>,
}

impl Named {
    /// Why the requester may not have it read; `None` where it may.
    fn refusal(&self, write: &Write<'_>) -> Option<String> {
        match &self.secret {
            Some(name) => refusal_to_requester(write, name),
            None => Some("the policy lists Secrets by their names".to_owned()),
        }
    }
}

/// The Secrets that an object names; in its annotations only, unless `whole`.
fn read(
    kind: Option<&Kind>,
    object: Object<'_>,
    named: Option<&References>,
    whole: bool,
) -> Result<Vec<Named>, ReviewError> {
    let found = named.map_or(&[][..], |named| &named.found);
    let secrets = found.iter().filter(|reference| reference.by == By::Secret);
    let mut all: Vec<Named> = secrets
        .map(|reference| Named {
            path: reference.path.clone(),
            secret: Some(reference.name.clone()),
        })
        .collect();
    let Some(kind) = kind else { return Ok(all) };
    for field in kind.secret_selectors.iter().filter(|_| whole) {
        let selector = view::at(object.raw(), field);
        if selector.is_some_and(|selector| selector.get() != "null") {
            let path = Path::parse_dotted(field);
            all.push(Named { path, secret: None });
        }
    }
    if kind.secret_annotations {
        for (key, value) in object.annotations()?.iter() {
            let annotations = Path::root().key("metadata").key("annotations");
            all.extend(of_annotation(key, value).into_iter().map(|secret| Named {
                path: annotations.clone().key(key.to_string()),
                secret: Some(secret),
            }));
        }
    }
    Ok(all)
}

/// The Secrets that an annotation names: in `…/auth-secret: [<namespace>/]<name>`
/// and the other `…-secret` keys, or in the load balancer controller's JSON.
fn of_annotation(key: &str, value: &str) -> Vec<String> {
    let word = key.rsplit_once('/').map_or("", |(_, word)| word);
    let mut names = if word.ends_with("-secret") {
        vec![value.rsplit('/').next().unwrap_or(value).to_owned()]
    } else if word == "auth-idp-oidc" {
        of_settings(value)
    } else {
        Vec::new()
    };
    names.retain(|name| !name.is_empty());
    names
}

/// The Secrets in the controller's JSON, as Go reads it: field names in any case,
/// and unpaired surrogates accepted. Text that cannot be read here may be readable
/// there, so it counts as a name that no policy lists.
fn of_settings(value: &str) -> Vec<String> {
    if value.trim().is_empty() {
        return Vec::new();
    }
    let Ok(Tree(Value::Object(settings))) = json::from_str(value) else {
        return vec!["(in settings that cannot be read)".to_owned()];
    };
    let named = settings
        .iter()
        // In upper case, because Go's comparison also accepts the long s and the
        // Kelvin sign as letters.
        .filter(|(field, _)| field.to_uppercase() == "SECRETNAME")
        .filter_map(|(_, name)| name.as_str());
    named.map(str::to_owned).collect()
}
