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
        "cert-manager/cert-manager pkg/apis/certmanager/v1/types_issuer.go",
    )
    .accounts(&[
        "spec.vault.auth.kubernetes.serviceAccountRef.name",
        "spec.acme.solvers[].dns01.route53.auth.kubernetes.serviceAccountRef.name",
    ])
    .secrets_also_in(&["spec.venafi.tpp.credentialsRef.name"]),
    starts(
        &["acme.cert-manager.io"],
        &["challenges"],
        "cert-manager/cert-manager pkg/apis/acme/v1/types_challenge.go",
    )
    .accounts(&["spec.solver.dns01.route53.auth.kubernetes.serviceAccountRef.name"]),
    nothing(
        &["cert-manager.io"],
        &["certificates"],
        "cert-manager/cert-manager pkg/apis/certmanager/v1/types_certificate.go",
    )
    .secrets_in(&[
        "spec.keystores.jks.passwordSecretRef.name",
        "spec.keystores.pkcs12.passwordSecretRef.name",
    ]),
    // Stores outside the cluster.
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
        "grafana/grafana-operator docs/docs/api.md",
    ),
    // Flux logs in as the service account that `serviceAccountName` names.
    starts(
        &["notification.toolkit.fluxcd.io"],
        &[],
        "fluxcd/notification-controller docs/spec/v1beta3/providers.md",
    )
    .accounts(&["spec.serviceAccountName"]),
    starts(
        &["source.toolkit.fluxcd.io", "image.toolkit.fluxcd.io"],
        &[],
        "fluxcd/source-controller docs/spec/v1/gitrepositories.md",
    )
    .accounts(&["spec.serviceAccountName"]),
];
