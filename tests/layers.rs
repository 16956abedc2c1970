//! There is no import cycle between the folders of a crate, and none between the
//! files of a folder; the engine's folders import in one direction only.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// A crate's sources: the text of each file by its module path, such as
/// `["policy", "read", "rules"]`.
struct Crate {
    files: BTreeMap<Vec<String>, String>,
    /// The exports of each folder's `mod.rs`: the item, and the module that defines it.
    exports: BTreeMap<Vec<String>, BTreeMap<String, String>>,
}

impl Crate {
    fn read(root: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let mut paths = Vec::new();
        sources(&root, &mut paths);
        let mut files = BTreeMap::new();
        for path in paths {
            let relative = path.strip_prefix(&root).expect("below").with_extension("");
            let parts = relative.components();
            let mut module: Vec<String> = parts
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            if module.iter().any(|part| part == "tests") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("readable");
            files.insert(module, code(&text));
        }
        let exports = files
            .iter()
            .map(|(module, text)| (module.clone(), exports(text)))
            .collect();
        Self { files, exports }
    }

    /// The modules that one file names, as paths from the crate's root. An item
    /// that a folder's `mod.rs` re-exports counts as the file that defines it.
    fn uses(&self, module: &[String]) -> BTreeSet<Vec<String>> {
        let text = &self.files[module];
        let mut found = BTreeSet::new();
        for path in paths(text) {
            let Some(mut absolute) = absolute(&path, module, self) else {
                continue;
            };
            // Follow re-exports down to a file.
            let mut at: Vec<String> = Vec::new();
            for _ in 0..16 {
                let Some(next) = absolute.get(at.len()).cloned() else {
                    break;
                };
                let mut deeper = at.clone();
                deeper.push(next.clone());
                if self.files.keys().any(|known| known.starts_with(&deeper)) {
                    at = deeper;
                } else if let Some(home) = self.exports.get(&at).and_then(|all| all.get(&next)) {
                    absolute.insert(at.len(), home.clone());
                } else {
                    break;
                }
            }
            if !at.is_empty() && at != module {
                found.insert(at);
            }
        }
        found
    }

    /// The top folders, and the other folders that each uses.
    fn folders(&self) -> Graph {
        let mut graph = Graph::new();
        for module in self.files.keys().filter(|module| !module.is_empty()) {
            let uses = self.uses(module);
            let others = uses.iter().map(|used| &used[0]);
            let others = others.filter(|used| **used != module[0]);
            let entry = graph.entry(module[0].clone()).or_default();
            entry.extend(others.cloned());
        }
        // The crate's root may use everything.
        graph.remove("lib");
        graph.remove("main");
        graph
    }

    /// The files and subfolders of one folder, and the others in it that each
    /// uses. A subfolder counts as one; the folder's `mod.rs` is left out.
    fn members(&self, folder: &[String]) -> Graph {
        let mut graph = Graph::new();
        for module in self.files.keys() {
            if module.len() <= folder.len() || !module.starts_with(folder) {
                continue;
            }
            let name = &module[folder.len()];
            let entry = graph.entry(name.clone()).or_default();
            for used in self.uses(module) {
                if used.len() > folder.len()
                    && used.starts_with(folder)
                    && used[folder.len()] != *name
                {
                    entry.insert(used[folder.len()].clone());
                }
            }
        }
        graph
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A file without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// The re-exports of a `mod.rs`: `pub use file::{A, B}` gives A and B, each in `file`.
fn exports(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in paths(text) {
        if let [file, .., item] = path.as_slice()
            && !matches!(file.as_str(), "crate" | "super" | "self" | "std")
        {
            found.insert(item.clone(), file.clone());
        }
    }
    found
}

/// Every imported path, and every other path that begins with `crate` or `super`.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("use ") {
        let starts = at == 0 || !rest.as_bytes()[at - 1].is_ascii_alphanumeric();
        rest = &rest[at + 4..];
        if starts && let Some(end) = rest.find(';') {
            flatten(&rest[..end], &[], &mut found);
        }
    }
    for root in ["crate::", "super::"] {
        for (at, _) in text.match_indices(root) {
            let before = text.as_bytes()[..at].last();
            if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b':') {
                continue;
            }
            let end = text[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let path = &text[at..end.map_or(text.len(), |end| at + end)];
            found.push(
                path.split("::")
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect(),
            );
        }
    }
    found
}

/// Splits `a::{b, c::{d, e}}` into `a::b`, `a::c::d` and `a::c::e`.
fn flatten(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let mut depth = 0;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, byte) in tree.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    for part in parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let mut path = before.to_vec();
        if let Some((head, inner)) = part.split_once('{') {
            path.extend(steps(head));
            let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
            flatten(inner, &path, found);
        } else {
            path.extend(steps(part.split(" as ").next().unwrap_or_default()));
            if path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            found.push(path);
        }
    }
}

/// The parts of a path.
fn steps(path: &str) -> impl Iterator<Item = String> {
    let parts = path.split("::").map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned)
}

/// The path from the crate's root; `None` for a path into another crate.
fn absolute(path: &[String], module: &[String], sources: &Crate) -> Option<Vec<String>> {
    let mut base: Vec<String> = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" | "super" => module.to_vec(),
        // A module declared by the same `mod.rs`.
        name => {
            let mut neighbour = module.to_vec();
            neighbour.push(name.to_owned());
            let known = sources
                .files
                .keys()
                .any(|file| file.starts_with(&neighbour));
            return known.then(|| [module, path].concat());
        }
    };
    let mut rest = path;
    while let [first, after @ ..] = rest {
        match first.as_str() {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest = after;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// A path from a node back to itself, by depth-first search.
fn cycle(graph: &Graph) -> Option<Vec<String>> {
    fn search(graph: &Graph, path: &mut Vec<String>, visited: &mut BTreeSet<String>) -> bool {
        let here = path.last().cloned().unwrap_or_default();
        for next in graph.get(&here).into_iter().flatten() {
            if let Some(at) = path.iter().position(|passed| passed == next) {
                path.drain(..at);
                path.push(next.clone());
                return true;
            }
            if visited.insert(next.clone()) {
                path.push(next.clone());
                if search(graph, path, visited) {
                    return true;
                }
                path.pop();
            }
        }
        false
    }
    let mut visited = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut path = vec![start.clone()];
        let new = visited.insert(start.clone());
        (new && search(graph, &mut path, &mut visited)).then_some(path)
    })
}

#[test]
fn no_cycle_between_folders() {
    for root in ["core/src", "src"] {
        let graph = Crate::read(root).folders();
        assert!(graph.len() > 5, "{root} has moved: {graph:?}");
        assert_eq!(cycle(&graph), None, "{root}: {graph:#?}");
    }
}

#[test]
fn no_cycle_between_the_files_of_a_folder() {
    for root in ["core/src", "src"] {
        let sources = Crate::read(root);
        let folders: BTreeSet<Vec<String>> = sources
            .files
            .keys()
            .filter(|module| module.len() > 1)
            .map(|module| module[..module.len() - 1].to_vec())
            .collect();
        let mut cycles = Vec::new();
        for folder in folders {
            if let Some(path) = cycle(&sources.members(&folder)) {
                cycles.push(format!("{root}/{}: {}", folder.join("/"), path.join(" → ")));
            }
        }
        assert!(cycles.is_empty(), "{cycles:#?}");
    }
}

/// Each folder of the engine uses only folders before it in this order.
#[test]
fn the_engine_has_one_direction() {
    const ORDER: [&str; 14] = [
        "names",
        "json",
        "rbac",
        "policy",
        "request",
        "identity",
        "facts",
        "iam",
        "permissions",
        "mutation",
        "write",
        "rules",
        "decision",
        "scan",
    ];
    let graph = Crate::read("core/src").folders();
    for (folder, uses) in &graph {
        let place = |name: &str| {
            let found = ORDER.iter().position(|known| *known == name);
            found.unwrap_or_else(|| panic!("{name} is not in the order"))
        };
        for used in uses {
            assert!(place(used) < place(folder), "{folder} uses {used}");
        }
    }
}

#[test]
fn imports_are_read() {
    let text = "use crate::a::{b, c::{self, D}};\npub use e::F;\nfn f() { super::g::h() }\n";
    let found: BTreeSet<String> = paths(text).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::a::b",
        "crate::a::c",
        "crate::a::c::D",
        "e::F",
        "super::g::h",
    ];
    for path in expected {
        assert!(found.contains(path), "{path} in {found:?}");
    }
    let graph: Graph = [("a", "b"), ("b", "c"), ("c", "a")]
        .map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()])))
        .into();
    assert!(cycle(&graph).is_some());
}

/// What belongs to jobs is listed once, in `names`: rules ask it.
#[test]
fn no_rule_has_labels_or_names_of_jobs_of_its_own() {
    const BELONG_TO_JOBS: [&str; 17] = [
        "\"spark-app-selector",
        "\"spark-role",
        "\"spark-exec-id",
        "\"emr-containers.amazonaws.com/",
        "\"sparkoperator.k8s.io/",
        "\"enterprise-gateway",
        "\"flink-native-kubernetes",
        "\"job-name",
        "\"controller-uid",
        "\"batch.kubernetes.io/",
        "\"pod-template-hash",
        "\"spark-drv-",
        "\"spark-exec-",
        "\"emr-containers-s3-",
        "\"podtemplate-",
        "-driver-podspec-conf-map\"",
        "-ui-svc\"",
    ];
    let engine = Crate::read("core/src");
    let all = |folder: &str| {
        let files = engine.files.iter();
        files
            .filter(|(module, _)| module[0] == folder)
            .map(|(_, text)| text.as_str())
            .collect::<String>()
    };
    let (rules, names) = (all("rules"), all("names"));
    for text in BELONG_TO_JOBS {
        assert!(!rules.contains(text), "{text} in core/src/rules");
        assert!(names.contains(text), "{text} is not in core/src/names");
    }
}
