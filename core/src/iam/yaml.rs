//! YAML as `CloudFormation` takes it: every scalar is text, and a tag such as `!Sub` is
//! the function of its name.

use granit_parser::{Event, Parser, Tag};

use super::node::Node;
use crate::names::shown;

/// What is open: a list, or a mapping with the key that waits for its value; and the
/// function that its tag names.
enum Open {
    List(Vec<Node>, Option<String>),
    Mapping(Vec<(String, Node)>, Option<String>, Option<String>),
}

/// Reads the first document.
///
/// # Errors
///
/// One sentence.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut open: Vec<Open> = Vec::new();
    for item in Parser::new_from_str(text) {
        let (event, span) = item.map_err(|_| "it is neither JSON nor YAML".to_owned())?;
        let line = span.start.line();
        let done = match event {
            Event::Scalar(value, _, _, tag) => {
                let node = if value.is_empty() && tag.is_none() {
                    Node::Null
                } else {
                    Node::text(&*value)
                };
                call(function(tag.as_deref()), node)
            }
            Event::SequenceStart(_, _, tag) => {
                open.push(Open::List(Vec::new(), function(tag.as_deref())));
                continue;
            }
            Event::MappingStart(_, _, tag) => {
                open.push(Open::Mapping(Vec::new(), None, function(tag.as_deref())));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items, tag)) => call(tag, Node::List(items)),
                Some(Open::Mapping(members, _, tag)) => call(tag, Node::Object(members)),
                None => continue,
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return Err(format!(
                    "line {line}: CloudFormation takes no YAML aliases; write the value out"
                ));
            }
            _ => continue,
        };
        match open.last_mut() {
            Some(Open::List(items, _)) => items.push(done),
            Some(Open::Mapping(members, key, _)) => {
                if let Some(key) = key.take() {
                    members.push((key, done));
                } else {
                    let name = done
                        .as_text()
                        .ok_or_else(|| format!("line {line}: a key is no text"))?;
                    if members.iter().any(|(known, _)| known == name) {
                        return Err(format!(
                            "line {line}: the key `{}` is given twice",
                            shown(name, 100)
                        ));
                    }
                    *key = Some(name.to_owned());
                }
            }
            None => return Ok(done),
        }
    }
    Err("it contains no document".to_owned())
}

/// `!Ref` is `Ref`, every other short form is a function `Fn::…`.
fn function(tag: Option<&Tag>) -> Option<String> {
    let tag = tag?;
    if tag.handle() != "!" {
        return None;
    }
    Some(match tag.suffix() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

fn call(function: Option<String>, node: Node) -> Node {
    match function {
        Some(name) => Node::Object(vec![(name, node)]),
        None => node,
    }
}
