//! Which role and which mode a pod asks for. What it gets is what the policy lists.

use std::borrow::Cow;

use crate::identity::Value;
use crate::names::{Role, RoleArn, shown};
use crate::policy::{Chain, ChainMode};
use crate::request::pod::{Container, Pod};

use super::no_profile_reason::{NoProfile, named};
use super::{MODE_ANNOTATION, TARGET_ANNOTATION};

/// AWS's guide names the role to chain to in the first variable of the Spark
/// container, and the execution role in the second: so it did until 2025, and so it
/// does since.
const GUIDES: [(&str, &str); 2] = [
    ("CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN"),
    ("ROLE_2_ARN", "ROLE_1_ARN"),
];
/// EMR's own credentials provider takes the role from this variable.
pub(super) const EMRS_VARIABLE: &str = "ASSUME_ROLE_CREDENTIALS_ROLE_ARN";

/// The role a pod asks for; `None` where it asks for none. A variable that names
/// what the pod gets anyway, `default`, asks for nothing: rolegate writes it itself.
pub(super) fn target<'p>(
    pod: &Pod<'_>,
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
    listed: &'p [RoleArn],
    default: Option<&RoleArn>,
) -> Result<Option<&'p RoleArn>, NoProfile> {
    let mut asked = match pod.metadata.annotations.get(TARGET_ANNOTATION) {
        Some(text) => Some(permitted(text, listed)?),
        None => None,
    };
    let mut named_to_emr: Option<&RoleArn> = None;
    let merge = |all: &mut Option<&'p RoleArn>, next| match *all {
        Some(before) if before != next => Err(NoProfile::TwoTargets),
        _ => {
            *all = Some(next);
            Ok(())
        }
    };
    for container in containers {
        for guide in GUIDES {
            if let Some(text) = by_variables(container, role, guide)? {
                merge(&mut asked, permitted(&text, listed)?)?;
            }
        }
        if let Some(text) = read(container, EMRS_VARIABLE)? {
            merge(&mut named_to_emr, permitted(&text, listed)?)?;
        }
    }
    match (asked, named_to_emr) {
        (Some(asked), Some(named)) if asked != named => Err(NoProfile::TwoTargets),
        (None, Some(named)) if default == Some(named) => Ok(None),
        (asked, named) => Ok(asked.or(named)),
    }
}

/// What the guide's variables ask for where the policy chains the pod's role to
/// nothing. EMR's own variable belongs to the application there.
pub(super) fn guides_target<'p>(
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
) -> Result<(), NoProfile> {
    for container in containers {
        for guide in GUIDES {
            if let Some(text) = by_variables(container, role, guide)? {
                permitted(&text, &[])?;
            }
        }
    }
    Ok(())
}

/// A variable's text; `None` where it is blank.
fn read<'p>(
    container: &'p Container<'_>,
    name: &'static str,
) -> Result<Option<Cow<'p, str>>, NoProfile> {
    match Value::of(container, name) {
        Value::Blank => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::Hidden => Err(NoProfile::Hidden {
            container: named(&container.name),
            variable: name,
        }),
    }
}

/// The role that is asked for, as the policy writes it.
fn permitted<'p>(text: &str, listed: &'p [RoleArn]) -> Result<&'p RoleArn, NoProfile> {
    if let Some(arn) = listed.iter().find(|arn| arn.as_str() == text) {
        return Ok(arn);
    }
    let asked = RoleArn::parse(text).map_err(|_| NoProfile::NotAnArn {
        asked: shown(text, 200),
    })?;
    let is = |arn: &&RoleArn| arn.role() == asked.role() && arn.partition() == asked.partition();
    listed.iter().find(is).ok_or_else(|| NoProfile::NotListed {
        asked: shown(text, 200),
    })
}

/// The role that the guide's two variables ask for. One alone belongs to the
/// application.
fn by_variables<'p>(
    container: &'p Container<'_>,
    role: Option<&Role>,
    (target, source): (&'static str, &'static str),
) -> Result<Option<Cow<'p, str>>, NoProfile> {
    if container.variable(target).is_none() || container.variable(source).is_none() {
        return Ok(None);
    }
    let text = read(container, target)?.unwrap_or_default();
    let own = read(container, source)?.unwrap_or_default();
    let own = RoleArn::parse(&own).is_ok_and(|arn| role.is_none_or(|role| arn.role() == role));
    match role {
        Some(role) if !own => Err(NoProfile::WrongExecutionRole {
            container: named(&container.name),
            variable: source,
            role: role.clone(),
        }),
        _ => Ok(Some(text)),
    }
}

/// The mode a pod gets. It may ask for one in which more SDKs follow the chain,
/// which costs its own job only, and never for one in which fewer do.
pub(super) fn mode(pod: &Pod<'_>, chain: &Chain) -> Result<ChainMode, NoProfile> {
    let Some(word) = pod.metadata.annotations.get(MODE_ANNOTATION) else {
        return Ok(chain.mode);
    };
    ChainMode::parse(word)
        .filter(|asked| {
            *asked == chain.mode || (*asked > chain.mode && *asked != ChainMode::PodIdentity)
        })
        .ok_or_else(|| NoProfile::ModeNotAllowed {
            asked: shown(word, 40),
        })
}
