//! Which role and which mode a pod asks for. What it gets is what the policy lists.

use crate::names::{Role, RoleArn, shown};
use crate::policy::{Chain, ChainMode};
use crate::request::pod::{Container, Pod};

use super::no_profile_reason::{NoProfile, named};
use super::{MODE_ANNOTATION, TARGET_ANNOTATION};

/// AWS's guide names the role to chain to in this variable of the Spark container.
const TARGET_VARIABLE: &str = "CLIENT_ROLE_ARN";
/// AWS's guide names the execution role in this one.
const SOURCE_VARIABLE: &str = "WEB_IDENTITY_ROLE_ARN";

/// The role a pod asks for; `None` where it asks for none.
pub(super) fn target<'p>(
    pod: &Pod<'_>,
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
    listed: &'p [RoleArn],
) -> Result<Option<&'p RoleArn>, NoProfile> {
    let mut asked = match pod.metadata.annotations.get(TARGET_ANNOTATION) {
        Some(text) => Some(permitted(text, listed)?),
        None => None,
    };
    for container in containers {
        let Some(text) = by_variables(container, role)? else {
            continue;
        };
        let next = permitted(text, listed)?;
        if asked.is_some_and(|asked| asked != next) {
            return Err(NoProfile::TwoTargets);
        }
        asked = Some(next);
    }
    Ok(asked)
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
) -> Result<Option<&'p str>, NoProfile> {
    let (Some(target), Some(source)) = (
        container.variable(TARGET_VARIABLE),
        container.variable(SOURCE_VARIABLE),
    ) else {
        return Ok(None);
    };
    for (variable, name) in [(target, TARGET_VARIABLE), (source, SOURCE_VARIABLE)] {
        if variable.value_from.is_some() {
            return Err(NoProfile::Hidden {
                container: named(&container.name),
                variable: name,
            });
        }
    }
    let source = source.value.as_deref().unwrap_or_default();
    let own = RoleArn::parse(source).is_ok_and(|arn| role.is_none_or(|role| arn.role() == role));
    match role {
        Some(role) if !own => Err(NoProfile::WrongExecutionRole {
            container: named(&container.name),
            role: role.clone(),
        }),
        _ => Ok(Some(target.value.as_deref().unwrap_or_default())),
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
