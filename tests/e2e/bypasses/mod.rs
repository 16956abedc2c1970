//! Every row of `docs/bypasses.md` that says closed, on a real API server: it
//! works where rolegate is not, and where it enforces it is refused in the words
//! of the rule that the row names. With that rule off, the row fails.
//!
//! | module | gives |
//! |---|---|
//! | `adoption` | what the real controllers make of E1 and E2 |
//! | `rows` | the rows, each with its ways |
//! | `ways` | the requests that are more than one line of `docs/coverage.md` |
//!
//! Rows that an in-tree policy closes have their tests in `guards`.

mod adoption;
mod rows;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::coverage;
use crate::coverage::probes::{Place, driver, driver_pod, driver_service};
use crate::coverage::stage::stage;
use crate::harness::accounts::pod;
use crate::harness::audit::annotation;
use crate::harness::wait;

use rows::ROWS;
use ways::Way;
pub(crate) use ways::kinds::{ALL as KINDS, FLINK, SESSION_JOB};
pub(crate) use ways::parts::gateways_deployment;

const PAGE: &str = include_str!("../../../docs/bypasses.md");

/// Number, state and who closes it, of every row of the page.
fn page() -> BTreeMap<String, (String, String)> {
    PAGE.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let number = *cells.first()?;
            let digits = number.get(1..)?;
            let is_row = number.starts_with(|c: char| c.is_ascii_uppercase())
                && digits.parse::<u8>().is_ok();
            is_row.then(|| {
                (
                    number.to_owned(),
                    (cells[2].to_owned(), cells[3].to_owned()),
                )
            })
        })
        .collect()
}

/// The maps of the modules that test rows outside of this one: each names the
/// rows it tests.
const MAPS: [&str; 4] = [
    include_str!("../guards/mod.rs"),
    include_str!("../chaining/mod.rs"),
    include_str!("../edge.rs"),
    include_str!("../modes/mod.rs"),
];

/// Whether the map of another module names the row, as a whole word.
fn is_tested_elsewhere(number: &str) -> bool {
    let words = |map: &'static str| map.split(|c: char| !c.is_ascii_alphanumeric());
    MAPS.into_iter().flat_map(words).any(|word| word == number)
}

#[test]
fn what_the_page_calls_closed_has_a_test() {
    let page = page();
    let tested: BTreeSet<&str> = ROWS.iter().map(|row| row.number).collect();
    for (number, (state, by)) in &page {
        match state.as_str() {
            "closed" => assert!(
                tested.contains(number.as_str()) || is_tested_elsewhere(number),
                "{number} has no test"
            ),
            "partly" => assert!(!by.is_empty(), "{number} does not say who closes the part"),
            "open" => assert!(by.is_empty(), "{number} is open, and closed by {by}"),
            other => panic!("{number}: {other:?} is no state"),
        }
    }
    for row in ROWS.iter() {
        let (state, by) = page
            .get(row.number)
            .unwrap_or_else(|| panic!("no row {}", row.number));
        assert_ne!(state, "open", "{} is tested as closed", row.number);
        assert_eq!(by, row.by, "{}", row.number);
    }
}

/// Every way of every row.
pub(crate) fn ways() -> impl Iterator<Item = &'static Way> {
    ROWS.iter().flat_map(|row| row.ways)
}

/// Runs the rows of one section; says which fail, and how.
fn try_section(section: char) {
    let mut wrong = Vec::new();
    for row in ROWS.iter().filter(|row| row.number.starts_with(section)) {
        for way in row.ways {
            if let Err(why) = try_way(way, row.by) {
                wrong.push(format!("{} {way:?}, {}: {why}", row.number, row.by));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not as docs/bypasses.md says:\n{}",
        wrong.join("\n")
    );
}

fn try_way(way: &Way, by: &str) -> Result<(), String> {
    if let Way::Line(resource, verb) = way {
        return coverage::probe(resource, verb, by);
    }
    let stage = stage();
    let sent = way.send(stage, stage.place());
    let (name, answer) = sent.ok_or("no request")?;
    let open = stage.without_rolegate(&name).unwrap_or_default();
    if !way.works(open) {
        return Err(format!("does not even work without rolegate: {open}"));
    }
    if way.is_refused(&answer, by) {
        Ok(())
    } else {
        Err(format!("{} {}", answer.status, answer.body))
    }
}

/// HEAD has no body to refuse with; the audit log tells that it was refused,
/// and why.
#[test]
fn a4_proxies_are_closed_to_head() {
    let stage = stage();
    for (name, shown) in [
        (
            format!("pods/http:{}:4040", driver_pod()),
            format!("pod {}/{} on port 4040", stage.enforced, driver_pod()),
        ),
        (
            format!("services/{}", driver_service()),
            format!("service {}/{}", stage.enforced, driver_service()),
        ),
    ] {
        let path = format!("{name}/proxy/");
        let send = |place: Place<'_>| stage.bobs("HEAD", &place.core(&path), None).send().status;
        assert!(
            matches!(send(Place(&stage.open)), 400 | 404 | 503),
            "{name}"
        );
        assert_eq!(send(stage.place()), 403, "{name}");
        let path = stage.place().core(&path);
        let events = stage
            .cluster
            .wait_for_audit("the refused HEAD", &path, |event| {
                event["requestURI"] == path.as_str() && event["responseStatus"]["code"] == 403
            });
        let said = annotation(&events[0], "enforce.rolegate.dev/pod-exec");
        let expected = format!("enforce: bob may not proxy to {shown}");
        assert_eq!(said, Some(expected.as_str()));
    }
}

/// A role of reads can hold `get` on the ways into a pod, and a GET is all a
/// proxy needs. Of exec, Kubernetes asks for `create` besides since 1.35, but
/// asks after admission.
#[test]
fn a_reader_is_refused_too() {
    let stage = stage();
    let resources = ["pods/exec", "pods/proxy", "services/proxy"];
    let rule = json!({"apiGroups": [""], "resources": resources, "verbs": ["get"]});
    let subject =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory"});
    stage
        .cluster
        .grant_in_the_cluster("e2e-reader", &[rule], &subject);
    let get = |place: Place<'_>, rest: &str| {
        stage
            .cluster
            .request(stage.cluster.mallory(), "GET", &place.core(rest))
            .send()
    };
    let proxy = format!("pods/{}/proxy/", driver_pod());
    wait::until("RBAC to know the reader", || {
        let answer = get(Place(&stage.open), &proxy);
        (answer.status != 403).then_some(()).ok_or(answer.body)
    });
    for rest in [
        proxy.clone(),
        format!("services/{}/proxy/", driver_service()),
        format!("pods/{}/exec?command=id", driver_pod()),
    ] {
        let open = get(Place(&stage.open), &rest);
        assert!(!open.refused_by_webhook(), "{rest}: {}", open.body);
        let refused = get(stage.place(), &rest);
        assert!(
            refused.refused_by_webhook() && refused.message().contains("pod-exec: mallory may not"),
            "{rest}: {}",
            refused.body
        );
    }
}

/// Whoever asks for the connection as a websocket is asked the same.
#[test]
fn a1_a_websocket_is_an_exec() {
    let stage = stage();
    let upgrade = |place: Place<'_>| {
        let path = place.core(&format!("pods/{}/exec?command=id", driver_pod()));
        stage
            .bobs("GET", &path, None)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "v5.channel.k8s.io")
            .send()
    };
    // The pod has no node.
    assert_eq!(upgrade(Place(&stage.open)).status, 400);
    let refused = upgrade(stage.place());
    assert!(
        refused.refused_by_webhook() && refused.message().contains("pod-exec: "),
        "{}",
        refused.body
    );
}

/// Beside A5: what a node says of itself, and of itself only.
#[test]
fn a_nodes_figures_pass() {
    let stage = stage();
    for path in [
        "/metrics",
        "/metrics/cadvisor",
        "/stats/summary",
        "/healthz",
        "/configz",
    ] {
        let path = format!("/api/v1/nodes/n1/proxy{path}");
        let answer = stage.bobs("GET", &path, None).send();
        // There is no such node.
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
}

/// Beside B13: on a pod Kubernetes itself refuses the annotation together with
/// a service account.
#[test]
fn no_mirror_pod_has_a_service_account() {
    let stage = stage();
    let mut mirror = pod("mirror", &driver());
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    for place in [Place(&stage.open), stage.place()] {
        let answer = stage
            .bobs("POST", &place.core("pods?dryRun=All"), None)
            .json(&mirror)
            .send();
        let says = "a mirror pod may not reference service accounts";
        assert!(answer.message().contains(says), "{}", answer.body);
    }
}

#[test]
fn a_into_a_running_pod() {
    try_section('A');
}

/// Beside A17: the three spellings that AWS's controllers read.
#[test]
fn load_balancers_that_are_internal_pass() {
    let stage = stage();
    for answer in ways::services::internal(stage, stage.place()) {
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

#[test]
fn b_under_anothers_service_account() {
    try_section('B');
}

#[test]
fn c_secrets() {
    try_section('C');
}

#[test]
fn d_the_guards_themselves() {
    try_section('D');
}

#[test]
fn e_parts_of_anothers_job() {
    try_section('E');
}

#[test]
fn f_identities_with_more_rights() {
    try_section('F');
}

#[test]
fn g_custom_resources() {
    try_section('G');
}
