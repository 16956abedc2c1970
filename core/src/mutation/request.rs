//! Which role and which mode a pod asks for. What it gets is what the policy lists.

use std::borrow::Cow;

use crate::identity::{IRSA, Value};
use crate::names::{Role, RoleArn, shown};
use crate::policy::{Chain, ChainMode};
use crate::request::pod::{Container, Pod};

use super::no_profile_reason::{NoProfile, named};
use super::{MODE_ANNOTATION, TARGET_ANNOTATION};

/// AWS's guide names the role to chain to in the first variable of the Spark
/// container, and the execution role in the second: so it did until 2025, and so it
/// does since.
const GUIDES: [Pair; 2] = [
    ("CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN"),
    ("ROLE_2_ARN", "ROLE_1_ARN"),
];
/// Jobs written between the two have one name of each, as AWS's own samples had.
const MIXED: [Pair; 2] = [
    ("ROLE_2_ARN", "WEB_IDENTITY_ROLE_ARN"),
    ("CLIENT_ROLE_ARN", "ROLE_1_ARN"),
];
/// The variables for the role to chain to and for the execution role.
type Pair = (&'static str, &'static str);
/// EMR's own credentials provider takes the role from this variable.
pub(super) const EMRS_VARIABLE: &str = "ASSUME_ROLE_CREDENTIALS_ROLE_ARN";

/// What a pod says about its chain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wish<'p> {
    /// The role that it asks for. EMR's variable asks for nothing where it names what
    /// the pod gets anyway, `implied` or `default`: rolegate writes it itself.
    pub(super) asked: Option<&'p RoleArn>,
    /// The role that `AWS_ROLE_ARN` holds in place of the execution role, where nothing
    /// is asked for. AWS's guide has it so in its pod templates: AWS STS then refuses
    /// the token, and most SDKs go on to the profile.
    pub(super) implied: Option<&'p RoleArn>,
    /// Half of a request, which asks for nothing.
    pub(super) half: Option<NoProfile>,
}

/// What the pod asks for.
pub(super) fn wish<'p>(
    pod: &Pod<'_>,
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
    listed: &'p [RoleArn],
    default: Option<&RoleArn>,
) -> Result<Wish<'p>, NoProfile> {
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
    let mut implied = None;
    let mut implied_agree = true;
    let mut half = None;
    for container in containers {
        let pairs = pairs_of(container);
        for pair in pairs {
            if let Some(text) = by_variables(container, role, pair)? {
                merge(&mut asked, permitted(&text, listed)?)?;
            }
        }
        if let Some(text) = read(container, EMRS_VARIABLE)? {
            merge(&mut named_to_emr, permitted(&text, listed)?)?;
        }
        let others = listed.iter().filter(|arn| role != Some(arn.role()));
        if let Some(held) = held(container, others) {
            implied_agree &= merge(&mut implied, held).is_ok();
        }
        half = half.or_else(|| half_a_pair(container, pairs, listed, default));
    }
    if let (Some(asked), Some(named)) = (asked, named_to_emr)
        && asked != named
    {
        return Err(NoProfile::TwoTargets);
    }
    let given = implied.or(default);
    let named = named_to_emr.filter(|named| given != Some(*named));
    let asked = asked.or(named);
    match (asked, implied) {
        (Some(_), Some(_)) if !implied_agree => Err(NoProfile::TwoTargets),
        (Some(asked), Some(implied)) if asked != implied => Err(NoProfile::TwoTargets),
        _ => Ok(Wish {
            asked,
            implied: implied.filter(|_| asked.is_none() && implied_agree),
            half: half.filter(|_| asked.is_none()),
        }),
    }
}

/// What the guide's variables ask for where the policy chains the pod's role to
/// nothing. EMR's own variable belongs to the application there.
pub(super) fn guides_target<'p>(
    containers: impl Iterator<Item = &'p Container<'p>>,
    role: Option<&Role>,
) -> Result<(), NoProfile> {
    for container in containers {
        for pair in pairs_of(container) {
            if let Some(text) = by_variables(container, role, pair)? {
                permitted(&text, &[])?;
            }
        }
    }
    Ok(())
}

/// The pairs by which a container may ask: those of one edition of the guide, or
/// where it has neither whole, one name of each.
fn pairs_of(container: &Container<'_>) -> [Pair; 2] {
    let is_whole = |(target, source): Pair| {
        container.variable(target).is_some() && container.variable(source).is_some()
    };
    if GUIDES.into_iter().any(is_whole) {
        GUIDES
    } else {
        MIXED
    }
}

/// Which of these roles the container's `AWS_ROLE_ARN` holds.
pub(super) fn held<'p>(
    container: &Container<'_>,
    roles: impl IntoIterator<Item = &'p RoleArn>,
) -> Option<&'p RoleArn> {
    let [variable, _] = IRSA;
    let Value::Text(text) = Value::of(container, variable) else {
        return None;
    };
    let is = |arn: &&RoleArn| {
        // Spares parsing the execution role's own ARN, which nearly every pod has there.
        text.ends_with(arn.role().name.as_str())
            && RoleArn::parse(&text).is_ok_and(|held| held.is_same(arn))
    };
    roles.into_iter().find(is)
}

/// The guide's variable for the role to chain to, without the one for the execution
/// role. It belongs to the application, unless it holds a role that the policy lists, by its ARN or its name alone:
/// then half of a request is likely, and the pod's author is told.
fn half_a_pair(
    container: &Container<'_>,
    pairs: [Pair; 2],
    listed: &[RoleArn],
    default: Option<&RoleArn>,
) -> Option<NoProfile> {
    pairs.into_iter().find_map(|(target, _)| {
        let Value::Text(text) = Value::of(container, target) else {
            return None;
        };
        let (_, source) = GUIDES.into_iter().find(|(first, _)| *first == target)?;
        let held = RoleArn::parse(&text).ok();
        // The name alone is as likely a slip: no ARN has it by chance.
        let is = |arn: &&RoleArn| match &held {
            Some(held) => arn.is_same(held),
            None => arn.role().name.as_str() == &*text,
        };
        let mut held = listed.iter().filter(is).peekable();
        held.peek()?;
        // A name may be that of roles in several accounts.
        let is_default = held.any(|arn| default == Some(arn));
        (!is_default).then(|| NoProfile::HalfAPair {
            container: named(&container.name),
            variable: target,
            missing: source,
        })
    })
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
    // IAM allows a colon and a comma in a path, so two ARNs with a comma between them
    // would be read as one.
    let asked = RoleArn::parse(text).ok();
    let asked = asked.filter(|_| text.matches("arn:").count() == 1);
    let asked = asked.ok_or_else(|| NoProfile::NotAnArn {
        asked: shown(text, 200),
    })?;
    let is = |arn: &&RoleArn| arn.is_same(&asked);
    listed.iter().find(is).ok_or_else(|| NoProfile::NotListed {
        asked: shown(text, 200),
    })
}

/// The role that the guide's two variables ask for. One alone belongs to the
/// application, and two empty ones ask for nothing.
fn by_variables<'p>(
    container: &'p Container<'_>,
    role: Option<&Role>,
    (target, source): Pair,
) -> Result<Option<Cow<'p, str>>, NoProfile> {
    if container.variable(target).is_none() || container.variable(source).is_none() {
        return Ok(None);
    }
    let (text, own) = match (read(container, target)?, read(container, source)?) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(NoProfile::EmptyVariable {
                container: named(&container.name),
                variable: target,
            });
        }
        (Some(text), own) => (text, own.unwrap_or_default()),
    };
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
