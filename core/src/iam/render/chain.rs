//! Role chaining: both sides.

use crate::iam::Node;
use crate::names::RoleArn;
use crate::policy::ChainMode;

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered, allow, policy};

pub(super) fn source(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let role = input.role.as_ref().or(input.source.as_ref());
    let role =
        role.ok_or_else(|| Missing("this document needs the role's ARN: --role".to_owned()))?;
    let Some(statement) = assume(input, role)? else {
        return Err(Missing(format!(
            "the policy has no chain from {role} (virtualClusters[].chains); name the roles with --roles"
        )));
    };
    Ok(vec![Rendered::new(
        "chain-source",
        Kind::Identity(Some(role.clone())),
        policy(vec![statement]),
    )])
}

/// The statement that lets a role assume the first role of each of its chains.
pub(super) fn assume(input: &Input<'_>, from: &RoleArn) -> Result<Option<Node>, Missing> {
    let mut targets = Vec::new();
    for text in &input.roles {
        let arn = RoleArn::parse(text).map_err(|error| {
            Missing(format!(
                "--roles {}: {error}",
                crate::names::shown(text, 200)
            ))
        })?;
        targets.push(arn.as_str().to_owned());
    }
    let mut tagged = input.tagged;
    for chain in input.chains(from) {
        tagged |= chain.mode == ChainMode::PodIdentity;
        match chain.hops.first() {
            Some(hop) => targets.push(hop.as_str().to_owned()),
            None => targets.extend(chain.to.iter().map(|role| role.as_str().to_owned())),
        }
        targets.extend(
            chain
                .profiles
                .iter()
                .map(|profile| profile.role.as_str().to_owned()),
        );
    }
    targets.sort();
    targets.dedup();
    let actions: &[&str] = if tagged {
        &["sts:AssumeRole", "sts:TagSession"]
    } else {
        &["sts:AssumeRole"]
    };
    Ok((!targets.is_empty()).then(|| {
        allow(
            "ChainedRoles",
            actions,
            [("Resource", Node::texts(targets))],
        )
    }))
}

pub(super) fn target(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let (role, source) = (input.role()?, input.source()?);
    if role.partition() != source.partition() {
        return Err(Missing(
            "the two roles are in different partitions, so neither can assume the other".to_owned(),
        ));
    }
    let mut external_id = input.external_id.clone();
    let mut tagged = input.tagged;
    for chain in input.chains(source) {
        tagged |= chain.mode == ChainMode::PodIdentity;
        if chain.to.iter().any(|to| to.is_same(role)) && external_id.is_none() {
            external_id.clone_from(&chain.external_id);
        }
        for profile in chain
            .profiles
            .iter()
            .filter(|profile| profile.role.is_same(role))
        {
            external_id = external_id.or_else(|| profile.external_id.clone());
        }
    }
    let mut condition = Vec::new();
    if let Some(id) = &external_id {
        let fits = (2..=1224).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b));
        if !fits {
            return Err(Missing(
                "an external id has 2 to 1,224 letters, digits or _+=,.@:/-".to_owned(),
            ));
        }
        condition.push((
            "StringEquals".to_owned(),
            Node::object([("sts:ExternalId", Node::text(id))]),
        ));
    }
    let principal = Node::object([("AWS", Node::text(source.as_str()))]);
    let from = [("Principal", principal.clone())];
    let mut statements = vec![if condition.is_empty() {
        allow("ChainedFrom", &["sts:AssumeRole"], from)
    } else {
        let [principal] = from;
        allow(
            "ChainedFrom",
            &["sts:AssumeRole"],
            [principal, ("Condition", Node::Object(condition))],
        )
    }];
    if tagged {
        // TagSession carries neither an external id nor a session's name.
        statements.push(allow(
            "TagsOfTheSource",
            &["sts:TagSession"],
            [("Principal", principal)],
        ));
    }
    let mut rendered = Rendered::new("chain-target", Kind::Trust(role.clone()), policy(statements))
        .note("IAM stores the id of the role that is named: if it is deleted and created again, save this policy again")
        .note("a session of a chained role lasts at most one hour");
    if external_id.is_none() {
        rendered = rendered.note("no external id: every session of the source can become the role");
    }
    Ok(vec![rendered])
}
