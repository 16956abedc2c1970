//! Audiences of tokens: AWS's, and those that stay in the cluster.

/// Whether AWS could take a token for this audience: STS (in any region and
/// partition), EKS Pod Identity, the cluster's own OIDC issuer.
pub(super) fn is_aws(audience: &str) -> bool {
    audience
        .as_bytes()
        .windows("amazonaws".len())
        .any(|part| part.eq_ignore_ascii_case(b"amazonaws"))
}

/// Whether only the cluster itself accepts a token for this audience: the API
/// server, which is also the empty audience, and the certificate authorities of
/// service meshes, whose sidecars every pod gets.
pub(super) fn is_internal(audience: &str) -> bool {
    if is_aws(audience) {
        return false;
    }
    let host = audience.strip_prefix("https://").unwrap_or(audience);
    let api_server = host
        .strip_prefix("kubernetes.default.svc")
        .is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with('.')
                    && rest
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        });
    // istio/istio, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml;
    // linkerd/linkerd2, charts/partials/templates/_volumes.tpl;
    // dapr/dapr, pkg/injector/patcher/sidecar_volumes.go.
    audience.is_empty()
        || api_server
        || matches!(audience, "istio-ca" | "identity.l5d.io")
        || audience.starts_with("spiffe://")
}

#[cfg(test)]
mod tests {
    use super::{is_aws, is_internal};

    #[test]
    fn audiences() {
        for (audience, aws, internal) in [
            ("", false, true),
            ("https://kubernetes.default.svc", false, true),
            ("https://kubernetes.default.svc.cluster.local", false, true),
            ("kubernetes.default.svc.corp.example", false, true),
            ("istio-ca", false, true),
            ("identity.l5d.io", false, true),
            ("spiffe://td/ns/dapr-system/dapr-sentry", false, true),
            ("sts.amazonaws.com", true, false),
            ("STS.AmazonAWS.com", true, false),
            ("sts.eu-west-1.amazonaws.com", true, false),
            ("sts.cn-north-1.amazonaws.com.cn", true, false),
            ("pods.eks.amazonaws.com", true, false),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/X", true, false),
            ("https://kubernetes.default.svc.amazonaws.com", true, false),
            ("spiffe://sts.amazonaws.com", true, false),
            ("https://kubernetes.default.svc@vault", false, false),
            ("https://kubernetes.default.svcx", false, false),
            ("https://kubernetes.default.svc.x/y", false, false),
            ("vault", false, false),
            ("amazonaw", false, false),
        ] {
            assert_eq!(
                (is_aws(audience), is_internal(audience)),
                (aws, internal),
                "{audience}"
            );
        }
    }
}
