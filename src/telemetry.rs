//! Logs. They go to standard error: standard output is for findings.

mod clock;
mod fields;
mod queue;

use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use clock::Clock;
use fields::Fields;
use queue::{Queue, Sink};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Why the log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `--log-level` is invalid.
    #[error(
        "`{0}` is not a log filter ({1}); examples are `info` and `info,rolegate::certs=debug`"
    )]
    Filter(String, ParseError),
    #[error("cannot start the thread that writes the log: {0}")]
    Thread(#[from] std::io::Error),
    #[error("the log is set up already: {0}")]
    Twice(#[from] TryInitError),
}

/// The running log. Dropping it writes the queued lines, for at most a second.
#[derive(Debug)]
pub struct Telemetry(Arc<Queue>);

impl Telemetry {
    /// Starts logging to standard error. `level` is a filter such as `info` or
    /// `info,rolegate::server=debug`.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`].
    pub fn start(format: LogFormat, level: &str) -> Result<Self, TelemetryError> {
        let filter = Targets::from_str(level)
            .map_err(|error| TelemetryError::Filter(level.to_owned(), error))?;
        let queue = Queue::start(std::io::stderr())?;
        let sink = Sink(Arc::clone(&queue));
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_timer(Clock)
            .with_writer(move || sink.clone());
        let lines = match format {
            LogFormat::Text => lines.fmt_fields(Fields).boxed(),
            // Every line has its own fields; spans would only repeat them.
            LogFormat::Json => lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .boxed(),
        };
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .try_init()?;
        std::panic::set_hook(Box::new(panicked));
        Ok(Self(queue))
    }

    #[must_use]
    pub fn lost_lines(&self) -> LostLines {
        LostLines(Arc::clone(&self.0))
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.0.flush(Duration::from_secs(1));
    }
}

/// A metric: log lines lost because nothing read standard error.
#[derive(Clone, Debug)]
pub struct LostLines(Arc<Queue>);

impl Collector for LostLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (name, help) = (
            "rolegate_log_lines_lost",
            "Log lines that could not be written to standard error",
        );
        let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(self.0.lost()).encode(metric)
    }
}

/// Logs where a panic happened. The message is logged only if it is fixed text:
/// a formatted one may quote the object that caused it.
fn panicked(info: &PanicHookInfo<'_>) {
    let message = info
        .payload()
        .downcast_ref::<&'static str>()
        .unwrap_or(&"(withheld: it may quote an object)");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, message, "panic, which is a bug in rolegate");
}
