//! AWS's controllers for Kubernetes (ACK) and Crossplane's AWS providers: objects that
//! start EMR jobs, bind service accounts to roles, or change the roles themselves.

use super::row::{Join, Kind, RoleOf, nothing, starts};

/// The ARN that ACK's controller found for a role, which may be in another namespace.
const fn ack_role(name: &'static str, namespace: &'static str) -> Join {
    Join {
        name,
        namespace: Some(namespace),
        only: None,
        group: Some(("iam.services.k8s.aws", "v1alpha1")),
        resource: "roles",
        role: RoleOf::Arn("status.ackResourceMetadata.arn"),
        is_last_word: true,
    }
}

/// The same for Crossplane's namespaced provider.
const fn upbound_role(name: &'static str, namespace: &'static str) -> Join {
    Join {
        name,
        namespace: Some(namespace),
        only: None,
        group: Some(("iam.aws.m.upbound.io", "v1beta1")),
        resource: "roles",
        role: RoleOf::Arn("status.atProvider.arn"),
        is_last_word: true,
    }
}

/// The role whose policies an object changes. Most roles are no job's.
const fn changed_role(name: &'static str, namespace: &'static str) -> Join {
    Join {
        role: RoleOf::SomeArn("status.atProvider.arn"),
        is_last_word: false,
        ..upbound_role(name, namespace)
    }
}

/// A role that Crossplane finds by its labels.
const fn selected_role(name: &'static str) -> Join {
    Join {
        namespace: None,
        role: RoleOf::Selected,
        ..upbound_role(name, "")
    }
}

const EMR: &[&str] = &["emrcontainers.services.k8s.aws"];
const EKS: &[&str] = &["eks.services.k8s.aws"];

const CROSSPLANE_EMR: &[&str] = &[
    "emrcontainers.aws.m.upbound.io",
    "emrcontainers.aws.upbound.io",
    "emrcontainers.aws.crossplane.io",
];
/// Objects of these groups have no namespace.
const CLUSTER_WIDE_EKS: &[&str] = &["eks.aws.upbound.io", "eks.aws.crossplane.io"];
const CROSSPLANE_IAM: &[&str] = &[
    "iam.aws.m.upbound.io",
    "iam.aws.upbound.io",
    "iam.aws.crossplane.io",
];

const ASSOCIATED_ACCOUNTS: &[&str] = &[
    "spec.forProvider.serviceAccount",
    "spec.initProvider.serviceAccount",
];
const ASSOCIATED_NAMESPACES: &[&str] =
    &["spec.forProvider.namespace", "spec.initProvider.namespace"];
const ASSOCIATED_ROLES: &[&str] = &[
    "spec.forProvider.roleArn",
    "spec.initProvider.roleArn",
    "spec.forProvider.targetRoleArn",
    "spec.initProvider.targetRoleArn",
];
const ASSOCIATIONS: &str = "crossplane-contrib/provider-upjet-aws package/crds/eks.aws.m.upbound.io_podidentityassociations.yaml";

/// The account and the role of an add-on of EKS, under both of its names.
const ADD_ON_ROLES: &[&str] = &[
    "spec.forProvider.serviceAccountRoleArn",
    "spec.initProvider.serviceAccountRoleArn",
    "spec.forProvider.serviceAccountRoleARN",
    "spec.forProvider.podIdentityAssociation[].roleArn",
    "spec.initProvider.podIdentityAssociation[].roleArn",
];

pub(super) const ROWS: &[Kind] = &[
    starts(
        EMR,
        &["jobruns"],
        "aws-controllers-k8s/emrcontainers-controller config/crd/bases/emrcontainers.services.k8s.aws_jobruns.yaml",
    )
    .roles(&["spec.executionRoleARN"])
    .joins(&[ack_role(
        "spec.executionRoleRef.from.name",
        "spec.executionRoleRef.from.namespace",
    )]),
    // It lets EMR run jobs in a namespace. Whose jobs, IAM says.
    nothing(
        EMR,
        &["virtualclusters"],
        "aws-controllers-k8s/emrcontainers-controller config/crd/bases/emrcontainers.services.k8s.aws_virtualclusters.yaml",
    )
    .no_secrets(),
    starts(
        EKS,
        &["podidentityassociations"],
        "aws-controllers-k8s/eks-controller config/crd/bases/eks.services.k8s.aws_podidentityassociations.yaml",
    )
    .accounts(&["spec.serviceAccount"])
    .account_namespaces(&["spec.namespace"])
    .roles(&["spec.roleARN", "spec.targetRoleARN"])
    .joins(&[
        ack_role("spec.roleRef.from.name", "spec.roleRef.from.namespace"),
        ack_role(
            "spec.targetRoleRef.from.name",
            "spec.targetRoleRef.from.namespace",
        ),
    ]),
    starts(
        EKS,
        &["addons"],
        "aws-controllers-k8s/eks-controller config/crd/bases/eks.services.k8s.aws_addons.yaml",
    )
    .roles(&[
        "spec.serviceAccountRoleARN",
        "spec.podIdentityAssociations[].roleARN",
    ])
    .joins(&[ack_role(
        "spec.serviceAccountRoleRef.from.name",
        "spec.serviceAccountRoleRef.from.namespace",
    )]),
    // What Fargate pulls images with.
    starts(
        EKS,
        &["fargateprofiles"],
        "aws-controllers-k8s/eks-controller config/crd/bases/eks.services.k8s.aws_fargateprofiles.yaml",
    )
    .other_roles(&["spec.podExecutionRoleARN"]),
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
    // The role that ACK takes for the objects of a namespace.
    starts(
        &["services.k8s.aws"],
        &["iamroleselectors"],
        "aws-controllers-k8s/runtime config/crd/bases/services.k8s.aws_iamroleselectors.yaml",
    )
    .other_roles(&["spec.arn"]),
    // It writes a field of an object into a Secret or a ConfigMap.
    nothing(
        &["services.k8s.aws"],
        &["fieldexports"],
        "aws-controllers-k8s/runtime config/crd/bases/services.k8s.aws_fieldexports.yaml",
    )
    .no_secrets(),
    starts(
        CROSSPLANE_EMR,
        &[],
        "crossplane-contrib/provider-aws package/crds/emrcontainers.aws.crossplane.io_jobruns.yaml; \
         crossplane-contrib/provider-upjet-aws package/crds/emrcontainers.aws.m.upbound.io_virtualclusters.yaml",
    )
    .roles(&[
        "spec.forProvider.executionRoleARN",
        "spec.forProvider.executionRoleArn",
        "spec.initProvider.executionRoleArn",
    ]),
    starts(
        &["eks.aws.m.upbound.io"],
        &["podidentityassociations"],
        ASSOCIATIONS,
    )
    .accounts(ASSOCIATED_ACCOUNTS)
    .account_namespaces(ASSOCIATED_NAMESPACES)
    .roles(ASSOCIATED_ROLES)
    .joins(&[
        upbound_role(
            "spec.forProvider.roleArnRef.name",
            "spec.forProvider.roleArnRef.namespace",
        ),
        upbound_role(
            "spec.initProvider.roleArnRef.name",
            "spec.initProvider.roleArnRef.namespace",
        ),
        upbound_role(
            "spec.forProvider.targetRoleArnRef.name",
            "spec.forProvider.targetRoleArnRef.namespace",
        ),
        upbound_role(
            "spec.initProvider.targetRoleArnRef.name",
            "spec.initProvider.targetRoleArnRef.namespace",
        ),
        selected_role("spec.forProvider.roleArnSelector"),
        selected_role("spec.initProvider.roleArnSelector"),
        selected_role("spec.forProvider.targetRoleArnSelector"),
        selected_role("spec.initProvider.targetRoleArnSelector"),
    ]),
    starts(
        CLUSTER_WIDE_EKS,
        &["podidentityassociations"],
        ASSOCIATIONS,
    )
    .accounts(ASSOCIATED_ACCOUNTS)
    .account_namespaces(ASSOCIATED_NAMESPACES)
    .roles(ASSOCIATED_ROLES),
    starts(
        &["eks.aws.m.upbound.io"],
        &["addons"],
        "crossplane-contrib/provider-upjet-aws package/crds/eks.aws.m.upbound.io_addons.yaml",
    )
    .roles(ADD_ON_ROLES)
    .joins(&[
        upbound_role(
            "spec.forProvider.serviceAccountRoleArnRef.name",
            "spec.forProvider.serviceAccountRoleArnRef.namespace",
        ),
        selected_role("spec.forProvider.serviceAccountRoleArnSelector"),
    ]),
    starts(
        CLUSTER_WIDE_EKS,
        &["addons"],
        "crossplane-contrib/provider-aws package/crds/eks.aws.crossplane.io_addons.yaml",
    )
    .roles(ADD_ON_ROLES),
    starts(
        &["eks.aws.m.upbound.io", "eks.aws.upbound.io"],
        &["fargateprofiles"],
        "crossplane-contrib/provider-upjet-aws package/crds/eks.aws.m.upbound.io_fargateprofiles.yaml",
    )
    .other_roles(&[
        "spec.forProvider.podExecutionRoleArn",
        "spec.initProvider.podExecutionRoleArn",
    ]),
    // The role's name is the annotation, or else the object's own name.
    starts(
        CROSSPLANE_IAM,
        &["roles"],
        "crossplane-contrib/provider-upjet-aws package/crds/iam.aws.m.upbound.io_roles.yaml",
    )
    .role_names(&[
        "metadata.annotations.crossplane.io/external-name",
        "metadata.name",
    ]),
    starts(
        CROSSPLANE_IAM,
        &["rolepolicies", "rolepolicyattachments", "instanceprofiles"],
        "crossplane-contrib/provider-upjet-aws package/crds/iam.aws.m.upbound.io_rolepolicies.yaml",
    )
    .role_names(&[
        "spec.forProvider.role",
        "spec.initProvider.role",
        "spec.forProvider.roleName",
    ])
    .joins(&[
        changed_role(
            "spec.forProvider.roleRef.name",
            "spec.forProvider.roleRef.namespace",
        ),
        changed_role(
            "spec.initProvider.roleRef.name",
            "spec.initProvider.roleRef.namespace",
        ),
    ]),
    // Other services of AWS have roles that are called execution roles, too.
    starts(
        &[
            "ecs.services.k8s.aws",
            "sagemaker.services.k8s.aws",
            "ecs.aws.m.upbound.io",
            "ecs.aws.upbound.io",
            "sagemaker.aws.m.upbound.io",
            "sagemaker.aws.upbound.io",
        ],
        &[],
        "aws-controllers-k8s/ecs-controller config/crd/bases/ecs.services.k8s.aws_taskdefinitions.yaml; \
         aws-controllers-k8s/sagemaker-controller config/crd/bases/sagemaker.services.k8s.aws_models.yaml",
    )
    .other_roles(&[
        "spec.executionRoleARN",
        "spec.forProvider.executionRoleArn",
        "spec.initProvider.executionRoleArn",
    ]),
];
