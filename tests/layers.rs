//! A folder uses only what stands below it: no circle between the folders of a
//! crate, and none between the files of a folder. Read from the imports.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// A crate's sources: each file by its module path, `["policy", "read", "rules"]`.
struct Crate {
    files: BTreeMap<Vec<String>, String>,
    /// What each folder's `mod.rs` exports: the item, and the module that has it.
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

    /// The modules that one file names, as paths from the crate's root. What a
    /// folder's `mod.rs` exports counts as the file that has it.
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

    /// The top folders, and which other ones each uses.
    fn folders(&self) -> Graph {
        let mut graph = Graph::new();
        for module in self.files.keys().filter(|module| !module.is_empty()) {
            let uses = self.uses(module);
            let others = uses.iter().map(|used| &used[0]);
            let others = others.filter(|used| **used != module[0]);
            let entry = graph.entry(module[0].clone()).or_default();
            entry.extend(others.cloned());
        }
        // The crate's own root stands above all.
        graph.remove("lib");
        graph.remove("main");
        graph
    }

    /// The members of one folder, and which of their neighbours each uses. A
    /// folder in it counts as one member; its `mod.rs` only joins them.
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

/// `pub use file::{A, B}` as A and B, each in `file`.
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

/// Every path that is imported, and every path that begins with `crate`,
/// `super` or `self` elsewhere.
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

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
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

/// A path from the crate's root; `None` for another crate's.
fn absolute(path: &[String], module: &[String], sources: &Crate) -> Option<Vec<String>> {
    let mut base: Vec<String> = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" | "super" => module.to_vec(),
        // A neighbour declared by the same `mod.rs`.
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

/// A way from a node back to itself.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn walk(graph: &Graph, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let here = way.last().cloned().unwrap_or_default();
        for next in graph.get(&here).into_iter().flatten() {
            if let Some(at) = way.iter().position(|passed| passed == next) {
                way.drain(..at);
                way.push(next.clone());
                return true;
            }
            if done.insert(next.clone()) {
                way.push(next.clone());
                if walk(graph, way, done) {
                    return true;
                }
                way.pop();
            }
        }
        false
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut way = vec![start.clone()];
        let fresh = done.insert(start.clone());
        (fresh && walk(graph, &mut way, &mut done)).then_some(way)
    })
}

#[test]
fn no_circle_between_folders() {
    for root in ["core/src", "src"] {
        let graph = Crate::read(root).folders();
        assert!(graph.len() > 5, "{root} has moved: {graph:?}");
        assert_eq!(circle(&graph), None, "{root}: {graph:#?}");
    }
}

#[test]
fn no_circle_between_the_files_of_a_folder() {
    for root in ["core/src", "src"] {
        let sources = Crate::read(root);
        let folders: BTreeSet<Vec<String>> = sources
            .files
            .keys()
            .filter(|module| module.len() > 1)
            .map(|module| module[..module.len() - 1].to_vec())
            .collect();
        let mut circles = Vec::new();
        for folder in folders {
            if let Some(way) = circle(&sources.members(&folder)) {
                circles.push(format!("{root}/{}: {}", folder.join("/"), way.join(" → ")));
            }
        }
        assert!(circles.is_empty(), "{circles:#?}");
    }
}

/// The order in which the engine's folders stand, from the ground up.
#[test]
fn the_engine_stands_in_its_order() {
    const ORDER: [&str; 9] = [
        "names", "json", "policy", "request", "facts", "mutation", "write", "rules", "decision",
    ];
    let graph = Crate::read("core/src").folders();
    for (folder, uses) in &graph {
        let place = |name: &str| {
            let found = ORDER.iter().position(|known| *known == name);
            found.unwrap_or_else(|| panic!("{name} has no place in the order"))
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
    assert!(circle(&graph).is_some());
}
