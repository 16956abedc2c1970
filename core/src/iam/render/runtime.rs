//! Runtime roles of EMR on EC2.

use crate::iam::Node;
use crate::names::RoleArn;

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered, allow, policy};
use super::submitter::role_condition;

pub(super) fn security_configuration(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let propagate = Node::object([("PropagateSourceIdentity", Node::Bool(true))]);
    let mut iam = vec![(
        "EnableApplicationScopedIAMRole".to_owned(),
        Node::Bool(true),
    )];
    if input.source_identity.is_some() {
        iam.push((
            "ApplicationScopedIAMRoleConfiguration".to_owned(),
            propagate,
        ));
    }
    let mut members = vec![(
        "AuthorizationConfiguration".to_owned(),
        Node::object([("IAMConfiguration", Node::Object(iam))]),
    )];
    let mut notes = vec![
        "EMR makes the external id of the configuration: read it with `aws emr describe-security-configuration` and give it \
         to runtime-role/trust with --external-id",
    ];
    if let Some(certificates) = &input.certificates {
        if !certificates.starts_with("s3://") {
            return Err(Missing("--certificates is a ZIP file of PEM certificates in S3, such as s3://bucket/certificates.zip".to_owned()));
        }
        let certificate = Node::object([
            ("CertificateProviderType", Node::text("PEM")),
            ("S3Object", Node::text(certificates)),
        ]);
        members.push((
            "EncryptionConfiguration".to_owned(),
            Node::object([
                ("EnableInTransitEncryption", Node::Bool(true)),
                ("EnableAtRestEncryption", Node::Bool(false)),
                (
                    "InTransitEncryptionConfiguration",
                    Node::object([("TLSCertificateConfiguration", certificate)]),
                ),
            ]),
        ));
    } else {
        notes.push("without --certificates, data travels between the nodes in plain text; SageMaker and EMR Studio need them");
    }
    members.push((
        "InstanceMetadataServiceConfiguration".to_owned(),
        Node::object([
            (
                "MinimumInstanceMetadataServiceVersion",
                Node::Number(2.into()),
            ),
            ("HttpPutResponseHopLimit", Node::Number(1.into())),
        ]),
    ));
    let mut rendered = Rendered::new(
        "runtime-role-security-configuration",
        Kind::SecurityConfiguration,
        Node::Object(members),
    );
    rendered.notes = notes.into_iter().map(str::to_owned).collect();
    Ok(vec![rendered])
}

/// The runtime roles: `--role`, `--roles`.
fn roles(input: &Input<'_>) -> Result<Vec<String>, Missing> {
    let mut roles: Vec<String> = input
        .role
        .iter()
        .map(|role| role.as_str().to_owned())
        .collect();
    for text in &input.roles {
        let arn = RoleArn::parse(text).map_err(|error| {
            Missing(format!(
                "--roles {}: {error}",
                crate::names::shown(text, 200)
            ))
        })?;
        roles.push(arn.as_str().to_owned());
    }
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        return Err(Missing(
            "this document needs the runtime roles: --role or --roles".to_owned(),
        ));
    }
    Ok(roles)
}

fn identity(input: &Input<'_>) -> Result<Option<Node>, Missing> {
    let Some(identity) = &input.source_identity else {
        return Ok(None);
    };
    let fits = (2..=64).contains(&identity.len())
        && identity
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-*".contains(&b))
        && !identity.starts_with("aws:");
    if !fits {
        return Err(Missing(
            "a source identity has 2 to 64 letters, digits or _+=,.@- and does not begin with aws:"
                .to_owned(),
        ));
    }
    let operator = if identity.contains('*') {
        "StringLike"
    } else {
        "StringEquals"
    };
    Ok(Some(Node::object([(
        operator,
        Node::object([("sts:SourceIdentity", Node::text(identity))]),
    )])))
}

pub(super) fn instance_profile(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let roles = roles(input)?;
    let resource = || ("Resource", Node::texts(roles.iter().cloned()));
    let mut statements = vec![allow(
        "AllowRuntimeRoleUsage",
        &["sts:AssumeRole", "sts:TagSession"],
        [resource()],
    )];
    if let Some(condition) = identity(input)? {
        statements.push(allow(
            "PropagateSourceIdentity",
            &["sts:SetSourceIdentity"],
            [resource(), ("Condition", condition)],
        ));
    }
    let kind = Kind::Identity(input.source.clone());
    Ok(vec![Rendered::new(
        "runtime-role-instance-profile",
        kind,
        policy(statements),
    )])
}

pub(super) fn trust(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let (role, source) = (input.role()?, input.source()?);
    let principal = || {
        (
            "Principal",
            Node::object([("AWS", Node::text(source.as_str()))]),
        )
    };
    let mut conditions = Vec::new();
    if let Some(id) = &input.external_id {
        conditions.push(("sts:ExternalId".to_owned(), Node::text(id)));
    }
    let mut statements = Vec::new();
    let mut operators = Vec::new();
    if !conditions.is_empty() {
        operators.push(("StringEquals".to_owned(), Node::Object(conditions)));
    }
    let assume = if operators.is_empty() {
        allow("AllowAssumeRole", &["sts:AssumeRole"], [principal()])
    } else {
        allow(
            "AllowAssumeRole",
            &["sts:AssumeRole"],
            [principal(), ("Condition", Node::Object(operators))],
        )
    };
    statements.push(assume);
    // EMR tags the session; the call for that carries no external id.
    statements.push(allow("AllowTagSession", &["sts:TagSession"], [principal()]));
    if let Some(condition) = identity(input)? {
        statements.push(allow(
            "AllowSetSourceIdentity",
            &["sts:SetSourceIdentity"],
            [principal(), ("Condition", condition)],
        ));
    }
    let mut rendered = Rendered::new(
        "runtime-role-trust",
        Kind::Trust(role.clone()),
        policy(statements),
    );
    if input.external_id.is_none() {
        rendered = rendered.note(
            "without --external-id, every cluster with this instance profile can use the role, whatever its security configuration",
        );
    }
    if input.source_identity.is_some() {
        rendered = rendered.note(
            "the source identity is optional: a caller without one gets a session without one",
        );
    }
    Ok(vec![rendered])
}

pub(super) fn caller(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let condition = role_condition(input, "elasticmapreduce:ExecutionRoleArn")?;
    let resource = match &input.cluster {
        // EMR on EC2 has no ARN of an EKS cluster; its region and account narrow the rest.
        Some(cluster) => {
            let (partition, region, account) = (
                &cluster.partition,
                &cluster.region,
                cluster.account.as_str(),
            );
            format!("arn:{partition}:elasticmapreduce:{region}:{account}:cluster/*")
        }
        None => "*".to_owned(),
    };
    let statement = allow(
        "RunWithTheseRoles",
        &[
            "elasticmapreduce:AddJobFlowSteps",
            "elasticmapreduce:GetClusterSessionCredentials",
            "elasticmapreduce:GetPersistentAppUIPresignedURL",
        ],
        [("Resource", Node::text(resource)), ("Condition", condition)],
    );
    let rendered = Rendered::new("runtime-role-caller", Kind::Identity(None), policy(vec![statement])).note(
        "AWS's example puts exact roles under StringEquals and prefixes under StringLike; both must hold at once, so it allows \
         nothing; here they are one list",
    );
    Ok(vec![rendered])
}

pub(super) fn source_identity(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let roles = roles(input)?;
    let Some(condition) = identity(input)? else {
        return Err(Missing("this document needs --source-identity".to_owned()));
    };
    let statement = allow(
        "SetSourceIdentity",
        &["sts:SetSourceIdentity"],
        [("Resource", Node::texts(roles)), ("Condition", condition)],
    );
    Ok(vec![Rendered::new(
        "runtime-role-source-identity",
        Kind::Identity(None),
        policy(vec![statement]),
    )])
}
