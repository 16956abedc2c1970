//! # pod-exec
//!
//! Denies exec, attach, port-forward, debug containers and proxy access to the pods
//! of a managed namespace, to everyone but administrators and EMR, unless the policy lets
//! submitters exec into pods of their own.
//!
//! ## What it stops
//!
//! - `kubectl exec`, `cp`, `attach`, `port-forward`: CONNECT on `pods/exec`,
//!   `pods/attach`, `pods/portforward`, with any HTTP method
//! - HTTP through the API server: CONNECT on `pods/proxy`, `services/proxy` and
//!   `nodes/proxy`. Requests to a node's kubelet (port 10250) for `metrics`, `stats`,
//!   `healthz` and `configz` are allowed
//! - `kubectl debug`: an added or changed ephemeral container
//!   (UPDATE of `pods/ephemeralcontainers`)
//! - any other subresource that can be connected to
//!
//! ## Why
//!
//! The pod holds the job's token. A person or program that runs a command in the
//! pod, or reaches its ports, can take the token to AWS STS and become the job's
//! execution role. AWS's security page asks administrators not to grant it:
//! "Kubernetes RBAC permissions to exec into Amazon EMR on EKS pods".
//!
//! ## What to do instead
//!
//! Read the job's logs (`kubectl logs`, CloudWatch or S3) and the Spark history
//! server. For an incident, ask a platform administrator, or for an exemption
//! with an end date in rolegate's policy.
//!
//! For pods that are no job's (Airflow reads a result in a container beside the task), the
//! policy may say `exec: true` in an entry of `submitters`. Then those whom it names may exec
//! (not attach, not forward ports) into the pods that they could have started themselves:
//! under a service account that is listed for them, with Secrets, volumes and tokens that they
//! may use. The request does not show the pod, so rolegate looks it up
//! (`--cluster`, docs/install.md); where it cannot, exec is denied, with the reason.
//!
//! ## What it does not see
//!
//! - Reads (`get pods`, `pods/log`): they never reach admission.
//! - Direct connections to a kubelet by somebody with `nodes/proxy` rights.

mod own;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Requester};
use crate::names::{PodName, is_sparks_pod, shown};
use crate::request::{Act, Path, ProxyTarget, ReviewError};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About =
    About::new("pod-exec", Severity::Critical, include_str!("pod_exec.rs"));

/// See the file's header.
pub(super) struct PodExec;

static ADVICE: Advice = Advice {
    why: "a job's pod holds the token that becomes its execution role, so access to the pod is \
          access to that role",
    instead: &[
        (
            &[Person],
            "read the logs (`kubectl logs`) or the Spark history server; for an incident ask a platform administrator",
        ),
        (
            &[Software, AddOn, Operator],
            "read the pod's logs and status, which need no connection; for an incident the platform team can write an entry under `exemptions` in rolegate's policy",
        ),
        (
            &[Emr],
            "see the job or the endpoint in the Amazon EMR console; EMR itself needs exec and port-forward only",
        ),
        (
            &[Job],
            "let the job's pods talk to each other over the network, by their Services and ports",
        ),
        (
            &[Workload],
            "look for software that works under this identity: Kubernetes connects to no pod by itself",
        ),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to exec into pods",
};

/// For exec into pods with no name of a job's. The others never meet it.
static ADVICE_ON_OTHERS: Advice = Advice {
    instead: &[
        (
            &[Person],
            "read the logs (`kubectl logs`); the platform team can allow exec into your own pods, which are no job's, by `exec: true` in your entry of `submitters` in rolegate's policy",
        ),
        (
            &[Software, AddOn],
            "read the pod's logs and status; software that execs into pods which it has started itself is listed under `submitters.users`, with `submitters.exec`, in rolegate's policy",
        ),
    ],
    ..ADVICE
};

/// Paths of a kubelet that only show the node's metrics and settings.
const HARMLESS_NODE_PATHS: [&str; 4] = ["metrics", "stats", "healthz", "configz"];

impl Rule for PodExec {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &ADVICE_ON_OTHERS];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some((action, verb)) = action(write) else {
            return Ok(());
        };
        if write.extent(action) == Extent::All || is_harmless(action, write)? {
            return Ok(());
        }
        let resource = write.target.resource();
        let object = resource.strip_suffix('s').unwrap_or(resource);
        let mut act = format!("{verb} {} {}", shown(object, 63), target(action, write));
        if action == Action::Exec && own::may_exec(write) {
            let Some(refused) = own::refusal(write, facts)? else {
                return Ok(());
            };
            act = format!("{act}: {refused}");
        }
        let mut finding = Finding::new(&ABOUT, advice(action, write), act);
        if action == Action::Debug {
            finding = finding.at(Path::root().key("spec").key("ephemeralContainers"));
        }
        findings.push(finding);
        Ok(())
    }
}

fn advice(action: Action, write: &Write<'_>) -> &'static Advice {
    let name = write.possible_name();
    let is_a_jobs = PodName::parse(name).job_id().is_some() || is_sparks_pod(name);
    match write.requester {
        Requester::Tenant(None) | Requester::Platform(_)
            if action == Action::Exec && !is_a_jobs =>
        {
            &ADVICE_ON_OTHERS
        }
        _ => &ADVICE,
    }
}

/// What the request does, as far as this rule goes.
fn action(write: &Write<'_>) -> Option<(Action, &'static str)> {
    let target = &write.target;
    let core = target.group().is_empty();
    Some(match (target.resource(), target.subresource()) {
        ("pods", "exec") if core => (Action::Exec, "exec into"),
        ("pods", "attach") if core => (Action::Attach, "attach to"),
        ("pods", "portforward") if core => (Action::PortForward, "forward ports of"),
        ("pods", "ephemeralcontainers") if core => (Action::Debug, "add a debug container to"),
        (_, "proxy") if core => (Action::Proxy, "proxy to"),
        _ if matches!(write.act, Act::Connect(_)) => (Action::Connect, "connect to"),
        _ => return None,
    })
}

/// What is allowed for every requester that RBAC allows.
fn is_harmless(action: Action, write: &Write<'_>) -> Result<bool, ReviewError> {
    Ok(match action {
        // From such a write the API server takes only the containers, so nothing
        // else can differ, wherever its version keeps them.
        Action::Debug => write.keeps_intent(),
        Action::Proxy if write.target.is("", "nodes") && is_kubelet(write) => {
            let Act::Connect(Some(options)) = write.act else {
                return Ok(false);
            };
            is_figures(&options.proxy_path()?)
        }
        _ => false,
    })
}

/// Whether a request to a node goes to its kubelet. Any other port may belong to a
/// pod with a host port.
fn is_kubelet(write: &Write<'_>) -> bool {
    let port = ProxyTarget::parse(write.possible_name()).port;
    matches!(port, None | Some("" | "10250"))
}

/// Whether a kubelet's path only reads metrics or settings. Anything that a kubelet
/// might take for another path (dots, escapes, empty segments) does not.
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
fn target(action: Action, write: &Write<'_>) -> String {
    if action != Action::Proxy {
        return write.what();
    }
    let name = write.name.shown();
    let target = ProxyTarget::parse(&name);
    let namespace = match write.target.namespace() {
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
