//! Where a container's own credentials come from.
//!
//! EKS copies the service account's annotation into the environment unchecked,
//! newlines included, and a tenant may have written the variables first. So only
//! values that pass a strict grammar are used.

use std::borrow::Cow;

use crate::names::RoleArn;
use crate::policy::{Chain, ChainMode, TokenSource};
use crate::request::pod::{Container, EnvVar, Pod, Source as VolumeSource};

use super::no_profile_reason::{NoProfile, named};
use super::{CONFIG_FILE, TOKEN_FILE};

/// Where EKS puts IRSA's token.
const EKS_TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
/// The volume in which EKS projects IRSA's token.
const EKS_TOKEN_VOLUME: &str = "aws-iam-token";
/// EKS Pod Identity's agent, by IPv4 and by IPv6.
const AGENT: [&str; 2] = [
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
];
/// The token for that agent.
const AGENT_TOKEN: &str =
    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

/// The credentials that a chain starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'p> {
    /// IAM roles for service accounts, or a token of rolegate's own.
    WebIdentity {
        /// The execution role.
        role: Cow<'p, RoleArn>,
        /// Its token.
        token: TokenFile<'p>,
    },
    /// EKS Pod Identity's agent, which decides the role itself.
    PodIdentity,
}

impl<'p> Source<'p> {
    /// What a pod will have as far as the policy knows: EKS's usual path, and
    /// the execution role as the policy writes it.
    #[must_use]
    pub fn expected(chain: &'p Chain) -> Self {
        if chain.mode == ChainMode::PodIdentity {
            return Self::PodIdentity;
        }
        let path = match chain.token {
            TokenSource::Eks => EKS_TOKEN,
            TokenSource::Own => TOKEN_FILE,
        };
        Self::WebIdentity {
            role: Cow::Borrowed(&chain.from),
            token: TokenFile(Cow::Borrowed(path)),
        }
    }
}

/// The path of a token: absolute, and of characters that mean nothing in a
/// configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile<'p>(Cow<'p, str>);

impl<'p> TokenFile<'p> {
    /// Reads a path, else `None`.
    #[must_use]
    pub fn parse(path: impl Into<Cow<'p, str>>) -> Option<Self> {
        let path = path.into();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"/._@+=:,~-".contains(&b);
        let plain = path.len() <= 1024 && path.starts_with('/') && path.bytes().all(fits);
        (plain && !path.ends_with('/')).then_some(Self(path))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The source of one container.
pub(super) fn of<'p>(
    container: &'p Container<'_>,
    pod: &'p Pod<'_>,
    chain: &'p Chain,
    mode: ChainMode,
) -> Result<Source<'p>, NoProfile> {
    let none = || NoProfile::NoSource {
        container: named(&container.name),
    };
    if mode == ChainMode::PodIdentity {
        return has_agent(container)
            .then_some(Source::PodIdentity)
            .ok_or_else(none);
    }
    if chain.token == TokenSource::Own {
        return Ok(Source::expected(chain));
    }
    // Where a container has both sets of variables, SDKs take IRSA's.
    match web_identity(container, pod, chain)? {
        Some(source) => Ok(source),
        None if has_agent(container) => Ok(Source::PodIdentity),
        None => Err(none()),
    }
}

/// IRSA's variables, where both are there.
fn web_identity<'p>(
    container: &'p Container<'_>,
    pod: &'p Pod<'_>,
    chain: &'p Chain,
) -> Result<Option<Source<'p>>, NoProfile> {
    let (Some(role), Some(token)) = (
        container.variable("AWS_ROLE_ARN"),
        container.variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
    ) else {
        return Ok(None);
    };
    let text = |variable: &'p EnvVar<'_>, name| match (&variable.value_from, &variable.value) {
        (Some(_), _) => Err(NoProfile::Hidden {
            container: named(&container.name),
            variable: name,
        }),
        (None, value) => Ok(value.as_deref().unwrap_or_default()),
    };
    let role = text(role, "AWS_ROLE_ARN")?;
    let token = text(token, "AWS_WEB_IDENTITY_TOKEN_FILE")?;
    if role.is_empty() {
        return Ok(None);
    }
    let role = if role == chain.from.as_str() {
        Cow::Borrowed(&chain.from)
    } else {
        // The policy may write the role with another path or without one.
        let arn = RoleArn::parse(role).ok().filter(|arn| {
            arn.role() == chain.from.role() && arn.partition() == chain.from.partition()
        });
        Cow::Owned(arn.ok_or_else(|| NoProfile::ForeignRole {
            container: named(&container.name),
            role: chain.from.role().clone(),
        })?)
    };
    let token = if token.is_empty() {
        // Emptied by rolegate or by the pod's author: the mount still says where
        // the token is.
        match mounted_token(container, pod) {
            Some(token) => token,
            None => return Ok(None),
        }
    } else {
        TokenFile::parse(token)
            .filter(|token| token.as_str() != CONFIG_FILE)
            .ok_or_else(|| NoProfile::BadTokenFile {
                container: named(&container.name),
            })?
    };
    Ok(Some(Source::WebIdentity { role, token }))
}

/// The path of IRSA's token, from the mount that EKS adds.
pub(super) fn mounted_token<'p>(
    container: &'p Container<'_>,
    pod: &'p Pod<'_>,
) -> Option<TokenFile<'p>> {
    let volume = pod
        .spec
        .volumes
        .iter()
        .find(|volume| volume.name.as_str() == EKS_TOKEN_VOLUME)?;
    let file = volume.sources.iter().find_map(|source| match source {
        VolumeSource::Projected(parts) => parts
            .iter()
            .find_map(|part| part.service_account_token.as_ref())
            .map(|token| token.path.as_str()),
        _ => None,
    })?;
    let mount = container.volume_mounts.iter().find(|mount| {
        mount.name.as_str() == EKS_TOKEN_VOLUME
            && mount.sub_path.is_none()
            && mount.sub_path_expr.is_none()
    })?;
    TokenFile::parse(format!("{}/{file}", mount.mount_path.trim_end_matches('/')))
}

/// Whether the container has exactly the variables that EKS Pod Identity writes.
fn has_agent(container: &Container<'_>) -> bool {
    let is = |name: &str, expected: &[&str]| {
        container.variable(name).is_some_and(|variable| {
            variable.value_from.is_none()
                && expected.contains(&variable.value.as_deref().unwrap_or_default())
        })
    };
    is("AWS_CONTAINER_CREDENTIALS_FULL_URI", &AGENT)
        && is("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &[AGENT_TOKEN])
}

#[cfg(test)]
mod tests {
    use super::TokenFile;

    #[test]
    fn token_files() {
        for path in [
            "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
            "/t",
            "/a/../b",
        ] {
            assert_eq!(TokenFile::parse(path).expect(path).as_str(), path);
        }
        let long = format!("/{}", "a".repeat(1024));
        for path in [
            "",
            "/",
            "token",
            "./token",
            "/a b",
            "/a\nb",
            "/a\r",
            "/a\t",
            "/a\0",
            "/a\u{7f}",
            "/a;b",
            "/a#b",
            "/ä",
            "/a\u{2028}b",
            "/$(X)",
            "C:\\token",
            "/a/",
            &long,
        ] {
            assert_eq!(TokenFile::parse(path), None, "{path:?}");
        }
    }
}
