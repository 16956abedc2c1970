//! Whether a document allows a request. A statement that denies wins; statements that
//! allow are alternatives.

use super::arn::Arn;
use super::condition::Context;
use super::document::{Document, Effect, Names, PrincipalKind, Principals, Statement};
use super::variables::{self, Version};
use super::wild::Wild;
use crate::names::RoleArn;

/// A request to AWS, as far as one document judges it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub caller: Caller<'a>,
    /// Such as `sts:AssumeRole`.
    pub action: &'a str,
    /// `None` where the document belongs to the resource, as a trust policy does.
    pub resource: Option<&'a str>,
    pub context: Context,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// The bearer of a token from this OIDC or SAML provider, by its ARN.
    Federated(&'a str),
    /// A service, such as `pods.eks.amazonaws.com`.
    Service(&'a str),
    /// A session of this role.
    Role(&'a RoleArn, &'a str),
    /// The owner of an identity policy: the document has no principal.
    Owner,
}

/// What a document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allowed by the statement of this number, and denied by none.
    Allowed(usize),
    /// Denied by the statement of this number.
    Denied(usize),
    /// No statement is about this.
    Nothing,
}

impl Answer {
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Document {
    /// Evaluates a request.
    #[must_use]
    pub fn answer(&self, request: &Request<'_>) -> Answer {
        let mut allowed = Answer::Nothing;
        for (number, statement) in self.statements.iter().enumerate() {
            if !statement.applies(request, self.version) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Answer::Denied(number),
                Effect::Allow if allowed == Answer::Nothing => allowed = Answer::Allowed(number),
                Effect::Allow => {}
            }
        }
        allowed
    }
}

impl Statement {
    /// Whether the statement is about this request.
    #[must_use]
    pub fn applies(&self, request: &Request<'_>, version: Version) -> bool {
        self.has_action(request.action)
            && self.is_for(request.caller)
            && self.is_about(request, version)
            && self.conditions.iter().all(|condition| {
                if request.context.is_open(&condition.key) {
                    // Circumstances in which it is allowed are what is asked for.
                    self.effect == Effect::Allow
                } else {
                    condition.holds(&request.context, version)
                }
            })
    }

    /// Whether it is about an action. Actions ignore case.
    #[must_use]
    pub fn has_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let fits = |listed: &String| Wild::new(&listed.to_ascii_lowercase()).matches(&action);
        match &self.actions {
            Names::Only(listed) => listed.iter().any(fits),
            Names::AllBut(listed) => !listed.iter().any(fits),
        }
    }

    fn is_for(&self, caller: Caller<'_>) -> bool {
        match &self.principal {
            Principals::None => matches!(caller, Caller::Owner),
            Principals::Only(listed) => listed.iter().any(|one| caller.is(one.kind, &one.value)),
            Principals::AllBut(listed) => !listed.iter().any(|one| caller.is(one.kind, &one.value)),
        }
    }

    fn is_about(&self, request: &Request<'_>, version: Version) -> bool {
        let (Some(resources), Some(resource)) = (&self.resources, request.resource) else {
            return true;
        };
        let value = |name: &str| request.context.get(name).first().map(String::as_str);
        let fits = |listed: &String| {
            variables::resolve(listed, version, value)
                .is_ok_and(|tokens| Wild::of(tokens).matches(resource))
        };
        match resources {
            Names::Only(listed) => listed.iter().any(fits),
            Names::AllBut(listed) => !listed.iter().any(fits),
        }
    }
}

impl Caller<'_> {
    /// Whether a principal of a document means the caller. An account, as its id or its
    /// root, means all of its roles; then the caller's own policies must allow it too.
    fn is(self, kind: PrincipalKind, value: &str) -> bool {
        match (self, kind) {
            (Self::Federated(provider), PrincipalKind::Federated) => value == provider,
            (Self::Service(name), PrincipalKind::Service) => value == name,
            (_, PrincipalKind::Aws) if value == "*" => true,
            (Self::Role(role, session), PrincipalKind::Aws) => is_role(role, session, value),
            _ => false,
        }
    }
}

fn is_role(role: &RoleArn, session: &str, value: &str) -> bool {
    let account = role.role().account;
    if value == account.as_str() || value == role.as_str() {
        return true;
    }
    let Some(arn) = Arn::cut(value) else {
        return false;
    };
    if arn.partition != role.partition() || arn.account != account.as_str() {
        return false;
    }
    match arn.service {
        "iam" => arn.resource == "root",
        "sts" => arn
            .resource
            .strip_prefix("assumed-role/")
            .is_some_and(|rest| rest.split_once('/') == Some((role.role().name.as_str(), session))),
        _ => false,
    }
}
