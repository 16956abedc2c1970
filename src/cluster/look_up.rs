//! Live look-ups of single objects that a rule needs for its decision.

use std::fmt::Write as _;
use std::time::Duration;

use http::{Request, StatusCode};
use kube::Client;
use rolegate_core::facts::{Known, Need};
use rolegate_core::json::Raw;
use rolegate_core::request::{Stored, view};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Objects looked up in the cluster, as JSON text.
#[derive(Debug, Default)]
pub struct Found(pub Vec<(Need, Known<String>)>);

impl Found {
    /// The objects, parsed. Text that is not JSON is unknown.
    #[must_use]
    pub fn stored(&self) -> Vec<(Need, Known<Stored<'_>>)> {
        fn read<'f>(need: &Need, known: &'f Known<String>) -> Known<Stored<'f>> {
            match known {
                Known::Is(text, age) => {
                    Raw::parse(text).map_or(Known::Unknown, |raw| Known::Is(need.stored(raw), *age))
                }
                Known::Absent(age) => Known::Absent(*age),
                Known::Unknown => Known::Unknown,
            }
        }
        let all = self.0.iter();
        all.map(|(need, known)| (need.clone(), read(need, known)))
            .collect()
    }
}

/// Longest time for all look-ups of a review together, so that the review
/// still meets its deadline.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Looks up all objects at once. An object is unknown if the API server does
/// not answer in time, or if rolegate may not read it.
pub async fn look_up(client: &Client, needs: Vec<Need>) -> Found {
    let mut tasks = JoinSet::new();
    for need in needs {
        let client = client.clone();
        tasks.spawn(async move {
            let all = timeout(TIMEOUT, follow(&client, need.clone())).await;
            all.unwrap_or_else(|_elapsed| {
                tracing::warn!(%need, "the look-up took too long; the object counts as unknown");
                vec![(need, Known::Unknown)]
            })
        });
    }
    Found(tasks.join_all().await.into_iter().flatten().collect())
}

/// The object, and the one that it names if the need says so.
async fn follow(client: &Client, need: Need) -> Vec<(Need, Known<String>)> {
    let known = get(client, &need).await;
    let next = match &known {
        Known::Is(text, _) => Raw::parse(text).ok().and_then(|raw| need.next(raw)),
        Known::Absent(_) | Known::Unknown => None,
    };
    let mut all = vec![(need, known)];
    if let Some(next) = next {
        let known = get(client, &next).await;
        all.push((next, known));
    }
    all
}

async fn get(client: &Client, need: &Need) -> Known<String> {
    let Ok(request) = Request::get(path(need)).body(Vec::new()) else {
        return Known::Unknown;
    };
    match client.request_text(request).await {
        // A part of a list could lack the very object that matters.
        Ok(text) if need.is_list() && is_partial(&text) => {
            tracing::warn!(%need, most = MOST_OF_A_LIST, "the list is too long; it counts as unknown");
            Known::Unknown
        }
        Ok(text) => Known::Is(text, Duration::ZERO),
        Err(kube::Error::Api(status)) if status.code == StatusCode::NOT_FOUND => {
            Known::Absent(Duration::ZERO)
        }
        Err(error) => {
            tracing::warn!(%need, %error, "the look-up failed; the object counts as unknown");
            Known::Unknown
        }
    }
}

/// As many objects as a list may have. Ten thousand bindings are some 8 MB.
const MOST_OF_A_LIST: u32 = 10_000;

/// Whether the API server says that there is more of a list.
fn is_partial(text: &str) -> bool {
    let more = Raw::parse(text)
        .ok()
        .and_then(|list| view::text_at(list, "metadata.continue"));
    more.is_some_and(|token| !token.is_empty())
}

/// The path of an object or of a list, such as
/// `/apis/apps/v1/namespaces/spark-a/deployments/gateway`. Names that the API
/// server has accepted need no escaping, but the text of a review may be
/// anything, so every other character is escaped.
fn path(need: &Need) -> String {
    let root = if need.group.is_empty() {
        "/api".to_owned()
    } else {
        format!("/apis/{}", escaped(&need.group))
    };
    let namespace = if need.namespace.is_empty() {
        String::new()
    } else {
        format!("/namespaces/{}", escaped(&need.namespace))
    };
    let which = if need.is_list() {
        format!("?limit={MOST_OF_A_LIST}")
    } else {
        format!("/{}", escaped(&need.name))
    };
    format!(
        "{root}/{}{namespace}/{}{which}",
        escaped(&need.version),
        escaped(&need.resource),
    )
}

fn escaped(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':') {
            out.push(char::from(byte));
        } else if byte == b'.' && part != "." && part != ".." {
            out.push('.');
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use kube::client::Body;
    use rolegate_core::facts::Further;

    #[test]
    fn paths() {
        for (need, expected) in [
            (
                Need::object("apps", "v1", "deployments", "spark-a", "gateway"),
                "/apis/apps/v1/namespaces/spark-a/deployments/gateway",
            ),
            (
                Need::object("", "v1", "nodes", "", "n1.x"),
                "/api/v1/nodes/n1.x",
            ),
            (
                Need::object("", "v1", "pods", "a", "../secrets/s?x=1#y"),
                "/api/v1/namespaces/a/pods/..%2Fsecrets%2Fs%3Fx%3D1%23y",
            ),
            (
                Need::object("", "v1", "pods", "..", "p"),
                "/api/v1/namespaces/%2E%2E/pods/p",
            ),
            (
                Need::all("rbac.authorization.k8s.io", "rolebindings", "a"),
                "/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings?limit=10000",
            ),
            (
                Need::all("", "namespaces", ""),
                "/api/v1/namespaces?limit=10000",
            ),
        ] {
            assert_eq!(path(&need), expected);
        }
    }

    static CLUSTER: Further = Further {
        field: "spec.deploymentName",
        resource: "deployments",
    };

    #[tokio::test]
    async fn found_absent_forbidden_and_silent() {
        let service = tower::service_fn(|request: Request<Body>| async move {
            let name = request
                .uri()
                .path()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            let (code, body) = match name.as_str() {
                "there" => (200, r#"{"kind":"Pod"}"#),
                "names" => (200, r#"{"spec":{"deploymentName":"there"}}"#),
                "gone" => (
                    404,
                    r#"{"kind":"Status","status":"Failure","code":404,"reason":"NotFound","message":""}"#,
                ),
                "silent" => std::future::pending().await,
                _ => (
                    403,
                    r#"{"kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":""}"#,
                ),
            };
            let response = Response::builder()
                .status(code)
                .body(Body::from(body.as_bytes().to_vec()));
            response.map_err(tower::BoxError::from)
        });
        let client = Client::new(service, "default");
        let need = |name| Need::object("", "v1", "pods", "a", name);
        let mut needs = ["there", "gone", "silent", "secret"].map(need).to_vec();
        needs.push(need("names").followed_by(&CLUSTER));
        let Found(mut found) = look_up(&client, needs).await;
        let followed = found
            .iter()
            .position(|(need, _)| need.resource == "deployments");
        let (need, known) = found.remove(followed.expect("what the object names"));
        assert_eq!(
            (need.name.as_str(), need.namespace.as_str()),
            ("there", "a")
        );
        assert!(matches!(known, Known::Is(..)), "{known:?}");
        found.retain(|(need, _)| need.name != "names");
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let known: Vec<_> = found
            .iter()
            .map(|(need, known)| (need.name.as_str(), known))
            .collect();
        let now = Duration::ZERO;
        assert_eq!(
            known,
            [
                ("gone", &Known::Absent(now)),
                ("secret", &Known::Unknown),
                ("silent", &Known::Unknown),
                ("there", &Known::Is(r#"{"kind":"Pod"}"#.to_owned(), now)),
            ]
        );
    }
}
