//! Decisions for people and for programs: one file per format.

pub mod json;
mod patched;
mod reported;
pub mod scan;
pub mod text;

pub use patched::Patched;
pub use reported::{ObjectRef, Origin, Reported};
pub use scan::ScanLine;

use rolegate_core::decision::{Decision, Door, Judged};
use rolegate_core::request::spans::Spans;
use rolegate_core::request::{ObjectName, Path, Request};

/// One document and its decision.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// The file and the document's number in it, such as `pod.yaml#1`.
    pub source: &'a str,
    pub file: &'a str,
    /// The positions of the object's fields in the file.
    pub spans: &'a Spans,
    pub door: Door,
    pub request: &'a Request<'a>,
    pub name: ObjectName<'a>,
    pub decision: &'a Decision<'a>,
    /// The changes of role chaining, which come before the decision.
    pub patched: Option<&'a Patched>,
    /// Who the requester is, where `--as` says it.
    pub stand_in: Option<&'a str>,
}

impl<'a> Reviewed<'a> {
    fn reported(&self) -> impl Iterator<Item = Reported<'_>> {
        self.decision
            .judged
            .iter()
            .map(|judged| self.report(judged))
    }

    fn report<'r>(&'r self, judged: &'r Judged<'a>) -> Reported<'r> {
        let root = Path::root();
        let path = judged.finding.at.first().unwrap_or(&root);
        Reported {
            finding: &judged.finding,
            object: ObjectRef::of(&self.request.target, &self.name),
            who: Some(&self.decision.who),
            instead: self.decision.what_helps(&judged.finding),
            origin: Origin::File {
                path: self.file,
                at: self.spans.at(path),
            },
            mode: Some(judged.mode),
            exempted: judged.exempted,
        }
    }
}
