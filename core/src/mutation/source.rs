//! Where a container's own credentials come from.
//!
//! EKS copies the service account's annotation into the environment unchecked,
//! newlines included, and a tenant may have written the variables first. So only
//! values that pass a strict grammar are used.

use std::borrow::Cow;

use crate::identity::{
    AGENT, AGENT_TOKEN, AGENT_URIS, IRSA, IRSA_TOKEN, IRSA_TOKEN_VOLUME, OTHER_AGENTS, Value,
    Volumes,
};
use crate::names::RoleArn;
use crate::policy::{Chain, ChainMode, TokenSource};
use crate::request::pod::Container;

use super::no_profile_reason::{NoProfile, named};
use super::request::held;
use super::{CONFIG_FILE, TOKEN_FILE};

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
            TokenSource::Eks => IRSA_TOKEN,
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
    volumes: &Volumes<'p>,
    chain: &'p Chain,
    target: &RoleArn,
    mode: ChainMode,
) -> Result<Source<'p>, NoProfile> {
    let container_name = || named(&container.name);
    // Whatever the token and the mode: what is hidden may lead to another identity.
    for name in IRSA.into_iter().chain(AGENT).chain(OTHER_AGENTS) {
        if Value::of(container, name) == Value::Hidden {
            return Err(NoProfile::Hidden {
                container: container_name(),
                variable: name,
            });
        }
    }
    if mode != ChainMode::PodIdentity && chain.token == TokenSource::Own {
        return Ok(Source::expected(chain));
    }
    let has_agent = has_agent(container);
    if mode == ChainMode::PodIdentity && has_agent {
        return Ok(Source::PodIdentity);
    }
    // Where a container has both sets of variables, SDKs take IRSA's.
    match web_identity(container, volumes, chain, target)? {
        Some(_) if mode == ChainMode::PodIdentity => Err(NoProfile::OtherSource {
            container: container_name(),
        }),
        Some(source) => Ok(source),
        None if has_agent => Ok(Source::PodIdentity),
        None => Err(NoProfile::NoSource {
            container: container_name(),
        }),
    }
}

/// IRSA's variables, where both are there.
fn web_identity<'p>(
    container: &'p Container<'_>,
    volumes: &Volumes<'p>,
    chain: &'p Chain,
    target: &RoleArn,
) -> Result<Option<Source<'p>>, NoProfile> {
    let [role_name, token_name] = IRSA;
    if container.variable(token_name).is_none() {
        return Ok(None);
    }
    let Value::Text(role) = Value::of(container, role_name) else {
        return Ok(None);
    };
    // AWS's guide writes the role to chain to in place of the execution role in its pod
    // templates. The token is the execution role's all the same.
    let role = if role == chain.from.as_str() || held(container, [target]).is_some() {
        Cow::Borrowed(&chain.from)
    } else {
        // The policy may write the role with another path or without one.
        let arn = RoleArn::parse(&role).ok();
        let arn = arn.filter(|arn| arn.is_same(&chain.from));
        Cow::Owned(arn.ok_or_else(|| NoProfile::ForeignRole {
            container: named(&container.name),
            role: chain.from.role().clone(),
        })?)
    };
    let token = match Value::of(container, token_name) {
        // Emptied by rolegate or by the pod's author: the mount still says where
        // the token is.
        Value::Blank => match mounted_token(container, volumes) {
            Some(token) => token,
            None => return Ok(None),
        },
        Value::Text(path) => TokenFile::parse(path)
            .filter(|token| token.as_str() != CONFIG_FILE)
            .ok_or_else(|| NoProfile::BadTokenFile {
                container: named(&container.name),
            })?,
        Value::Hidden => return Ok(None),
    };
    Ok(Some(Source::WebIdentity { role, token }))
}

/// The path of IRSA's token, from the mount that EKS adds.
pub(super) fn mounted_token<'p>(
    container: &Container<'_>,
    volumes: &Volumes<'p>,
) -> Option<TokenFile<'p>> {
    let file = volumes.irsa_file()?;
    let mount = container.volume_mounts.iter().find(|mount| {
        mount.name.as_str() == IRSA_TOKEN_VOLUME
            && mount.sub_path.is_none()
            && mount.sub_path_expr.is_none()
    })?;
    TokenFile::parse(format!("{}/{file}", mount.mount_path.trim_end_matches('/')))
}

/// Whether the container has exactly the variables that EKS Pod Identity writes.
fn has_agent(container: &Container<'_>) -> bool {
    let is = |name: &str, expected: &[&str]| match Value::of(container, name) {
        Value::Text(text) => expected.contains(&&*text),
        Value::Blank | Value::Hidden => false,
    };
    let [uri, token] = AGENT;
    is(uri, &AGENT_URIS) && is(token, &[AGENT_TOKEN])
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
