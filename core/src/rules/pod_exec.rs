//! # pod-exec
//!
//! Nobody but administrators and EMR itself gets into a running pod of a
//! managed namespace.
//!
//! ## What it stops
//!
//! - `kubectl exec`, `cp`, `attach`, `port-forward`: CONNECT on `pods/exec`,
//!   `pods/attach`, `pods/portforward`, whatever the HTTP method
//! - HTTP through the API server: CONNECT on `pods/proxy`, `services/proxy` and
//!   `nodes/proxy`. Of a node's kubelet (port 10250), `metrics`, `stats`,
//!   `healthz` and `configz` pass
//! - `kubectl debug`: an added or changed ephemeral container
//!   (UPDATE of `pods/ephemeralcontainers`)
//! - any other subresource one can connect to
//!
//! ## Why
//!
//! The pod holds the job's token. Whoever runs a command in it, or reaches its
//! ports, can take the token to AWS STS and become the job's execution role.
//! AWS's security page asks not to grant it: "Kubernetes RBAC permissions to
//! exec into Amazon EMR on EKS pods".
//!
//! ## What to do instead
//!
//! Read the job's logs (`kubectl logs`, CloudWatch or S3) and the Spark history
//! server. For an incident, ask a platform administrator, or for an exemption
//! with an end date in rolegate's policy.
//!
//! ## What it does not see
//!
//! Reads (`get pods`, `pods/log`) never reach admission, nor does whoever talks
//! to a kubelet directly with `nodes/proxy` rights.

use crate::facts::{Action, Extent, Subject};
use crate::names::shown;
use crate::request::{Operation, ProxyTarget, ReviewError, change, view};

use super::shared::page;
use super::{Finding, Rule};
use crate::policy::RuleId;

/// See the file's header.
pub(super) struct PodExec;

const WHY: &str = "a job's pod holds the token that becomes its execution role, so whoever gets \
                   into the pod becomes that role";
const INSTEAD: &str = "read the logs (`kubectl logs`) or the Spark history server; for an \
                       incident ask a platform administrator";
const SOURCE: &str = "Amazon EMR on EKS security best practices: permissions to exec into pods";

/// What reading a node's own figures needs.
const HARMLESS_NODE_PATHS: [&str; 4] = ["metrics", "stats", "healthz", "configz"];

impl Rule for PodExec {
    fn id(&self) -> RuleId {
        RuleId::PodExec
    }

    fn page(&self) -> String {
        page::from_source(include_str!("pod_exec.rs"))
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
        let Some((action, verb)) = action(subject) else {
            return Ok(());
        };
        if subject.extent(action) == Extent::All || is_harmless(action, subject)? {
            return Ok(());
        }
        let resource = subject.request.resource.resource.as_str();
        let object = resource.strip_suffix('s').unwrap_or(resource);
        findings.push(Finding {
            rule: RuleId::PodExec,
            seen: format!(
                "{} may not {verb} {} {}",
                subject.who(),
                shown(object, 63),
                target(action, subject)
            ),
            path: (action == Action::Debug).then(|| "spec.ephemeralContainers".to_owned()),
            why: WHY,
            instead: INSTEAD.into(),
            source: SOURCE,
        });
        Ok(())
    }
}

/// What the request does, as far as this rule goes.
fn action(subject: &Subject<'_>) -> Option<(Action, &'static str)> {
    let request = subject.request;
    let core = request.resource.group.is_empty();
    Some(
        match (request.resource.resource.as_str(), request.sub_resource()) {
            ("pods", "exec") if core => (Action::Exec, "exec into"),
            ("pods", "attach") if core => (Action::Attach, "attach to"),
            ("pods", "portforward") if core => (Action::PortForward, "forward ports of"),
            ("pods", "ephemeralcontainers") if core => (Action::Debug, "add a debug container to"),
            (_, "proxy") if core => (Action::Proxy, "proxy to"),
            _ if request.operation == Operation::Connect => (Action::Connect, "connect to"),
            _ => return None,
        },
    )
}

/// What passes for everybody whom RBAC lets through.
fn is_harmless(action: Action, subject: &Subject<'_>) -> Result<bool, ReviewError> {
    let request = subject.request;
    Ok(match action {
        // The API server takes nothing but the containers from such a write, so
        // all that differs are they, wherever its version keeps them.
        Action::Debug if request.operation == Operation::Update => {
            change::same_intent(Some(request.old_object()?), Some(request.object()?))
        }
        Action::Proxy if request.resource.is("", "nodes") && is_kubelet(subject) => request
            .object
            .map(view::proxy_path)
            .transpose()?
            .is_some_and(|path| is_figures(&path)),
        _ => false,
    })
}

/// Whether a request to a node goes to its kubelet. At any other port listens
/// what has a host port there, and that can be a job's pod.
fn is_kubelet(subject: &Subject<'_>) -> bool {
    let name = subject.name.sample();
    let port = ProxyTarget::parse(&name).port;
    matches!(port, None | Some("" | "10250"))
}

/// Whether a node's path reads figures only. Anything that a kubelet might
/// take for another path (dots, escapes, empty segments) is refused.
fn is_figures(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let plain = |segment: &str| {
        segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            && segment != "."
            && segment != ".."
    };
    segments
        .next()
        .is_some_and(|first| HARMLESS_NODE_PATHS.contains(&first))
        && segments.all(plain)
        && !path.contains("//")
}

/// The object for the sentence; a proxy names a port and a path too.
fn target(action: Action, subject: &Subject<'_>) -> String {
    if action != Action::Proxy {
        return subject.what();
    }
    let name = subject.name.shown();
    let target = ProxyTarget::parse(&name);
    let namespace = match subject.request.namespace() {
        "" => String::new(),
        namespace => format!("{}/", shown(namespace, 63)),
    };
    match target.port.filter(|port| !port.is_empty()) {
        Some(port) => format!("{namespace}{} on port {port}", target.name),
        None => format!("{namespace}{}", target.name),
    }
}

#[cfg(test)]
mod tests {
    use super::is_figures;

    #[test]
    fn node_paths() {
        for (path, harmless) in [
            ("metrics", true),
            ("/metrics/cadvisor", true),
            ("stats/summary", true),
            ("healthz", true),
            ("/configz", true),
            ("metrics/", true),
            ("", false),
            ("/", false),
            ("//metrics", false),
            ("metrics/../exec/ns/pod/c", false),
            ("metrics/..", false),
            ("metrics//exec", false),
            ("metrics/%2e%2e/exec", false),
            ("metrics;x", false),
            ("Metrics", false),
            ("metricsx", false),
            ("exec/ns/pod/c", false),
            ("run/ns/pod/c", false),
            ("pods", false),
            ("containerLogs/ns/pod/c", false),
            ("debug/pprof", false),
            ("./metrics", false),
            ("metrics?x=/../exec", false),
        ] {
            assert_eq!(is_figures(path), harmless, "{path}");
        }
    }
}
