//! A finding with its context: the object, the requester, the origin and the mode.

use std::fmt::{self, Write as _};

use rolegate_core::names::shown;
use rolegate_core::policy::Mode;
use rolegate_core::request::spans::Position;
use rolegate_core::request::{ObjectName, Path, Target};
use rolegate_core::rules::Finding;

/// One finding, as every report format shows it.
#[derive(Debug)]
pub struct Reported<'a> {
    pub finding: &'a Finding,
    pub object: ObjectRef,
    /// The requester; `None` without a request, for example for a stored object.
    pub who: Option<&'a str>,
    /// What the reader can do instead.
    pub instead: &'a str,
    pub origin: Origin<'a>,
    /// `None` if no mode applies.
    pub mode: Option<Mode>,
    /// The reason of the exemption that applies.
    pub exempted: Option<&'a str>,
}

/// The object that a finding is about. Texts are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    pub group: String,
    /// Plural resource name.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
}

impl ObjectRef {
    #[must_use]
    pub fn of(target: &Target<'_>, name: &ObjectName<'_>) -> Self {
        Self {
            group: shown(target.group(), 253),
            resource: shown(target.resource(), 63),
            subresource: shown(target.subresource(), 63),
            namespace: shown(target.namespace(), 63),
            name: name.shown(),
        }
    }
}

/// The source of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A request to a webhook endpoint, by its uid.
    Request(&'a str),
    /// An event of an audit log, by its id.
    Event(&'a str),
    /// A position in a file. For something that is not in the file, such as a
    /// missing field, it is the position of the nearest enclosing field.
    File { path: &'a str, at: Option<Position> },
    /// A version of an object stored in a cluster.
    Cluster { resource_version: &'a str },
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(uid) => write!(f, "request {uid}"),
            Self::Event(id) => write!(f, "audit event {id}"),
            Self::File { path, at: None } => f.write_str(path),
            Self::File { path, at: Some(at) } => write!(f, "{path}:{at}"),
            Self::Cluster { resource_version } => write!(f, "version {resource_version}"),
        }
    }
}

impl Reported<'_> {
    /// The finding as a sentence without its full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.who {
            Some(who) => format!("{who} may not {}", self.finding.act),
            None => self.finding.act.clone(),
        }
    }

    /// The field of the object.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.finding.at.first()
    }

    /// Identifies the same finding across runs and versions of the wording. It
    /// is made of the rule, the object and the key, not of the message or the
    /// position.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let ObjectRef {
            group,
            resource,
            subresource,
            namespace,
            name,
        } = &self.object;
        let (rule, key) = (self.finding.rule.as_str(), &*self.finding.key);
        let parts = [rule, group, resource, subresource, namespace, name, key];
        // No part contains a NUL: names are escaped, and keys are made of field names and values.
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, parts.join("\0").as_bytes());
        let mut fingerprint = String::with_capacity(32);
        for byte in digest.as_ref().iter().take(16) {
            // Writing to a String cannot fail.
            let _ = write!(fingerprint, "{byte:02x}");
        }
        fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolegate_core::facts::Addressee;
    use rolegate_core::policy::{About, Severity};
    use rolegate_core::rules::Advice;

    static ABOUT: About = About::new("pod-exec", Severity::High, "");
    static ADVICE: Advice = Advice {
        why: "why",
        instead: &[(&Addressee::ALL, "instead")],
        source: "source",
    };

    fn reported<'a>(finding: &'a Finding, origin: Origin<'a>) -> Reported<'a> {
        Reported {
            finding,
            object: ObjectRef {
                group: String::new(),
                resource: "pods".into(),
                subresource: "exec".into(),
                namespace: "spark-a".into(),
                name: "driver".into(),
            },
            who: Some("alice"),
            instead: "instead",
            origin,
            mode: None,
            exempted: None,
        }
    }

    #[test]
    fn a_fingerprint_depends_on_rule_object_and_key_alone() {
        let one = Finding::new(&ABOUT, &ADVICE, "exec into pod a").key("x");
        let reworded = Finding::new(&ABOUT, &ADVICE, "open a shell in pod a").key("x");
        let other = Finding::new(&ABOUT, &ADVICE, "exec into pod a").key("y");
        let of = |finding| reported(finding, Origin::Request("u")).fingerprint();
        let elsewhere = reported(&one, Origin::Event("e")).fingerprint();
        assert_eq!(of(&one), of(&reworded));
        assert_eq!(of(&one), elsewhere);
        assert_ne!(of(&one), of(&other));
    }

    #[test]
    fn sentences_and_origins() {
        let finding = Finding::new(&ABOUT, &ADVICE, "exec into pod a");
        let at = Some(Position {
            line: 14,
            column: 7,
        });
        let origin = Origin::File {
            path: "pod.yaml",
            at,
        };
        let mut reported = reported(&finding, origin);
        assert_eq!(reported.sentence(), "alice may not exec into pod a");
        assert_eq!(reported.origin.to_string(), "pod.yaml:14:7");
        reported.who = None;
        assert_eq!(reported.sentence(), "exec into pod a");
    }
}
