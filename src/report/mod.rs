//! Decisions for people and for programs: one file per format.

pub mod json;
mod patched;
mod reported;
pub mod text;

pub use patched::Patched;
pub use reported::{ObjectRef, Origin, Reported};

use rolegate_core::decision::{Decision, Door, Judged};
use rolegate_core::request::spans::Spans;
use rolegate_core::request::{ObjectName, Path, Request};

/// One judged document.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// Where it came from: file and number of the document.
    pub source: &'a str,
    /// The file alone.
    pub file: &'a str,
    /// Where in the file the parts of the judged object stand.
    pub spans: &'a Spans,
    pub door: Door,
    pub request: &'a Request<'a>,
    /// The object's name, where the request says it.
    pub name: ObjectName<'a>,
    pub decision: &'a Decision<'a>,
    /// What role chaining changed before it was judged.
    pub patched: Option<&'a Patched>,
}

impl<'a> Reviewed<'a> {
    /// The findings with what is around them.
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
            origin: Origin::File {
                path: self.file,
                at: self.spans.at(path),
            },
            mode: Some(judged.mode),
            exempted: judged.exempted,
        }
    }
}
