//! A rule's page is its file's header: one text, read where the code is read.

/// The `//!` header of a source file as Markdown.
pub(in crate::rules) fn from_source(source: &str) -> String {
    source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .fold(String::new(), |page, line| page + line + "\n")
}
