//! Everything the API server serves: its aggregated discovery.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::Cluster;
use crate::harness::http::Answer;

/// One resource, or one subresource, in whichever versions it is served.
#[derive(Debug)]
pub(super) struct Served {
    /// `pods`, `deployments.apps`, `pods/exec`, `deployments.apps/scale`.
    pub(super) name: String,
    /// Whether a test defined it.
    pub(super) custom: bool,
    /// The verbs of all its versions.
    pub(super) verbs: BTreeSet<String>,
}

/// Asks the API server, both for the core group and the named ones.
pub(super) fn served(cluster: &Cluster) -> Vec<Served> {
    let mut found: BTreeMap<String, Served> = BTreeMap::new();
    for root in ["/api", "/apis"] {
        let list: Value =
            serde_json::from_str(&ask(cluster, root).body).expect("discovery is JSON");
        let groups = list["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{root} answered without aggregated discovery: {list}"));
        for group in groups {
            let group_name = group["metadata"]["name"].as_str().unwrap_or_default();
            for version in items(&group["versions"]) {
                for resource in items(&version["resources"]) {
                    let plural = text(&resource["resource"]);
                    let base = match group_name {
                        "" => plural,
                        group => format!("{plural}.{group}"),
                    };
                    keep(&mut found, base.clone(), &resource["verbs"]);
                    for sub in items(&resource["subresources"]) {
                        let name = format!("{base}/{}", text(&sub["subresource"]));
                        keep(&mut found, name, &sub["verbs"]);
                    }
                }
            }
        }
    }
    assert!(
        found.len() > 100,
        "discovery lists {} resources only",
        found.len()
    );
    // Asked for after what is served, so that none is missing.
    let definitions = cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    for definition in items(&definitions["items"]) {
        let name = text(&definition["metadata"]["name"]);
        for served in found.values_mut() {
            let base = served.name.split('/').next();
            served.custom |= base == Some(name.as_str());
        }
    }
    found.into_values().collect()
}

fn keep(found: &mut BTreeMap<String, Served>, name: String, verbs: &Value) {
    let verbs = items(verbs).map(text);
    found
        .entry(name.clone())
        .or_insert_with(|| Served {
            name,
            custom: false,
            verbs: BTreeSet::new(),
        })
        .verbs
        .extend(verbs);
}

fn ask(cluster: &Cluster, root: &str) -> Answer {
    cluster
        .request(cluster.admin(), "GET", root)
        .header(
            "Accept",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        )
        .send()
        .expect_status(200)
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
