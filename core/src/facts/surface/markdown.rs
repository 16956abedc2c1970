//! The table as a page: `docs/coverage.md`.

use std::fmt::Write;

use super::{Answer, Row, Verbs, cluster, namespaced, reads, unlisted};

const HEAD: &str = "\
# What of the Kubernetes API rolegate judges

<!-- Printed from the table in facts/surface. `UPDATE_EXPECTED=1 cargo test --test manifests` writes it. -->

This page lists every resource, subresource and verb that a Kubernetes 1.36 API server serves, and what answers for \
it. A test (`tests/e2e/coverage`) asks a real API server what it serves and fails when the list lacks any of it. The \
test tries every judged line of the first two tables, too, as a tenant with every right in the namespace and with the \
configuration we ship; it fails when the request is not rejected.

- **Judged by** names a rule of rolegate (`rolegate explain <rule>`) or one of its admission policies (`rolegate \
manifests policies`). Only the dangerous form of a request is rejected: a tenant's own Deployment under `default` is \
judged and passes.
- **harmless**: nothing of this kind leads to a job's identity, data or configuration.
- **open**: it can lead there, and this version does not stop it. The note says what sees it instead.

`all` stands for `create`, `update`, `patch`, `delete` and `deletecollection`. A line holds for every version of the \
API, and for what the group `extensions` once held.

Custom resources of any group are judged alike: `foreign-service-account` looks for service accounts in the whole \
object, and kinds that drive installed mutators, snapshots, network policies or gateways are known by name \
(`mutating-webhook`, `foreign-volume`, `endpoint-exposure`).
";

const CLUSTER: &str = "\
Rights on these resources hold for the whole cluster. rolegate judges the requests that reach into a namespace at its \
cluster door, in the mode that the policy sets per door (`doors.cluster`).
";

const READS: &str = "\
Reads (`get`, `list`, `watch`) never reach admission, whatever the resource. Only connecting by `get` (`pods/exec`, \
`…/proxy`) does, and stands above. RBAC and EKS access policies decide who reads what: do not \
grant the open ones in a namespace whose jobs are not the reader's own. See [bypasses](bypasses.md), C1.
";

const UNLISTED: &str = "\
An API server's discovery does not list these: rights that only authorization knows, what kubelets serve at their own \
port, versions that are gone or not enabled, and kinds that have to be installed.
";

const TABLE: &str = "\n| Resource | Verbs | Judged by | Note |\n|---|---|---|---|\n";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "In a namespace", "", namespaced::ROWS);
    section(&mut page, "Without a namespace", CLUSTER, cluster::ROWS);
    section(&mut page, "Reads", READS, reads::ROWS);
    line(&mut page, "everything else", &reads::OTHER);
    section(&mut page, "Not in discovery", UNLISTED, unlisted::ROWS);
    for (name, row) in unlisted::CUSTOMS {
        line(&mut page, name, row);
    }
    page
}

/// Rows that say the same and follow each other share a line.
fn section(page: &mut String, title: &str, text: &str, rows: &[Row]) {
    let _ = writeln!(page, "\n## {title}");
    if !text.is_empty() {
        let _ = write!(page, "\n{text}");
    }
    page.push_str(TABLE);
    let says = |row: &Row| (row.verbs, row.judges(), note(row));
    for rows in rows.chunk_by(|one, other| says(one) == says(other)) {
        let names: Vec<_> = rows.iter().map(|row| format!("`{row}`")).collect();
        if let Some(row) = rows.first() {
            line(page, &names.join(", "), row);
        }
    }
}

fn line(page: &mut String, resources: &str, row: &Row) {
    let judged = match row.answer {
        Answer::Judged { by, .. } => by.first().map_or("", |by| by.as_str()),
        Answer::Harmless { .. } => "harmless",
        Answer::Open { .. } => "open",
    };
    let note = note(row);
    let space = if note.is_empty() { "" } else { " " };
    let _ = writeln!(
        page,
        "| {resources} | {} | {judged} |{space}{note} |",
        verbs(row.verbs)
    );
}

fn verbs(verbs: Verbs) -> String {
    if verbs == Verbs::WRITES {
        return "all".to_owned();
    }
    let names: Vec<_> = verbs.iter().map(super::Verb::as_str).collect();
    names.join(", ")
}

fn note(row: &Row) -> String {
    match row.answer {
        Answer::Harmless { why } => why.to_owned(),
        Answer::Open { why, seen_by } => format!("{why}; {seen_by}"),
        Answer::Judged { by, note, .. } => {
            let others: Vec<_> = by
                .iter()
                .skip(1)
                .map(|by| format!("`{}`", by.as_str()))
                .collect();
            match (others.is_empty(), note) {
                (true, note) => note.to_owned(),
                (false, "") => format!("and {}", others.join(", ")),
                (false, note) => format!("and {} {note}", others.join(", ")),
            }
        }
    }
}
