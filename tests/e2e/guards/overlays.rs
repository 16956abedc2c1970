//! The overlays that the documentation shows, built and applied as shown.

use serde_json::{Value, json};

use super::with_guards;
use crate::harness::{Cluster, dirs};

/// The first fenced block of a page after `mark`.
pub(crate) fn block(page: &str, mark: &str) -> String {
    let path = format!("{}/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let (_, rest) = text
        .split_once(mark)
        .unwrap_or_else(|| panic!("{page} has no {mark:?}"));
    let (_, rest) = rest.split_once("```yaml\n").expect("a block");
    rest.split("```").next().unwrap_or_default().to_owned()
}

/// Relative, as kustomize wants it, from a folder of this run to ours.
fn relative(dir: &std::path::Path, rest: &str) -> String {
    let up = "../".repeat(dir.components().count() - 1);
    let root = env!("CARGO_MANIFEST_DIR").trim_start_matches('/');
    format!("{up}{root}/{rest}")
}

/// Writes an overlay, in which `../rolegate/` stands for this repository.
pub(super) fn write(overlay: &str) -> String {
    let dir = dirs::fresh("overlay").canonicalize().expect("just made");
    let overlay = overlay.replace("../rolegate/", &relative(&dir, ""));
    dirs::write(&dir.join("kustomization.yaml"), overlay);
    dir.display().to_string()
}

/// What an overlay makes of the manifests.
pub(crate) fn built(cluster: &Cluster, overlay: &str) -> Vec<Value> {
    let admin = cluster.kubectl(cluster.admin());
    let yaml = admin.run(&["kustomize", &write(overlay)]).expect_ok();
    let admin = cluster.kubectl(cluster.admin()).stdin(yaml);
    let args = [
        "create",
        "--dry-run=client",
        "--validate=false",
        "-o",
        "json",
        "-f",
        "-",
    ];
    let printed = admin.run(&args).expect_ok();
    let objects = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
    objects
        .map(|object| object.expect("kubectl prints JSON"))
        .flat_map(|object| match object["items"].as_array() {
            Some(items) => items.clone(),
            None => vec![object],
        })
        .collect()
}

#[test]
fn to_look_first_every_guard_records_and_refuses_nothing() {
    let cluster = with_guards();
    let patches = block("docs/install.md", "**Look first.**");
    let overlay = format!("resources: [../rolegate/manifests]\n{patches}");
    let mut seen = 0;
    for object in built(cluster, &overlay) {
        if object["kind"] != "ValidatingAdmissionPolicyBinding" {
            continue;
        }
        let name = object["metadata"]["name"].as_str().expect("a name");
        // This one goes by the namespace's mode, which nobody has set yet.
        if !name.starts_with("rolegate-secret-guard-") {
            assert_eq!(
                object["spec"]["validationActions"],
                json!(["Audit"]),
                "{name}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

/// The binding names what the role of the manifests is called.
#[test]
fn the_overlay_for_cert_manager_grants_what_the_guards_ask_for() {
    let cluster = with_guards();
    // cert-manager's own kinds are not served here.
    let admin = cluster.kubectl(cluster.admin());
    let path = format!("{}/certs/cert-manager", env!("CARGO_MANIFEST_DIR"));
    let yaml = admin.run(&["kustomize", &path]).expect_ok();
    let documents: Vec<&str> = yaml.split("\n---\n").collect();
    let find = |kind: &str, name: &str| {
        let (kind, name) = (format!("kind: {kind}\n"), format!("\n  name: {name}\n"));
        documents
            .iter()
            .any(|text| text.contains(&kind) && text.contains(&name))
    };
    assert!(find("ClusterRole", "rolegate-certificates"), "{yaml}");
    assert!(
        find("ClusterRoleBinding", "rolegate-certificates"),
        "{yaml}"
    );
    assert!(
        find("ValidatingAdmissionPolicy", "rolegate-self-guard"),
        "{yaml}"
    );
}

/// As docs/install.md lists an operator: the role it shows, with a name of ours.
pub(super) fn writer_role(configuration: &str) -> Vec<Value> {
    let shown = block("docs/install.md", "List such an operator by RBAC");
    let cluster = with_guards();
    let name = dirs::random_name("e2e-writer");
    let role = shown
        .replace("kyverno-webhook-configurations", &name)
        .replace("kyverno-resource-mutating-webhook-cfg", configuration);
    assert_ne!(role, shown);
    let admin = cluster.kubectl(cluster.admin()).stdin(role);
    let printed = admin
        .run(&["create", "--dry-run=client", "-o", "json", "-f", "-"])
        .expect_ok();
    let role: Value = serde_json::from_str(&printed).expect("one object");
    role["rules"].as_array().cloned().expect("rules")
}
