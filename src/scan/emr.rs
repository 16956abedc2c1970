//! Whether Amazon EMR's identity was seen by a running rolegate.

use http::Request;
use kube::Client;
use serde_json::Value;

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emr {
    /// Requests of EMR since the replicas started.
    Seen(u64),
    /// rolegate serves, and has seen none.
    NotSeen,
    /// Why nobody knows.
    Unknown(String),
}

const PODS: &str = "/api/v1/pods?labelSelector=app.kubernetes.io%2Fname%3Drolegate";
/// The port of `--health-listen` in the shipped manifests.
const PORT: u16 = 8081;

/// Reads the metrics of rolegate's pods through the API server.
pub async fn emr_seen(client: &Client) -> Emr {
    let get = |path: String| async move {
        let request = Request::get(path).body(Vec::new()).ok();
        match request {
            Some(request) => client
                .request_text(request)
                .await
                .map_err(|error| error.to_string()),
            None => Err("its address is not valid".to_owned()),
        }
    };
    let pods = match get(PODS.to_owned()).await {
        Ok(text) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
        Err(error) => return Emr::Unknown(format!("cannot list rolegate's pods: {error}")),
    };
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    let mut seen = 0;
    let mut problem = (pods.is_empty())
        .then(|| "no pod with the label app.kubernetes.io/name=rolegate runs".to_owned());
    for pod in &pods {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{PORT}/proxy/metrics");
        match get(path).await {
            Ok(text) => seen += of_emr(&text),
            Err(error) => problem = Some(format!("cannot read the metrics of pod {name}: {error}")),
        }
    }
    match (seen, problem) {
        (0, None) => Emr::NotSeen,
        (0, Some(problem)) => Emr::Unknown(problem),
        (seen, _) => Emr::Seen(seen),
    }
}

/// The requests of EMR, of the text of `/metrics`.
fn of_emr(metrics: &str) -> u64 {
    let start = r#"rolegate_requesters_total{class="emr-service"} "#;
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(start));
    lines
        .filter_map(|number| number.trim().parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_metric_of_emr() {
        let text = "# TYPE rolegate_requesters counter\n\
             rolegate_requesters_total{class=\"tenant\"} 9\n\
             rolegate_requesters_total{class=\"emr-service\"} 3\n# EOF\n";
        assert_eq!(super::of_emr(text), 3);
        assert_eq!(super::of_emr("# EOF\n"), 0);
    }
}
