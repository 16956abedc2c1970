//! One resource against an API server that is made up: pages, events, bookmarks, a
//! version that is too old, and objects that cannot be read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use rolegate_core::facts::WATCHED;
use rolegate_core::rbac::RoleKey;
use serde_json::{Value, json};

use super::status::{State, Statuses};
use super::store::{self, Item, Store};
use super::watch;
use crate::runtime::Explain as _;

fn role(name: &str, version: u32, rules: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "a", "resourceVersion": version.to_string()}, "rules": rules})
}

fn rules() -> Value {
    json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
}

/// The answers by what is asked for; a watch stays open after its last event.
struct Server {
    asked: Mutex<Vec<String>>,
    lists: AtomicUsize,
}

impl Server {
    fn answer(&self, uri: &str) -> (u16, String) {
        self.asked.lock().expect("the test's").push(uri.to_owned());
        if !uri.starts_with("/apis/rbac.authorization.k8s.io/v1/roles?") {
            let gone = json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": ""});
            return (404, gone.to_string());
        }
        // In the order in which API servers write it.
        let line =
            |kind: &str, object: Value| format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n");
        let body = if uri.contains("resourceVersion=10") {
            [
                line("ADDED", role("later", 11, &rules())),
                line("MODIFIED", role("first", 12, &json!("no list"))),
                line("DELETED", role("second", 13, &rules())),
                line("BOOKMARK", json!({"kind": "Role", "apiVersion": "v1", "metadata": {"resourceVersion": "14"}})),
                line("ERROR", json!({"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old"})),
            ]
            .concat()
        } else if uri.contains("watch=true") {
            String::new()
        } else if uri.contains("continue=more") {
            json!({"metadata": {"resourceVersion": "10"}, "items": [
                role("second", 3, &rules()), role("bad", 4, &json!({"not": "a list"})),
            ]})
            .to_string()
        } else if self.lists.fetch_add(1, Ordering::Relaxed) == 0 {
            let metadata = json!({"resourceVersion": "10", "continue": "more"});
            json!({"metadata": metadata, "items": [role("first", 2, &rules())]}).to_string()
        } else {
            json!({"metadata": {"resourceVersion": "20"}, "items": [role("new", 20, &rules())]})
                .to_string()
        };
        (200, body)
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_listed_watched_and_listed_again() {
    let server = Arc::new(Server {
        asked: Mutex::default(),
        lists: AtomicUsize::new(0),
    });
    let answers = Arc::clone(&server);
    let service = tower::service_fn(move |request: Request<Body>| {
        let uri = request.uri().to_string();
        let (code, body) = answers.answer(&uri);
        let response = Response::builder()
            .status(code)
            .body(Body::from(body.into_bytes()));
        async move { response.map_err(tower::BoxError::from) }
    });
    let client = Client::new(service, "default");
    let (store, statuses) = (Arc::new(Store::default()), Arc::new(Statuses::default()));
    let place = |resource| {
        WATCHED
            .iter()
            .position(|one| one.asked.resource == resource)
    };
    let (roles, absent) = (place("roles"), place("mutatingadmissionpolicies"));
    let (roles, absent) = (roles.expect("roles"), absent.expect("policies"));
    for index in [roles, absent] {
        let parts = (client.clone(), Arc::clone(&store), Arc::clone(&statuses));
        tokio::spawn(async move {
            let (client, store, statuses) = parts;
            watch::keep(&client, index, &store, &statuses).await;
        });
    }
    let names = || -> Vec<String> {
        let view = store.view();
        let mut names: Vec<_> = view
            .graph
            .roles()
            .map(|role| role.key.name.to_string())
            .collect();
        names.sort();
        names
    };
    // The clock stands still until everybody waits, so this is after the watch has ended
    // and before the next list.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        names(),
        ["later"],
        "changed to what cannot be read, deleted, added"
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(names(), ["new"]);
    let key = RoleKey {
        namespace: "a".into(),
        name: "new".into(),
    };
    assert!(store.view().graph.role(&key).is_some());

    assert_eq!(statuses.state(roles), State::Known);
    assert_eq!(statuses.state(absent), State::NotServed);
    assert!(statuses.age_of_rights().is_none(), "bindings are not known");
    let mut text = String::new();
    statuses.explain(&mut text);
    assert!(text.contains("[+]view/roles ok: 1 objects"), "{text}");
    assert!(
        text.contains("[-]view/namespaces: not listed yet"),
        "{text}"
    );
    assert!(
        text.contains("view/mutatingadmissionpolicies ok: this cluster has no such"),
        "{text}"
    );
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Arc::clone(&statuses)));
    let mut metrics = String::new();
    encode(&mut metrics, &registry).expect("metrics");
    for line in [
        "rolegate_view_objects{resource=\"roles\"} 1",
        "rolegate_view_state{resource=\"mutatingadmissionpolicies\",state=\"not_served\"} 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let asked = server.asked.lock().expect("the test's").clone();
    let policies = asked
        .iter()
        .filter(|uri| uri.contains("mutatingadmissionpolicies"));
    let versions: Vec<_> = policies
        .map(|uri| uri.split('/').nth(3).unwrap_or_default())
        .collect();
    assert_eq!(versions, ["v1", "v1beta1", "v1alpha1"]);
}

/// Tenants write roles and bindings: together they get no more room than this.
#[test]
fn there_is_an_end_to_what_is_kept() {
    let store = Store::default();
    assert!(store.take(100 << 20, 0));
    assert!(!store.take(100 << 20, 0), "too much together");
    assert!(store.take(150 << 20, 100 << 20), "in place of the first");
    store.give_back(150 << 20);
    assert!(store.take(190 << 20, 0));

    let text = json!({"metadata": {"name": "r"}, "rules": rules()}).to_string();
    let item = Item::read(&text).expect("a role");
    let place = |resource| {
        WATCHED
            .iter()
            .position(|one| one.asked.resource == resource)
    };
    let room = |resource| store::room(place(resource).expect("watched"), &item);
    assert!((300..2000).contains(&room("roles")), "{}", room("roles"));
    assert_eq!(room("mutatingwebhookconfigurations"), 0);
}

/// With the rights of `manifests/lookups` a resource can be listed and not watched: it is
/// not known, that is said once, and it is not listed again and again.
#[tokio::test(start_paused = true)]
async fn what_may_only_be_listed_is_not_known() {
    let lists = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lists);
    let service = tower::service_fn(move |request: Request<Body>| {
        let watches = request.uri().to_string().contains("watch=true");
        let (code, body) = if watches {
            (
                403,
                json!({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"}),
            )
        } else {
            counted.fetch_add(1, Ordering::Relaxed);
            (
                200,
                json!({"metadata": {"resourceVersion": "10"}, "items": [role("first", 2, &rules())]}),
            )
        };
        let response = Response::builder()
            .status(code)
            .body(Body::from(body.to_string().into_bytes()));
        async move { response.map_err(tower::BoxError::from) }
    });
    let client = Client::new(service, "default");
    let (store, statuses) = (Arc::new(Store::default()), Arc::new(Statuses::default()));
    let roles = WATCHED.iter().position(|one| one.asked.resource == "roles");
    let roles = roles.expect("roles");
    let parts = (Arc::clone(&store), Arc::clone(&statuses));
    tokio::spawn(async move { watch::keep(&client, roles, &parts.0, &parts.1).await });
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(statuses.state(roles), State::NotGranted);
    assert_eq!(store.view().graph.roles().count(), 0);
    tokio::time::sleep(Duration::from_hours(3)).await;
    assert_eq!(statuses.state(roles), State::NotGranted);
    assert_eq!(lists.load(Ordering::Relaxed), 1);
}
