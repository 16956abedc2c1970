//! Which role and which mode a pod asks for. It only asks: what it gets is one
//! of what the policy lists.

use crate::names::Role;
use crate::names::RoleArn;
use crate::names::shown;
use crate::policy::{Chain, ChainMode};
use crate::request::pod::{Container, Pod};

use super::no_profile_reason::{Trouble, named};
use super::{MODE_ANNOTATION, TARGET_ANNOTATION};

/// What AWS's guide calls the role to go on to …
const TARGET_VARIABLE: &str = "CLIENT_ROLE_ARN";
/// … and the execution role, both in the environment of the Spark container.
const SOURCE_VARIABLE: &str = "WEB_IDENTITY_ROLE_ARN";

/// The role a pod asks for; `None` where it asks for none.
pub(super) fn target<'p>(
    pod: &Pod<'_>,
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
    listed: &'p [RoleArn],
) -> Result<Option<&'p RoleArn>, Trouble> {
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
            return Err(Trouble::TwoTargets);
        }
        asked = Some(next);
    }
    Ok(asked)
}

/// The policy's own writing of the role that is asked for.
fn permitted<'p>(text: &str, listed: &'p [RoleArn]) -> Result<&'p RoleArn, Trouble> {
    if let Some(arn) = listed.iter().find(|arn| arn.as_str() == text) {
        return Ok(arn);
    }
    let asked = RoleArn::parse(text).map_err(|_| Trouble::NotAnArn {
        asked: shown(text, 200),
    })?;
    let is = |arn: &&RoleArn| arn.role() == asked.role() && arn.partition() == asked.partition();
    listed.iter().find(is).ok_or_else(|| Trouble::NotListed {
        asked: shown(text, 200),
    })
}

/// Both of the guide's variables together; either alone is the application's own.
fn by_variables<'p>(
    container: &'p Container<'_>,
    role: Option<&Role>,
) -> Result<Option<&'p str>, Trouble> {
    let (Some(target), Some(source)) = (
        container.variable(TARGET_VARIABLE),
        container.variable(SOURCE_VARIABLE),
    ) else {
        return Ok(None);
    };
    for (variable, name) in [(target, TARGET_VARIABLE), (source, SOURCE_VARIABLE)] {
        if variable.value_from.is_some() {
            return Err(Trouble::Hidden {
                container: named(&container.name),
                variable: name,
            });
        }
    }
    let source = source.value.as_deref().unwrap_or_default();
    let own = RoleArn::parse(source).is_ok_and(|arn| role.is_none_or(|role| arn.role() == role));
    match role {
        Some(role) if !own => Err(Trouble::WrongExecutionRole {
            container: named(&container.name),
            role: role.clone(),
        }),
        _ => Ok(Some(target.value.as_deref().unwrap_or_default())),
    }
}

/// The mode a pod gets. It may ask for one in which more SDKs follow, at its
/// own job's cost; never for one in which fewer do.
pub(super) fn mode(pod: &Pod<'_>, chain: &Chain) -> Result<ChainMode, Trouble> {
    let Some(word) = pod.metadata.annotations.get(MODE_ANNOTATION) else {
        return Ok(chain.mode);
    };
    ChainMode::parse(word)
        .filter(|asked| {
            *asked == chain.mode || (*asked > chain.mode && *asked != ChainMode::PodIdentity)
        })
        .ok_or_else(|| Trouble::ModeNotAllowed {
            asked: shown(word, 40),
        })
}
