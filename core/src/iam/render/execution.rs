//! Execution roles: who may become them, and what they may do.

use crate::iam::{EksCluster, Issuer, Node};
use crate::names::{AccountId, JobServiceAccount, Role, RoleArn, SERVICE_ACCOUNT_PREFIX};

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered, allow, policy};

/// The parts of a Spark job that run under service accounts of their own.
const SPARK: [&str; 3] = ["client", "driver", "executor"];
const FLINK: [&str; 2] = ["jobmanager", "taskmanager"];

/// The service accounts of a role's jobs: Spark's, and Flink's if asked.
pub(in crate::iam) fn exact_names(role: &Role, flink: bool) -> Vec<String> {
    let spark = SPARK.map(|part| JobServiceAccount::sparks(part, role));
    let flink = flink.then(|| FLINK.map(|part| JobServiceAccount::flinks(part, role)));
    spark
        .into_iter()
        .chain(flink.into_iter().flatten())
        .collect()
}

/// The subject that every service account of a role's jobs has in a namespace, as the AWS
/// CLI writes it. A namespace and a service account have no colon in their names, and a
/// role in base 36 has no dash, so it reaches neither another namespace nor another role.
fn subject(namespace: &str, role: &Role) -> String {
    let name = JobServiceAccount::sparks("*", role).replacen("-spark-*-", "-*-*-", 1);
    format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}")
}

/// The statement by which jobs become the role through IRSA.
pub(in crate::iam) fn irsa_statement(
    role: &RoleArn,
    issuer: &Issuer,
    account: AccountId,
    audience: &str,
    namespaces: &[String],
    exact: Option<&[String]>,
) -> Node {
    let subjects: Vec<String> = match exact {
        None => namespaces
            .iter()
            .map(|namespace| subject(namespace, role.role()))
            .collect(),
        Some(names) => namespaces
            .iter()
            .flat_map(|namespace| {
                names
                    .iter()
                    .map(move |name| format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"))
            })
            .collect(),
    };
    let aud = (issuer.key("aud"), Node::text(audience));
    let sub = (issuer.key("sub"), Node::texts(subjects));
    let condition = if exact.is_some() {
        Node::object([("StringEquals", Node::Object(vec![aud, sub]))])
    } else {
        Node::object([
            ("StringEquals", Node::Object(vec![aud])),
            ("StringLike", Node::Object(vec![sub])),
        ])
    };
    let provider = issuer.provider(role.partition(), account);
    allow(
        "EmrOnEksJobs",
        &["sts:AssumeRoleWithWebIdentity"],
        [
            (
                "Principal",
                Node::object([("Federated", Node::text(provider))]),
            ),
            ("Condition", condition),
        ],
    )
}

/// The statement by which jobs become the role through EKS Pod Identity.
pub(in crate::iam) fn pod_identity_statement(
    cluster: &EksCluster,
    namespaces: &[String],
    accounts: &[String],
) -> Node {
    let tag = |name: &str| format!("aws:RequestTag/kubernetes-{name}");
    let equals = Node::Object(vec![
        (
            "aws:SourceAccount".to_owned(),
            Node::text(cluster.account.as_str()),
        ),
        (tag("namespace"), Node::texts(namespaces.iter().cloned())),
        (
            tag("service-account"),
            Node::texts(accounts.iter().cloned()),
        ),
    ]);
    let source = Node::object([("aws:SourceArn", Node::text(cluster.to_string()))]);
    allow(
        "EmrOnEksJobs",
        &["sts:AssumeRole", "sts:TagSession"],
        [
            (
                "Principal",
                Node::object([("Service", Node::text("pods.eks.amazonaws.com"))]),
            ),
            (
                "Condition",
                Node::object([("StringEquals", equals), ("ArnEquals", source)]),
            ),
        ],
    )
}

pub(super) fn irsa(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let (role, issuer, namespaces) = (input.role()?, input.issuer()?, input.namespaces()?);
    let names = input.exact.then(|| exact_names(role.role(), input.flink));
    let statement = irsa_statement(
        role,
        issuer,
        input.account()?,
        &input.audience,
        &namespaces,
        names.as_deref(),
    );
    let rendered = Rendered::new("execution-role-trust", Kind::Trust(role.clone()), policy(vec![statement]))
        .note(format!("admits the jobs of {role} in {}", namespaces.join(", ")))
        .note(
            "do not run `aws emr-containers update-role-trust-policy` afterwards: it does not recognise this statement \
             and adds its own without the audience beside it",
        );
    Ok(vec![rendered])
}

pub(super) fn pod_identity(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let (role, cluster, namespaces) = (input.role()?, input.cluster()?, input.namespaces()?);
    if cluster.partition.as_ref() != role.partition() {
        return Err(Missing(
            "the role and the cluster are in different partitions, so no pod can become the role"
                .to_owned(),
        ));
    }
    let accounts = exact_names(role.role(), input.flink);
    let statement = pod_identity_statement(cluster, &namespaces, &accounts);
    let mut rendered = Rendered::new("pod-identity-trust", Kind::Trust(role.clone()), policy(vec![statement])).note(
        "the tags are those that EKS puts on the session: with disableSessionTags on the association, or with a session \
         policy, which requires that, nobody can become the role",
    );
    let (name, region) = (&cluster.name, &cluster.region);
    for namespace in &namespaces {
        let role = role.role().name.as_str();
        let common = format!(
            "aws emr-containers create-role-associations --region {region} --cluster-name {name} --namespace {namespace} --role-name {role}"
        );
        rendered = rendered.command(common);
    }
    if role.as_str().matches('/').count() > 1 {
        rendered = rendered.note(
            "the role has a path, which create-role-associations leaves out: create the associations with \
             `aws eks create-pod-identity-association --role-arn` instead",
        );
    }
    Ok(vec![rendered])
}

pub(super) fn permissions(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let role = input.role()?;
    let partition = role.partition();
    let mut statements = Vec::new();
    if input.buckets.is_empty() && input.log_group.is_none() {
        return Err(Missing(
            "this document needs what the jobs use: --bucket, --log-group".to_owned(),
        ));
    }
    if !input.buckets.is_empty() {
        let mut names: Vec<_> = input
            .buckets
            .iter()
            .map(|bucket| bucket.split('/').next().unwrap_or(bucket))
            .collect();
        names.sort_unstable();
        names.dedup();
        let buckets = names
            .iter()
            .map(|name| format!("arn:{partition}:s3:::{name}"));
        statements.push(allow(
            "ListBuckets",
            &["s3:GetBucketLocation", "s3:ListBucket"],
            [("Resource", Node::texts(buckets))],
        ));
        let objects = input
            .buckets
            .iter()
            .map(|bucket| format!("arn:{partition}:s3:::{}/*", bucket.trim_end_matches('/')));
        statements.push(allow(
            "ReadAndWriteObjects",
            &[
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
            ],
            [("Resource", Node::texts(objects))],
        ));
    }
    if let Some(group) = &input.log_group {
        let region = input
            .cluster
            .as_ref()
            .map_or("*", |cluster| &cluster.region);
        let account = input
            .cluster
            .as_ref()
            .map_or(role.role().account, |cluster| cluster.account);
        let arn = format!(
            "arn:{partition}:logs:{region}:{}:log-group",
            account.as_str()
        );
        statements.push(allow(
            "WriteLogs",
            &[
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:DescribeLogStreams",
            ],
            [("Resource", Node::texts([format!("{arn}:{group}:*")]))],
        ));
        // The call lists groups, so a single group cannot be its resource.
        statements.push(allow(
            "FindLogGroup",
            &["logs:DescribeLogGroups"],
            [("Resource", Node::text("*"))],
        ));
    }
    let chained = super::chain::assume(input, role)?;
    statements.extend(chained);
    let rendered = Rendered::new(
        "execution-role-permissions",
        Kind::Identity(Some(role.clone())),
        policy(statements),
    );
    Ok(vec![rendered])
}
