//! `--ready-to-enforce`: what stands between a namespace and the mode `enforce`.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::names::{MODE_LABEL, shown};
use rolegate_core::policy::Policy;

use super::Counts;
use crate::cli::rbac::Format;
use crate::scan::{Emr, Scan};

pub(super) struct Ready<'s> {
    pub(super) namespace: &'s str,
    pub(super) scan: &'s Scan<'s>,
    pub(super) counts: &'s Counts,
    pub(super) policy: &'s Policy,
    /// `None` for files.
    pub(super) emr: Option<Emr>,
}

/// How a point stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It does not stop anybody.
    Note,
    Bad,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Bad => "not yet",
        }
    }
}

impl Ready<'_> {
    pub(super) fn is_ready(&self) -> bool {
        self.points().iter().all(|(state, _)| *state != State::Bad)
    }

    fn points(&self) -> Vec<(State, String)> {
        let name = shown(self.namespace, 63);
        let mut points = vec![self.label(&name), self.entry(&name)];
        points.push(match self.counts.refused {
            0 => (
                State::Good,
                "everything that is there could be written again".to_owned(),
            ),
            1 => (
                State::Bad,
                "1 thing that is there now would be refused".to_owned(),
            ),
            many => (
                State::Bad,
                format!("{many} things that are there now would be refused"),
            ),
        });
        if self.counts.to_come > 0 {
            points.push((
                State::Bad,
                "pods of workloads would be refused when they are created again".to_owned(),
            ));
        }
        let unlisted = self
            .scan
            .sums
            .uses
            .iter()
            .filter(|(_, (_, listed))| !listed);
        for ((_, role), _) in unlisted {
            points.push((
                State::Bad,
                format!("jobs run as {role}, which `executionRoles` does not list"),
            ));
        }
        let left_out = self.scan.sums.left_out.iter();
        points.extend(left_out.map(|what| {
            let what = format!("not judged: {}", shown(what, 300));
            (State::Bad, what)
        }));
        let skipped = self.scan.sums.skipped.iter();
        points.extend(skipped.map(|(rule, objects)| {
            let what = format!("{rule} could not judge {objects} objects: it would look others up");
            (State::Note, what)
        }));
        if self.emr.is_some() {
            points.push(if self.scan.sums.is_installed {
                (State::Good, "rolegate's webhooks are installed".to_owned())
            } else {
                (
                    State::Bad,
                    "rolegate's webhooks are not installed".to_owned(),
                )
            });
        }
        if self.counts.drift > 0 {
            points.push((
                State::Note,
                "mutators of others reach managed namespaces, or rolegate's own objects are not as shipped: `rolegate scan` says which"
                    .to_owned(),
            ));
        }
        points.push(match &self.emr {
            Some(Emr::Seen(requests)) => (
                State::Good,
                format!("Amazon EMR's identity was seen and proved, {requests} times"),
            ),
            Some(Emr::NotSeen) => (
                State::Bad,
                "Amazon EMR's identity was not seen yet: run a job in `audit` first".to_owned(),
            ),
            Some(Emr::Unknown(why)) => (
                State::Note,
                format!(
                    "whether Amazon EMR's identity was seen is not known: {}",
                    shown(why, 300)
                ),
            ),
            None => (
                State::Note,
                "whether Amazon EMR's identity was seen, files do not say".to_owned(),
            ),
        });
        points
    }

    fn label(&self, name: &str) -> (State, String) {
        let labels = self.scan.world.namespaces.get(self.namespace);
        match labels.map(|labels| labels.get(MODE_LABEL)) {
            Some(Some(mode)) => (
                State::Good,
                format!(
                    "namespace {name} has the label {MODE_LABEL}: {}",
                    shown(mode, 63)
                ),
            ),
            Some(None) => (
                State::Note,
                format!("namespace {name} has no label {MODE_LABEL}: begin with `audit`"),
            ),
            None if self.emr.is_none() => (
                State::Note,
                format!("the files do not contain namespace {name}"),
            ),
            None => (State::Bad, format!("there is no namespace {name}")),
        }
    }

    fn entry(&self, name: &str) -> (State, String) {
        if self.policy.clusters.have(self.namespace) {
            (State::Good, format!("the policy has an entry for {name}"))
        } else {
            (
                State::Note,
                format!(
                    "the policy has no entry for {name}: nobody but Amazon EMR and administrators \
                     submits jobs there, under every role"
                ),
            )
        }
    }

    pub(super) fn write(&self, out: &mut impl Write, format: Format) -> io::Result<()> {
        let points = self.points();
        let ready = self.is_ready();
        if format == Format::Json {
            let points: Vec<_> = points
                .iter()
                .map(|(state, text)| json!({ "state": state.word(), "what": text }))
                .collect();
            let line = json!({
                "type": "readyToEnforce",
                "namespace": self.namespace,
                "ready": ready,
                "points": points,
            });
            return writeln!(out, "{line}");
        }
        writeln!(out)?;
        for (state, text) in &points {
            writeln!(out, "{}: {text}", state.word())?;
        }
        let name = shown(self.namespace, 63);
        if ready {
            writeln!(out, "{}", format!("{name} is ready to enforce").green())
        } else {
            writeln!(
                out,
                "{}",
                format!("{name} is not ready to enforce").red().bold()
            )
        }
    }
}
