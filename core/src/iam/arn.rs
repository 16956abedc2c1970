//! ARNs of any service, and the two that every document here is about: the EKS
//! cluster's and its OIDC provider's.

use std::fmt;

use super::wild::{Token, Wild};
use crate::names::AccountId;

/// `arn:partition:service:region:account:resource`, cut at its first five colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    #[must_use]
    pub fn cut(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// Whether a pattern matches an ARN as `ArnLike` does: each of the six parts alone, so
/// that no wildcard crosses one of the first five colons. No side that is not an ARN
/// matches.
pub(super) fn arn_like(pattern: &[Token], value: &str) -> bool {
    let cut = |tokens: &[Token]| {
        let mut parts = vec![Vec::new()];
        for token in tokens {
            if *token == Token::Char(':') && parts.len() < 6 {
                parts.push(Vec::new());
            } else if let Some(last) = parts.last_mut() {
                last.push(*token);
            }
        }
        parts
    };
    let value: Vec<_> = value.splitn(6, ':').collect();
    let pattern = cut(pattern);
    pattern.len() == 6
        && value.len() == 6
        && pattern
            .into_iter()
            .zip(value)
            .all(|(pattern, value)| Wild::of(pattern).matches(value))
}

/// An EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EksCluster {
    pub partition: Box<str>,
    pub region: Box<str>,
    pub account: AccountId,
    pub name: Box<str>,
}

impl EksCluster {
    /// Reads `arn:<partition>:eks:<region>:<account>:cluster/<name>`.
    ///
    /// # Errors
    ///
    /// One sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str =
            "a cluster's ARN looks like arn:aws:eks:us-west-2:111122223333:cluster/name";
        let arn = Arn::cut(text).ok_or(SHAPE)?;
        let name = arn.resource.strip_prefix("cluster/").ok_or(SHAPE)?;
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        let is_partition = arn.partition == "aws" || arn.partition.starts_with("aws-");
        if arn.service != "eks"
            || !is_partition
            || ![arn.partition, arn.region, name].into_iter().all(word)
        {
            return Err(SHAPE);
        }
        Ok(Self {
            partition: arn.partition.into(),
            region: arn.region.into(),
            account: AccountId::parse(arn.account)
                .ok_or("the account of the cluster's ARN is not twelve digits")?,
            name: name.into(),
        })
    }
}

impl fmt::Display for EksCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            name,
        } = self;
        write!(
            f,
            "arn:{partition}:eks:{region}:{}:cluster/{name}",
            account.as_str()
        )
    }
}

/// The issuer of a cluster's tokens, without `https://`: host and path. It is the first
/// part of the condition keys and the last part of the provider's ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Box<str>);

impl Issuer {
    /// Reads `https://oidc.eks.us-west-2.amazonaws.com/id/ABC`, with or without the scheme.
    ///
    /// # Errors
    ///
    /// One sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.strip_prefix("https://").unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"./-_".contains(&b);
        if text.contains('.') && text.len() <= 255 && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(
                "an issuer looks like https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            )
        }
    }

    /// The issuer of a provider's ARN.
    #[must_use]
    pub fn of_provider(arn: &str) -> Option<Self> {
        let arn = Arn::cut(arn).filter(|arn| arn.service == "iam")?;
        Self::parse(arn.resource.strip_prefix("oidc-provider/")?).ok()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN of its provider in an account.
    #[must_use]
    pub fn provider(&self, partition: &str, account: AccountId) -> String {
        format!(
            "arn:{partition}:iam::{}:oidc-provider/{}",
            account.as_str(),
            self.0
        )
    }

    /// The condition key of a token's claim.
    #[must_use]
    pub fn key(&self, claim: &str) -> String {
        format!("{}:{claim}", self.0)
    }
}
