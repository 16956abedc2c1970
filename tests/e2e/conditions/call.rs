//! The words the tables are written in: who, which request, what becomes of it.

use std::fmt;

use serde_json::Value;

use crate::harness::cast;
use crate::harness::http::MERGE;

/// Who sends a request.
#[derive(Clone, Copy)]
pub(super) enum Who {
    /// One of the people of `harness/users.rs`.
    Person(&'static str),
    /// A service account of kube-system, with a token as its controller has it.
    Controller(&'static str),
    /// A service account of the test's own namespace, with a token of its own.
    Account(&'static str),
    /// What `--as` and `--as-group` make of somebody: a name, groups, no `uid`.
    Pretended(&'static str, &'static [&'static str]),
    /// A controller's service account under `--as`.
    PretendedController(&'static str),
}

pub(super) const ALICE: Who = Who::Person("alice");

/// One request. Sent with `dryRun=All`, so that no request changes what the
/// next one finds; a dry run is admitted exactly like a real one.
pub(super) struct Call {
    pub(super) method: &'static str,
    /// `pods/p/status`, `batch/v1:jobs/j`, or a whole path that starts with `/`.
    pub(super) target: String,
    pub(super) content_type: &'static str,
    pub(super) body: Option<Value>,
    /// exec and its kin: no dry run, and without a kubelet no success either.
    pub(super) connects: bool,
}

/// What becomes of a request while rolegate does not answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// A condition lets it past, and it succeeds.
    Past,
    /// It is sent to rolegate: refused at the Fail door, admitted and recorded
    /// as failed open at the others.
    Sent,
    /// Kubernetes itself refuses it, with these words, before any webhook.
    Kubernetes(&'static str),
}

pub(super) struct Case {
    pub(super) who: Who,
    pub(super) call: Call,
    pub(super) then: Then,
}

impl Case {
    pub(super) fn is_let_past(&self) -> bool {
        self.then == Then::Past
    }

    pub(super) fn is_sent(&self) -> bool {
        self.then == Then::Sent
    }
}

pub(super) fn past(who: Who, call: Call) -> Case {
    let then = Then::Past;
    Case { who, call, then }
}

pub(super) fn sent(who: Who, call: Call) -> Case {
    let then = Then::Sent;
    Case { who, call, then }
}

pub(super) fn kubernetes(words: &'static str, who: Who, call: Call) -> Case {
    let then = Then::Kubernetes(words);
    Case { who, call, then }
}

fn call(method: &'static str, target: &str, content_type: &'static str, body: Value) -> Call {
    Call {
        method,
        target: target.to_owned(),
        content_type,
        body: Some(body),
        connects: false,
    }
}

pub(super) fn post(target: &str, body: Value) -> Call {
    call("POST", target, "application/json", body)
}

/// A merge patch: of an object's fields, `null` removes one.
pub(super) fn patch(target: &str, body: Value) -> Call {
    call("PATCH", target, MERGE, body)
}

/// DELETE of one object, or of a whole collection.
pub(super) fn delete(target: &str) -> Call {
    Call {
        body: None,
        ..call("DELETE", target, "", Value::Null)
    }
}

pub(super) fn connect(target: &str) -> Call {
    Call {
        body: None,
        connects: true,
        ..call("GET", target, "", Value::Null)
    }
}

/// A tenant's plainest request, sent wherever rolegate looks.
pub(super) fn config_map() -> Call {
    post("configmaps", cast::config_map("new"))
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => f.write_str(name),
            Self::Controller(name) => write!(f, "kube-system's {name}"),
            Self::Account(name) => write!(f, "the namespace's own {name}"),
            Self::Pretended(name, groups) => write!(f, "--as {name} {groups:?}"),
            Self::PretendedController(name) => write!(f, "--as kube-system's {name}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call {
            method,
            target,
            body,
            ..
        } = &self.call;
        write!(f, "{}: {method} {target}", self.who)?;
        match body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}
