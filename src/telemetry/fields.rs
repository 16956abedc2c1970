//! The fields of a log line, written as tracing-subscriber writes them. Its own way
//! takes four times as long for text, of which the line of a review mostly consists.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

#[derive(Debug)]
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line {
            writer,
            is_empty: true,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.result
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    is_empty: bool,
    result: fmt::Result,
}

impl Line<'_> {
    /// Writes a field whose value needs no escapes.
    fn plain(&mut self, field: &Field, value: [&str; 3]) -> fmt::Result {
        let name = field.name();
        let name = name.strip_prefix("r#").unwrap_or(name);
        let blank = if self.is_empty { "" } else { " " };
        self.is_empty = false;
        [blank, name, "="]
            .into_iter()
            .chain(value)
            .try_for_each(|part| self.writer.write_str(part))
    }

    /// Has tracing-subscriber write a field.
    fn other(&mut self, write: impl FnOnce(&mut DefaultVisitor<'_>)) {
        if self.result.is_ok() {
            let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_empty);
            write(&mut visitor);
            self.result = tracing_subscriber::field::VisitOutput::finish(visitor);
            self.is_empty = false;
        }
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let as_it_stands = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if field.name() == "message" || !value.bytes().all(as_it_stands) {
            self.other(|visitor| visitor.record_str(field, value));
        } else if self.result.is_ok() {
            self.result = self.plain(field, ["\"", value, "\""]);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if self.result.is_ok() {
            let text = if value { "true" } else { "false" };
            self.result = self.plain(field, [text, "", ""]);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.other(|visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.other(|visitor| visitor.record_debug(field, value));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::format::DefaultFields;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines<F: for<'w> FormatFields<'w> + Send + Sync + 'static>(fields: F) -> String {
        let lines = Lines::default();
        let to = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || to.clone())
            .fmt_fields(fields);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let error = std::io::Error::other(std::fmt::Error);
            let error: &(dyn std::error::Error + 'static) = &error;
            for text in [
                "",
                "plain",
                "a \"b\"",
                "back\\slash",
                "two\nlines",
                "ü\u{1b}[1m\u{7f}",
            ] {
                let _span = tracing::info_span!("span", text).entered();
                tracing::info!(
                    text,
                    r#type = text,
                    yes = true,
                    count = 7_u64,
                    error,
                    "done"
                );
                tracing::info!(message = text);
                tracing::info!(message = text, text);
                tracing::info!(no = false, debug = ?text, shown = %text, "{text} and {text}");
            }
        });
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn the_same_text_as_tracing_subscriber_writes() {
        let lines = lines(Fields);
        assert_eq!(lines, self::lines(DefaultFields::new()));
        assert!(lines.contains(r#"span{text="plain"}: "#), "{lines}");
    }
}
