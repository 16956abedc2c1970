//! The fields of a log line, written as tracing-subscriber writes them. Its own way
//! takes four times as long for text, of which the line of a review mostly consists.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitOutput};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

#[derive(Debug)]
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line {
            writer,
            text: String::with_capacity(512),
            is_empty: true,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.pass_on();
        line.result
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    /// What the writer has not got yet: it takes long over each piece.
    text: String,
    is_empty: bool,
    result: fmt::Result,
}

/// Whether tracing-subscriber writes a byte of a message as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

impl Line<'_> {
    /// Writes the name of a field, up to its value.
    fn name(&mut self, field: &Field) {
        if !self.is_empty {
            self.text.push(' ');
        }
        self.is_empty = false;
        let name = field.name();
        self.text.push_str(name.strip_prefix("r#").unwrap_or(name));
        self.text.push('=');
    }

    fn pass_on(&mut self) {
        if self.result.is_ok() {
            self.result = self.writer.write_str(&self.text);
        }
        self.text.clear();
    }

    /// Has tracing-subscriber write a field.
    fn other(&mut self, write: impl FnOnce(&mut DefaultVisitor<'_>)) {
        self.pass_on();
        if self.result.is_ok() {
            let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_empty);
            write(&mut visitor);
            self.result = visitor.finish();
            self.is_empty = false;
        }
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let needs_none = |byte| is_plain(byte) && byte != b'"' && byte != b'\\';
        // Without a way out in the middle, which lets it look at many bytes at once.
        let no_escapes = value.bytes().fold(true, |all, byte| all & needs_none(byte));
        if field.name() == "message" || !no_escapes {
            return self.other(|visitor| visitor.record_str(field, value));
        }
        self.name(field);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.text.push_str(if value { "true" } else { "false" });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "message" {
            return self.record_debug(field, &value);
        }
        self.name(field);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.other(|visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let before = self.text.len();
        if field.name() == "message" {
            if !self.is_empty {
                self.text.push(' ');
            }
            let is_written = write!(self.text, "{value:?}").is_ok();
            let mut bytes = self.text.bytes().skip(before);
            if is_written && bytes.all(is_plain) {
                self.is_empty = false;
                return;
            }
            self.text.truncate(before);
        }
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
