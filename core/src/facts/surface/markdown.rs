//! The table as a page: `docs/coverage.md`.

use std::fmt::Write;

use crate::facts::kinds::{self, Kind};
use crate::request::references::{Logins, Secrets};

use super::{Answer, Row, Verbs, cluster, namespaced, reads, unlisted};

const HEAD: &str = "\
# What of the Kubernetes API rolegate judges

<!-- Printed from the table in facts/surface. `UPDATE_EXPECTED=1 cargo test --test manifests` writes it. -->

This page lists every resource, subresource and verb that a Kubernetes 1.36 API server serves, and what judges it. A \
test (`tests/e2e/coverage`) asks a real API server for its resources and fails if one is missing here. For every judged \
line of the first two tables, the test also sends a request as a tenant with every right in the namespace, with the \
configuration we ship, and fails if the request is not denied.

- **Judged by** is a rule of rolegate (`rolegate explain <rule>`) or one of its admission policies (`rolegate manifests \
policies`). Only the dangerous form of a request is denied: a tenant's own Deployment under `default` is judged and \
allowed.
- **harmless**: no request of this kind gives access to a job's identity, data or configuration.
- **open**: it can give that access, and this version does not deny it. The note says what detects it instead.

`all` stands for `create`, `update`, `patch`, `delete` and `deletecollection`. A line applies to every version of the \
API, and to the resources that were in the group `extensions` before.

Custom resources of every group are judged in the same way. On create and update, `foreign-service-account` judges the \
service accounts and roles that the object names and the objects that it joins, and `secret-read` the Secrets that its \
controller reads; on delete, `job-lifecycle` judges whose job the stored object stands for. `status` counts only where an \
operator or a queue acts by it, and for owner references. `mutating-webhook`, `foreign-volume` and `endpoint-exposure` know the kinds that control installed \
mutators, snapshots, network policies or gateways. Of these kinds it is known where they name what (any other is searched \
by the names of its fields):
";

const KINDS: &str = "\n| Kinds | Create, update | Status | Delete |\n|---|---|---|---|\n";

const CLUSTER: &str = "\
Rights on these resources apply to the whole cluster. rolegate judges the requests that affect a namespace at its \
cluster endpoint, in the mode that the policy sets (`doors.cluster`).
";

const READS: &str = "\
Reads (`get`, `list`, `watch`) never reach admission. Only connections by `get` (`pods/exec`, `…/proxy`) do; they are \
in the tables above. RBAC and EKS access policies decide who reads what: do not grant the open ones to users in a \
namespace with other users' jobs. See [bypasses](bypasses.md), C1.
";

const UNLISTED: &str = "\
An API server's discovery does not list these: rights that exist only in authorization, the kubelets' own API, \
versions that are removed or not enabled, and kinds that must be installed.
";

const TABLE: &str = "\n| Resource | Verbs | Judged by | Note |\n|---|---|---|---|\n";

#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    page.push_str(KINDS);
    for kind in kinds::rows() {
        let _ = writeln!(page, "{}", of_kind(kind));
    }
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

/// The line of a kind, or of several that are alike.
fn of_kind(kind: &Kind) -> String {
    let all = if kind.resources.is_empty() {
        &["*"]
    } else {
        kind.resources
    };
    let names = all.iter().flat_map(|name| {
        let groups = kind.groups.iter();
        groups.map(move |group| format!("`{name}.{group}`"))
    });
    let resources = names.collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    let logs_in = matches!(kind.guide.logins, Logins::All);
    if logs_in {
        parts.push("accounts that log in, and roles".to_owned());
    } else if kind.starts {
        parts.push("accounts and roles".to_owned());
    }
    if let Logins::In(fields) = kind.guide.logins {
        let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        parts.push(format!("logins in {}", fields.join(", ")));
    }
    if !kind.account_namespaces.is_empty() {
        let fields = kind.account_namespaces.iter();
        let fields: Vec<_> = fields.map(|field| format!("`{field}`")).collect();
        parts.push(format!("the accounts' namespace in {}", fields.join(", ")));
    }
    if !kind.guide.role_names.is_empty() {
        parts.push("the role of that name".to_owned());
    }
    for join in kind.joins {
        let part = format!("the object in `{}`", join.name);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if kind.scales {
        parts.push("the workload in `spec.scaleTargetRef`".to_owned());
    }
    match kind.guide.secrets {
        Secrets::In([]) => {}
        Secrets::In(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
            parts.push(format!("Secrets in {}", fields.join(", ")));
        }
        Secrets::ByName | Secrets::And(_) | Secrets::Selectors => parts.push("Secrets".to_owned()),
    }
    let written = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join("; ")
    };
    let fields: Vec<_> = kind
        .read_back
        .iter()
        .map(|field| format!("`{field}`"))
        .collect();
    let queued = "of a job that owns it: every change";
    let ended = match (kind.starts && !logs_in, kind.lets_run) {
        (true, _) => "whose job it is",
        (_, true) => "whose job owns it",
        _ => "",
    };
    let status = if kind.lets_run {
        queued.to_owned()
    } else {
        fields.join(", ")
    };
    format!("| {resources} | {written} | {status} | {ended} |")
}

/// Writes a section. Consecutive rows with the same content share a line.
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
