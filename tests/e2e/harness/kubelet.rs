//! What a kubelet makes of a pod: the files of its volumes and the environment
//! of one of its containers, in a folder of this machine.
//!
//! A test may not write to `/var/run`, and not every machine lets it have a
//! mount namespace. So `/var/run/secrets/` becomes a folder of the run, in the
//! environment and in the laid-out profile alike; besides, the Pod Identity
//! agent's link-local address becomes the stand-in's. Nothing else differs from
//! what the container would see.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::aws::{Aws, token};
use super::dirs;

const SECRETS: &str = "/var/run/secrets/";
const AGENT: &str = "http://169.254.170.23/";

/// One container, about to run.
pub(crate) struct Container {
    /// Its variables, as a process on this machine needs them.
    pub(crate) env: BTreeMap<String, String>,
    /// Its home.
    pub(crate) home: PathBuf,
}

/// Lays out `container` of a pod that the API server stored. Its tokens are
/// for `aws`.
pub(crate) fn start(pod: &Value, container: &str, aws: &Aws) -> Container {
    let dir = dirs::fresh("pod");
    let layout = Layout {
        pod,
        here: format!("{}/secrets/", dir.display()),
        agent: format!("{}/", aws.url()),
    };
    let spec = list(&pod["spec"]["containers"])
        .iter()
        .find(|spec| spec["name"] == container)
        .unwrap_or_else(|| panic!("no container {container:?} in {pod}"));
    let home = dir.join("home");
    make(&home);
    layout.volumes(spec);
    Container {
        env: layout.environment(spec),
        home,
    }
}

struct Layout<'p> {
    pod: &'p Value,
    /// The folder that stands for [`SECRETS`].
    here: String,
    /// The URL that stands for [`AGENT`].
    agent: String,
}

impl Layout<'_> {
    /// The last of several variables of one name wins, as in a container.
    fn environment(&self, container: &Value) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for variable in list(&container["env"]) {
            let name = text(&variable["name"]);
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("status.podIP") => "127.0.0.1".to_owned(),
                Some(path) => self.field(path),
                None => text(&variable["value"]).to_owned(),
            };
            assert!(
                !value.contains("$("),
                "{name}={value}: the kubelet would expand this, the harness does not"
            );
            env.insert(name.to_owned(), self.moved(&value));
        }
        env
    }

    /// Writes what is mounted under [`SECRETS`].
    fn volumes(&self, container: &Value) {
        for mount in list(&container["volumeMounts"]) {
            let at = text(&mount["mountPath"]);
            if !at.starts_with(SECRETS) {
                continue;
            }
            let files = self.files(text(&mount["name"]));
            let sub_path = text(&mount["subPath"]);
            if sub_path.is_empty() {
                make(Path::new(&self.moved(&format!("{at}/"))));
            } else if !files.iter().any(|(path, _)| path == sub_path) {
                // A subPath that is not there becomes a folder.
                make(Path::new(&self.moved(at)));
            }
            for (path, file) in files {
                let path = match sub_path {
                    "" => format!("{at}/{path}"),
                    one if one == path => at.to_owned(),
                    _ => continue,
                };
                let place = PathBuf::from(self.moved(&path));
                make(place.parent().expect("it is under a folder"));
                match file {
                    File::Written(text) => dirs::write(&place, self.moved(&text)),
                    File::Token(token) => dirs::write(&place, token),
                }
            }
        }
    }

    /// The files of one volume.
    fn files(&self, name: &str) -> Vec<(String, File)> {
        let volume = list(&self.pod["spec"]["volumes"])
            .iter()
            .find(|volume| volume["name"] == name)
            .unwrap_or_else(|| panic!("no volume {name:?} in {}", self.pod));
        let mut files = self.downward(&volume["downwardAPI"]);
        for source in list(&volume["projected"]["sources"]) {
            files.extend(self.downward(&source["downwardAPI"]));
            if let Some(path) = source["serviceAccountToken"]["path"].as_str() {
                let audience = text(&source["serviceAccountToken"]["audience"]);
                let token = token::issue(audience, &subject(self.pod));
                files.push((path.to_owned(), File::Token(token)));
            }
        }
        files
    }

    fn downward(&self, volume: &Value) -> Vec<(String, File)> {
        let file = |item: &Value| {
            let text_of_field = self.field(text(&item["fieldRef"]["fieldPath"]));
            (text(&item["path"]).to_owned(), File::Written(text_of_field))
        };
        list(&volume["items"]).iter().map(file).collect()
    }

    /// A field of the pod; a missing annotation is an empty text.
    fn field(&self, path: &str) -> String {
        let metadata = &self.pod["metadata"];
        let key = |path: &str, map: &str| {
            let key = path.strip_prefix(map)?.strip_prefix("['")?;
            key.strip_suffix("']").map(str::to_owned)
        };
        if let Some(key) = key(path, "metadata.annotations") {
            return text(&metadata["annotations"][key]).to_owned();
        }
        match path {
            "metadata.name" => text(&metadata["name"]).to_owned(),
            "metadata.namespace" => text(&metadata["namespace"]).to_owned(),
            _ => panic!("the harness does not know the field {path:?}"),
        }
    }

    fn moved(&self, text: &str) -> String {
        text.replace(SECRETS, &self.here)
            .replace(AGENT, &self.agent)
    }
}

enum File {
    /// By the downward API.
    Written(String),
    Token(String),
}

/// The user name of a pod's service account.
pub(crate) fn subject(pod: &Value) -> String {
    let namespace = text(&pod["metadata"]["namespace"]);
    let account = text(&pod["spec"]["serviceAccountName"]);
    format!("system:serviceaccount:{namespace}:{account}")
}

fn make(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
