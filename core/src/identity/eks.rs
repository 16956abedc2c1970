//! What EKS's pod identity webhook writes into a container, and where.

/// The variables of IRSA: the role, and the file with its token.
pub(crate) const IRSA: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// Where the token of IRSA is.
pub(crate) const IRSA_TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
/// The volume in which EKS projects that token.
pub(crate) const IRSA_TOKEN_VOLUME: &str = "aws-iam-token";
/// The audience of a token for AWS STS.
pub(crate) const STS_AUDIENCE: &str = "sts.amazonaws.com";

/// The variables of EKS Pod Identity: the agent, and the file with the token for it.
pub(crate) const AGENT: [&str; 2] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];
/// EKS Pod Identity's agent, by IPv4 and by IPv6.
pub(crate) const AGENT_URIS: [&str; 2] = [
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
];
/// Where the token for the agent is.
pub(crate) const AGENT_TOKEN: &str =
    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";
/// The volume in which EKS projects that token.
pub(crate) const AGENT_VOLUME: &str = "eks-pod-identity-token";
/// The audience of that token.
pub(crate) const AGENT_AUDIENCE: &str = "pods.eks.amazonaws.com";

/// Other variables that name a source of credentials or a token for it. EKS writes
/// none of them.
pub(crate) const OTHER_AGENTS: [&str; 2] = [
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];
