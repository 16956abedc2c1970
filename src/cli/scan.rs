//! `rolegate scan`: what a cluster or a folder of manifests holds that rolegate would
//! refuse, and who can do what.

mod ready;
mod summary;

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use jiff::Timestamp;

use rolegate_core::policy::{Mode, Severity};

use crate::report::{ScanLine, scan as lines};
use crate::scan::{Files, Live, Scan, Setting, Source, emr_seen};

use super::Verdict;
use super::iam::{Place, trusts};
use super::rbac::{Format, client};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Read a file or a folder instead of the cluster: manifests, a rendered chart, or
    /// `kubectl get -A -o yaml`; `-` is standard input; may be repeated
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,
    /// The context of the kubeconfig; without it, the current one
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    context: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Trust policies of execution roles, as `rolegate iam lint` takes them: who else can
    /// become them; may be repeated
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// Only what is in this namespace and what reaches it; with --from, also the namespace
    /// of objects that name none
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// What would be refused if this namespace enforced now
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "namespace")]
    ready_to_enforce: Option<String>,
    /// Exit with 1 from this severity on
    #[arg(long, value_enum, default_value_t = FailOn::Low)]
    fail_on: FailOn,
    /// The output format; `json` prints one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Low,
    Medium,
    High,
    Critical,
    Never,
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Low => severity >= Severity::Low,
            Self::Medium => severity >= Severity::Medium,
            Self::High => severity >= Severity::High,
            Self::Critical => severity >= Severity::Critical,
            Self::Never => false,
        }
    }
}

/// What was found, by severity, and what of it a namespace that enforces refuses.
#[derive(Debug, Default)]
struct Counts {
    by_severity: [usize; 4],
    fails: bool,
    refused: usize,
    to_come: usize,
    /// Findings about webhooks and admission policies that weaken what `enforce` means.
    drift: usize,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(scan(args))
}

async fn scan(args: &Args) -> anyhow::Result<Verdict> {
    let policy = args.place.policy()?;
    let world = args.place.world(&policy, &[])?;
    let trusts = trusts(&args.trust, None, &world)?;
    let only = args.ready_to_enforce.as_ref().or(args.namespace.as_ref());
    let only = only.map(String::as_str);
    let setting = Setting {
        policy: &policy,
        namespace: only,
        as_enforced: args.ready_to_enforce.is_some(),
        trusts: &trusts,
        iam: &world,
        now: Timestamp::now(),
    };
    let mut kube = None;
    let mut source = if args.from.is_empty() {
        let client = client(args.context.as_deref()).await?;
        kube = Some(client.clone());
        Source::Cluster(Box::new(Live::new(client, only.unwrap_or_default())))
    } else {
        Source::Files(Files::new(&args.from, only.unwrap_or("default"))?)
    };
    let started = Instant::now();
    let mut counts = Counts::default();
    let mut scan = Scan::new(setting);
    {
        let mut out = anstream::stdout().lock();
        let mut tell = |line: &ScanLine<'_>| {
            count(line, args.fail_on, &mut counts);
            match args.format {
                // The rest has nothing to do with the question.
                Format::Text if setting.as_enforced && !would_be_refused(line) => Ok(()),
                Format::Text => lines::text(&mut out, line),
                Format::Json => writeln!(out, "{}", lines::json(line)),
            }
        };
        let mut bar = Progress::new();
        let result = scan
            .run(&mut source, &mut tell, &mut |read| bar.show(read))
            .await;
        bar.clear();
        result?;
    }
    let calls = match &source {
        Source::Files(_) => 0,
        Source::Cluster(live) => live.calls,
    };
    let took = started.elapsed();
    let mut out = anstream::stdout().lock();
    if !setting.as_enforced || args.format == Format::Json {
        let summary = summary::Summary {
            scan: &scan,
            counts: &counts,
            policy: &policy,
            only,
            calls,
            took,
        };
        summary.write(&mut out, args.format)?;
    }
    let Some(namespace) = &args.ready_to_enforce else {
        return Ok(if counts.fails {
            Verdict::Denied
        } else {
            Verdict::Clean
        });
    };
    let emr = match &kube {
        Some(client) => Some(emr_seen(client).await),
        None => None,
    };
    let ready = ready::Ready {
        namespace,
        scan: &scan,
        counts: &counts,
        policy: &policy,
        emr,
    };
    ready.write(&mut out, args.format)?;
    Ok(if ready.is_ready() {
        Verdict::Clean
    } else {
        Verdict::Denied
    })
}

/// Whether a namespace that enforces refuses this.
fn would_be_refused(line: &ScanLine<'_>) -> bool {
    match line {
        ScanLine::Finding(reported) => {
            reported.mode == Some(Mode::Enforce) && reported.exempted.is_none()
        }
        ScanLine::PodsToCome { .. } => true,
    }
}

fn count(line: &ScanLine<'_>, fail_on: FailOn, counts: &mut Counts) {
    let reported = match line {
        ScanLine::Finding(reported) => reported,
        ScanLine::PodsToCome { .. } => {
            counts.to_come += 1;
            return;
        }
    };
    let severity = reported.finding.severity;
    if let Some(number) = counts.by_severity.get_mut(severity as usize) {
        *number += 1;
    }
    let is_drift = reported.finding.rule.as_str() == "mutating-webhook" && reported.mode.is_none();
    counts.drift += usize::from(is_drift && severity >= Severity::High);
    counts.fails |= reported.exempted.is_none() && fail_on.fails(severity);
    counts.refused += usize::from(would_be_refused(line));
}

/// How many objects are read, on a terminal.
struct Progress {
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            shown: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, read: usize) {
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);
        if !self.is_terminal || self.shown.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        self.shown = Some(Instant::now());
        // A terminal that is gone loses nothing.
        let _ = write!(io::stderr(), "\r{read} objects read");
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
