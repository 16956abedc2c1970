//! AWS's controllers for Kubernetes (ACK) and Crossplane's AWS provider: objects that
//! start EMR jobs, bind service accounts to roles, or change the roles themselves.

use super::row::{Join, Kind, RoleOf, starts};

/// The ARN that ACK's controller found for a role of the same namespace.
const fn ack_role(name: &'static str) -> Join {
    Join {
        name,
        only: None,
        group: Some(("iam.services.k8s.aws", "v1alpha1")),
        resource: "roles",
        role: RoleOf::Arn("status.ackResourceMetadata.arn"),
        is_last_word: true,
    }
}

/// The same for Crossplane's namespaced provider.
const fn upbound_role(name: &'static str) -> Join {
    Join {
        name,
        only: None,
        group: Some(("iam.aws.m.upbound.io", "v1beta1")),
        resource: "roles",
        role: RoleOf::Arn("status.atProvider.arn"),
        is_last_word: true,
    }
}

const EMR: &[&str] = &["emrcontainers.services.k8s.aws"];
const EKS: &[&str] = &["eks.services.k8s.aws"];

const CROSSPLANE_EMR: &[&str] = &[
    "emrcontainers.aws.m.upbound.io",
    "emrcontainers.aws.upbound.io",
    "emrcontainers.aws.crossplane.io",
];
const CROSSPLANE_EKS: &[&str] = &[
    "eks.aws.m.upbound.io",
    "eks.aws.upbound.io",
    "eks.aws.crossplane.io",
];
const CROSSPLANE_IAM: &[&str] = &[
    "iam.aws.m.upbound.io",
    "iam.aws.upbound.io",
    "iam.aws.crossplane.io",
];

pub(super) const ROWS: &[Kind] = &[
    starts(
        EMR,
        &["jobruns"],
        "aws-controllers-k8s/emrcontainers-controller config/crd/bases/emrcontainers.services.k8s.aws_jobruns.yaml",
    )
    .roles(&["spec.executionRoleARN"])
    .joins(&[ack_role("spec.executionRoleRef.from.name")]),
    starts(
        EMR,
        &["jobtemplates", "managedendpoints", "virtualclusters"],
        "aws-controllers-k8s/emrcontainers-controller helm/crds",
    )
    .roles(&["spec.executionRoleARN", "spec.jobTemplateData.executionRoleARN"]),
    starts(
        EKS,
        &["podidentityassociations"],
        "aws-controllers-k8s/eks-controller config/crd/bases/eks.services.k8s.aws_podidentityassociations.yaml",
    )
    .accounts(&["spec.serviceAccount"])
    .roles(&["spec.roleARN", "spec.targetRoleARN"])
    .joins(&[ack_role("spec.roleRef.from.name")]),
    starts(
        EKS,
        &["addons"],
        "aws-controllers-k8s/eks-controller config/crd/bases/eks.services.k8s.aws_addons.yaml",
    )
    .roles(&[
        "spec.serviceAccountRoleARN",
        "spec.podIdentityAssociations[].roleARN",
    ])
    .joins(&[ack_role("spec.serviceAccountRoleRef.from.name")]),
    starts(
        &["iam.services.k8s.aws"],
        &["roles"],
        "aws-controllers-k8s/iam-controller config/crd/bases/iam.services.k8s.aws_roles.yaml",
    )
    .role_names(&["spec.name"]),
    starts(
        &["iam.services.k8s.aws"],
        &["instanceprofiles"],
        "aws-controllers-k8s/iam-controller config/crd/bases/iam.services.k8s.aws_instanceprofiles.yaml",
    )
    .role_names(&["spec.role"]),
    // It takes an existing role over.
    starts(
        &["services.k8s.aws"],
        &["adoptedresources"],
        "aws-controllers-k8s/runtime config/crd/bases/services.k8s.aws_adoptedresources.yaml",
    )
    .role_names(&["spec.aws.nameOrID", "spec.aws.arn"]),
    starts(
        CROSSPLANE_EMR,
        &[],
        "crossplane-contrib/provider-upjet-aws package/crds/emrcontainers.aws.upbound.io_jobtemplates.yaml",
    )
    .roles(&[
        "spec.forProvider.executionRoleARN",
        "spec.forProvider.executionRoleArn",
        "spec.forProvider.jobTemplateData[].executionRoleArn",
        "spec.initProvider.jobTemplateData[].executionRoleArn",
    ]),
    starts(
        CROSSPLANE_EKS,
        &["podidentityassociations"],
        "crossplane-contrib/provider-upjet-aws package/crds/eks.aws.upbound.io_podidentityassociations.yaml",
    )
    .accounts(&["spec.forProvider.serviceAccount", "spec.initProvider.serviceAccount"])
    .roles(&[
        "spec.forProvider.roleArn",
        "spec.initProvider.roleArn",
        "spec.forProvider.targetRoleArn",
        "spec.initProvider.targetRoleArn",
    ])
    .joins(&[
        upbound_role("spec.forProvider.roleArnRef.name"),
        upbound_role("spec.initProvider.roleArnRef.name"),
    ]),
    // The role's name is the annotation, or else the object's own name.
    starts(
        CROSSPLANE_IAM,
        &["roles"],
        "crossplane-contrib/provider-upjet-aws package/crds/iam.aws.upbound.io_roles.yaml",
    )
    .role_names(&[
        "metadata.annotations.crossplane.io/external-name",
        "metadata.name",
    ]),
    starts(
        CROSSPLANE_IAM,
        &["rolepolicies", "rolepolicyattachments", "instanceprofiles"],
        "crossplane-contrib/provider-upjet-aws package/crds/iam.aws.upbound.io_rolepolicies.yaml",
    )
    .role_names(&[
        "spec.forProvider.role",
        "spec.initProvider.role",
        "spec.forProvider.roleName",
    ]),
];
