//! The end of a scan: who can do what, the execution roles in use, and what was not judged.

use std::io::{self, Write};
use std::time::Duration;

use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::names::shown;
use rolegate_core::policy::{Policy, Severity};

use super::Counts;
use crate::cli::rbac::Format;
use crate::scan::{Right, Scan, rights};

pub(super) struct Summary<'s> {
    pub(super) scan: &'s Scan<'s>,
    pub(super) counts: &'s Counts,
    pub(super) policy: &'s Policy,
    pub(super) only: Option<&'s str>,
    pub(super) calls: usize,
    pub(super) took: Duration,
}

const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// As many holders of a permission as a line of text shows.
const MOST: usize = 8;

impl Summary<'_> {
    pub(super) fn write(&self, out: &mut impl Write, format: Format) -> io::Result<()> {
        match format {
            Format::Text => self.text(out),
            Format::Json => self.json(out),
        }
    }

    /// The rights in each managed namespace, and in the cluster.
    fn rights(&self) -> impl Iterator<Item = (&str, Vec<Right>)> {
        let world = &self.scan.world;
        let namespaces = world.managed();
        let asked = namespaces.filter(|name| self.only.is_none_or(|only| only == *name));
        let graph = &world.view.graph;
        std::iter::once("")
            .chain(asked)
            .map(|name| (name, rights(graph, self.policy, name)))
    }

    fn text(&self, out: &mut impl Write) -> io::Result<()> {
        for (namespace, rights) in self.rights() {
            let place = match namespace {
                "" => "in the whole cluster".to_owned(),
                name => format!("in {}", shown(name, 63)),
            };
            let mut first = true;
            for right in rights.iter().filter(|right| !right.holders.is_empty()) {
                if first {
                    writeln!(out, "\n{}", format!("who can do what {place}").bold())?;
                    first = false;
                }
                writeln!(out, "  {} {}", right.verb, right.resource)?;
                for (subject, class, by) in right.holders.iter().take(MOST) {
                    writeln!(out, "    {subject} ({}) by {by}", class.as_str())?;
                }
                let more = right.holders.len().saturating_sub(MOST);
                if more > 0 {
                    let name = match namespace {
                        "" => String::new(),
                        name => format!(" --namespace {}", shown(name, 63)),
                    };
                    writeln!(
                        out,
                        "    and {more} more: rolegate who-can {} {}{name}",
                        right.verb, right.resource
                    )?;
                }
            }
        }
        let sums = &self.scan.sums;
        if !sums.uses.is_empty() {
            writeln!(out, "\n{}", "execution roles in use".bold())?;
        }
        for ((namespace, role), (pods, is_listed)) in &sums.uses {
            let listed = if *is_listed {
                ""
            } else {
                ", which the policy does not list there"
            };
            let noun = if *pods == 1 { "pod" } else { "pods" };
            writeln!(out, "  {namespace}: {role}, {pods} {noun}{listed}")?;
        }
        if !sums.skipped.is_empty() || !sums.left_out.is_empty() {
            writeln!(out, "\n{}", "not judged".bold())?;
        }
        for (rule, objects) in &sums.skipped {
            writeln!(
                out,
                "  {rule}: {objects} objects, because it would have to look others up"
            )?;
        }
        for what in &sums.left_out {
            writeln!(out, "  {}", shown(what, 400))?;
        }
        if !sums.is_installed && self.calls > 0 {
            writeln!(
                out,
                "\nrolegate's webhook configurations are not in this cluster: nothing is refused"
            )?;
        }
        let counts: Vec<String> = SEVERITIES
            .iter()
            .filter_map(|severity| {
                let number = self.counts.by_severity.get(*severity as usize)?;
                (*number > 0).then(|| format!("{number} {}", severity.as_str()))
            })
            .collect();
        let counts = if counts.is_empty() {
            "no findings".to_owned()
        } else {
            format!("findings: {}", counts.join(", "))
        };
        let world = &self.scan.world;
        let took = match self.calls {
            0 => String::new(),
            calls => format!(" ({calls} requests, {:.1} s)", self.took.as_secs_f64()),
        };
        writeln!(
            out,
            "\n{counts}; read: {}{took}",
            [
                counted(sums.objects, "object"),
                counted(world.roles, "role"),
                counted(world.bindings, "binding"),
                counted(world.managed().count(), "managed namespace"),
            ]
            .join(", "),
        )?;
        if world.managed().next().is_none() {
            writeln!(
                out,
                "note: no namespace has the label rolegate.dev/mode, and the policy names none: \
                 only what concerns the whole cluster was judged; with --from, name one with \
                 --namespace"
            )?;
        }
        Ok(())
    }

    fn json(&self, out: &mut impl Write) -> io::Result<()> {
        for (namespace, rights) in self.rights() {
            for right in rights {
                for (subject, class, by) in &right.holders {
                    let line = json!({
                        "type": "right",
                        "namespace": namespace,
                        "verb": right.verb,
                        "resource": right.resource,
                        "subject": subject,
                        "class": class.as_str(),
                        "by": by,
                    });
                    writeln!(out, "{line}")?;
                }
            }
        }
        let sums = &self.scan.sums;
        for ((namespace, role), (pods, is_listed)) in &sums.uses {
            let line = json!({
                "type": "executionRole",
                "namespace": namespace,
                "role": role,
                "pods": pods,
                "listed": is_listed,
            });
            writeln!(out, "{line}")?;
        }
        for (rule, objects) in &sums.skipped {
            let line = json!({ "type": "notJudged", "rule": rule, "objects": objects });
            writeln!(out, "{line}")?;
        }
        for what in &sums.left_out {
            let line = json!({ "type": "notJudged", "what": what });
            writeln!(out, "{line}")?;
        }
        let world = &self.scan.world;
        let mut line = json!({
            "type": "summary",
            "objects": sums.objects,
            "roles": world.roles,
            "bindings": world.bindings,
            "managedNamespaces": world.managed().count(),
            "installed": sums.is_installed,
            "requests": self.calls,
            "seconds": self.took.as_secs_f64(),
        });
        for severity in SEVERITIES {
            let number = self.counts.by_severity.get(severity as usize);
            line["findings"][severity.as_str()] = json!(number);
        }
        writeln!(out, "{line}")
    }
}
