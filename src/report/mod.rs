//! Decisions for people and for programs.

pub mod json;
mod patched;
pub mod text;

pub use patched::Patched;

use rolegate_core::decision::Decision;
use rolegate_core::request::Request;

/// One judged document.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// Where it came from: file and number of the document.
    pub source: &'a str,
    /// The request.
    pub request: &'a Request<'a>,
    /// What becomes of it.
    pub decision: &'a Decision<'a>,
    /// What role chaining changed before it was judged.
    pub patched: Option<&'a Patched>,
}
