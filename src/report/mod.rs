//! Decisions for people and for programs.

pub mod json;
mod patched;
pub mod text;

pub use patched::Patched;

use crate::decision::Decision;
use crate::review::Request;
use crate::review::path::Path;
use crate::review::spans::{Position, Spans};
use crate::rules::Finding;

/// One judged document.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// Where it came from: file and number of the document.
    pub source: &'a str,
    /// The file alone.
    pub file: &'a str,
    /// Where in the file the parts of the judged object stand.
    pub spans: &'a Spans,
    /// The request.
    pub request: &'a Request<'a>,
    /// What becomes of it.
    pub decision: &'a Decision<'a>,
    /// What role chaining changed before it was judged.
    pub patched: Option<&'a Patched>,
}

impl Reviewed<'_> {
    /// Where in the object a finding points, and where in the file that is: the
    /// object itself for a finding about the whole request. What is nowhere in
    /// the file, such as a field that is missing or that role chaining added, is
    /// at the nearest field around it.
    fn place(&self, finding: &Finding) -> (Option<Path>, Option<Position>) {
        let path = finding.path.as_deref().map(Path::parse_dotted);
        let at = self.spans.at(path.as_ref().unwrap_or(&Path::root()));
        (path, at)
    }
}
