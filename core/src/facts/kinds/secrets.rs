//! Objects whose controller reads Secrets for their author, and starts no pods. Some have it
//! log in with the token of a service account.

use super::row::{Kind, nothing, starts};

pub(super) const ROWS: &[Kind] = &[
    // Gateways and routes: certificates, which they show to nobody, and credentials.
    nothing(
        &["networking.k8s.io", "extensions"],
        &["ingresses"],
        "kubernetes/api networking/v1/types.go; kubernetes/ingress-nginx \
         docs/user-guide/nginx-configuration/annotations.md; kubernetes-sigs/aws-load-balancer-controller \
         docs/guide/ingress/annotations.md",
    )
    .secrets_in(&["spec.tls[].secretName"])
    .secret_annotations()
    .keeps_secrets(),
    nothing(
        &["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"],
        &["gateways", "listenersets", "xlistenersets"],
        "kubernetes-sigs/gateway-api apis/v1/gateway_types.go",
    )
    .secrets_in(&[
        "spec.listeners[].tls.certificateRefs[].name",
        "spec.backendTLS.clientCertificateRef.name",
        "spec.tls.backend.clientCertificateRef.name",
    ])
    .keeps_secrets(),
    nothing(
        &["traefik.io", "traefik.containo.us"],
        &["ingressroutes", "ingressroutetcps"],
        "traefik/traefik docs/content/reference/dynamic-configuration/kubernetes-crd.md",
    )
    .secrets_in(&["spec.tls.secretName"])
    .keeps_secrets(),
    nothing(
        &["traefik.io", "traefik.containo.us"],
        &["tlsstores"],
        "traefik/traefik docs/content/reference/dynamic-configuration/kubernetes-crd.md",
    )
    .secrets_in(&[
        "spec.defaultCertificate.secretName",
        "spec.certificates[].secretName",
    ])
    .keeps_secrets(),
    nothing(
        &["traefik.io", "traefik.containo.us"],
        &["middlewares", "middlewaretcps", "serverstransports", "serverstransporttcps", "tlsoptions"],
        "traefik/traefik docs/content/reference/dynamic-configuration/kubernetes-crd.md",
    )
    .secrets_in(&[
        "spec.basicAuth.secret",
        "spec.digestAuth.secret",
        "spec.forwardAuth.tls.caSecret",
        "spec.forwardAuth.tls.certSecret",
        "spec.certificatesSecrets[]",
        "spec.rootCAsSecrets[]",
        "spec.clientAuth.secretNames[]",
    ]),
    nothing(
        &["projectcontour.io"],
        &["httpproxies"],
        "projectcontour/contour apis/projectcontour/v1/httpproxy.go",
    )
    .secrets_in(&["spec.virtualhost.tls.secretName"])
    .keeps_secrets(),
    nothing(
        &["networking.istio.io"],
        &["gateways"],
        "istio/api networking/v1/gateway.proto",
    )
    .secrets_in(&["spec.servers[].tls.credentialName"])
    .keeps_secrets(),
    nothing(
        &["networking.istio.io"],
        &["destinationrules"],
        "istio/api networking/v1/destination_rule.proto",
    )
    .secrets_in(&[
        "spec.trafficPolicy.tls.credentialName",
        "spec.trafficPolicy.portLevelSettings[].tls.credentialName",
        "spec.subsets[].trafficPolicy.tls.credentialName",
    ])
    .keeps_secrets(),
    nothing(
        &["k8s.nginx.org"],
        &["policies", "virtualservers", "virtualserverroutes", "transportservers"],
        "nginx/kubernetes-ingress pkg/apis/configuration/v1/types.go",
    )
    .secrets_also_in(&[
        "spec.tls.secret",
        "spec.jwt.secret",
        "spec.basicAuth.secret",
        "spec.oidc.clientSecret",
        "spec.apiKey.clientSecret",
        "spec.egressMTLS.trustedCertSecret",
    ]),
    // Certificates. What `privateKeySecretRef` and a Certificate's `secretName` name is
    // written; an issuer logs in elsewhere with what its other fields name, also with the
    // token of a service account (`serviceAccountRef`).
    starts(
        &["cert-manager.io"],
        &["issuers", "clusterissuers"],
        "cert-manager/cert-manager deploy/crds/cert-manager.io_issuers.yaml",
    )
    .accounts(&[
        "spec.vault.auth.kubernetes.serviceAccountRef.name",
        "spec.vault.auth.aws.serviceAccountRef.name",
        "spec.acme.solvers[].dns01.route53.auth.kubernetes.serviceAccountRef.name",
    ])
    .logs_in()
    .secrets_also_in(&[
        "spec.venafi.tpp.credentialsRef.name",
        "spec.venafi.ngts.credentialsRef.name",
    ]),
    starts(
        &["acme.cert-manager.io"],
        &["challenges"],
        "cert-manager/cert-manager deploy/crds/acme.cert-manager.io_challenges.yaml",
    )
    .accounts(&["spec.solver.dns01.route53.auth.kubernetes.serviceAccountRef.name"])
    .logs_in(),
    nothing(
        &["cert-manager.io"],
        &["certificates"],
        "cert-manager/cert-manager pkg/apis/certmanager/v1/types_certificate.go",
    )
    .secrets_in(&[
        "spec.keystores.jks.passwordSecretRef.name",
        "spec.keystores.pkcs12.passwordSecretRef.name",
    ]),
    // Stores outside the cluster. External Secrets asks a token of the service account, for
    // AWS among others, and reads what the account's role may read.
    starts(
        &["external-secrets.io"],
        &["secretstores", "clustersecretstores"],
        "external-secrets/external-secrets deploy/crds/bundle.yaml",
    )
    .accounts(&[
        "spec.provider.aws.auth.jwt.serviceAccountRef.name",
        "spec.provider.kubernetes.auth.serviceAccount.name",
        "spec.provider.vault.auth.iam.jwt.serviceAccountRef.name",
        "spec.provider.vault.auth.jwt.kubernetesServiceAccountToken.serviceAccountRef.name",
        "spec.provider.vault.auth.kubernetes.serviceAccountRef.name",
    ])
    .logs_in()
    .other_roles(&[
        "spec.provider.aws.role",
        "spec.provider.aws.additionalRoles[]",
    ])
    .secret_key_selectors(),
    starts(
        &["generators.external-secrets.io"],
        &[
            "ecrauthorizationtokens",
            "stssessiontokens",
            "gcraccesstokens",
            "acraccesstokens",
            "cloudsmithaccesstokens",
            "quayaccesstokens",
            "vaultdynamicsecrets",
        ],
        "external-secrets/external-secrets deploy/crds/bundle.yaml",
    )
    .logs_in()
    .other_roles(&["spec.role"])
    .secret_key_selectors(),
    nothing(
        &["generators.external-secrets.io"],
        &[
            "grafanas",
            "githubaccesstokens",
            "gitlabdeploytokens",
            "webhooks",
            "mfas",
            "beyondtrustworkloadcredentialsdynamicsecrets",
        ],
        "external-secrets/external-secrets deploy/crds/bundle.yaml",
    )
    .secret_key_selectors(),
    // HashiCorp's operator logs in to Vault.
    starts(
        &["secrets.hashicorp.com"],
        &["vaultauths", "vaultauthglobals"],
        "hashicorp/vault-secrets-operator config/crd/bases/secrets.hashicorp.com_vaultauths.yaml",
    )
    .accounts(&[
        "spec.kubernetes.serviceAccount",
        "spec.jwt.serviceAccount",
        "spec.aws.irsaServiceAccount",
        "spec.gcp.workloadIdentityServiceAccount",
    ])
    .logs_in(),
    nothing(
        &["secrets.hashicorp.com"],
        &[
            "vaultstaticsecrets",
            "vaultdynamicsecrets",
            "vaultpkisecrets",
            "secrettransformations",
        ],
        "hashicorp/vault-secrets-operator config/crd/bases/secrets.hashicorp.com_vaultstaticsecrets.yaml",
    )
    .no_secrets(),
    // KEDA logs in to what it counts by, also with a token that it asks.
    starts(
        &["keda.sh"],
        &["triggerauthentications", "clustertriggerauthentications"],
        "kedacore/keda config/crd/bases/keda.sh_triggerauthentications.yaml",
    )
    .accounts(&[
        "spec.boundServiceAccountToken[].serviceAccountName",
        "spec.hashiCorpVault.credential.serviceAccountName",
        "spec.hashiCorpVault.credential.serviceAccount",
    ])
    .logs_in(),
    nothing(
        &["external-secrets.io"],
        &["pushsecrets", "clusterpushsecrets"],
        "external-secrets/external-secrets apis/externalsecrets/v1alpha1/pushsecret_types.go",
    )
    .secrets_in(&[
        "spec.selector.secret.name",
        "spec.pushSecretSpec.selector.secret.name",
        "spec.template.templateFrom[].secret.name",
    ])
    .secret_selectors(&["spec.selector.secret.selector"]),
    nothing(
        &["external-secrets.io"],
        &["externalsecrets", "clusterexternalsecrets"],
        "external-secrets/external-secrets apis/externalsecrets/v1/externalsecret_types.go",
    )
    .secrets_in(&["spec.target.template.templateFrom[].secret.name"]),
    // Metrics and alerts: what Prometheus logs in with goes to any address that the
    // author names.
    nothing(
        &["monitoring.coreos.com"],
        &[
            "servicemonitors",
            "podmonitors",
            "probes",
            "scrapeconfigs",
            "alertmanagerconfigs",
        ],
        "prometheus-operator/prometheus-operator Documentation/api-reference/api.md",
    )
    .secret_key_selectors(),
    nothing(
        &["operator.victoriametrics.com"],
        &[
            "vmservicescrapes",
            "vmpodscrapes",
            "vmprobes",
            "vmstaticscrapes",
            "vmscrapeconfigs",
            "vmnodescrapes",
            "vmalertmanagerconfigs",
        ],
        "VictoriaMetrics/operator docs/api.md",
    )
    .secret_key_selectors(),
    nothing(
        &["grafana.integreatly.org"],
        &["grafanadatasources", "grafanacontactpoints"],
        "grafana/grafana-operator deploy/kustomize/base/crds.yaml",
    ),
    // A dashboard is fetched with a password, from where the object says, and may show a
    // Secret.
    nothing(
        &["grafana.integreatly.org"],
        &["grafanadashboards", "grafanalibrarypanels"],
        "grafana/grafana-operator deploy/kustomize/base/crds.yaml",
    )
    .secrets_in(&[
        "spec.envFrom[].secretKeyRef.name",
        "spec.envs[].valueFrom.secretKeyRef.name",
        "spec.oci.pullSecretRef.name",
        "spec.urlAuthorization.basicAuth.username.name",
        "spec.urlAuthorization.basicAuth.password.name",
    ]),
    // The password of a new user of Kafka, of which the operator makes a copy.
    nothing(
        &["kafka.strimzi.io"],
        &["kafkausers"],
        "strimzi/strimzi-kafka-operator packaging/install/user-operator/04-Crd-kafkauser.yaml",
    )
    .secrets_in(&["spec.authentication.password.valueFrom.secretKeyRef.name"]),
    // Flux logs in as the service account that `serviceAccountName` names.
    starts(
        &["notification.toolkit.fluxcd.io"],
        &[],
        "fluxcd/notification-controller config/crd/bases/notification.toolkit.fluxcd.io_providers.yaml",
    )
    .accounts(&["spec.serviceAccountName"])
    .logs_in(),
    starts(
        &["source.toolkit.fluxcd.io", "image.toolkit.fluxcd.io"],
        &[],
        "fluxcd/source-controller config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml",
    )
    .accounts(&["spec.serviceAccountName"])
    .logs_in(),
    // Flux applies what they hold in the name of that service account.
    starts(
        &["helm.toolkit.fluxcd.io"],
        &["helmreleases"],
        "fluxcd/helm-controller config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml",
    )
    .logins(&["spec.serviceAccountName"]),
    starts(
        &["kustomize.toolkit.fluxcd.io"],
        &["kustomizations"],
        "fluxcd/kustomize-controller config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
    )
    .logins(&["spec.serviceAccountName", "spec.decryption.serviceAccountName"]),
];
