//! `rules.credential-provider` of the policy file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::{Flag, Given, Level, Mode, Policy, Reader, RuleEntry, RuleOptions, Text, kind};

/// Credentials other than the job's own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CredentialProvider")]
pub(in crate::rules) struct Entry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Whether a job's pod must come with the credentials of its role, as EKS
    /// puts them in, and with no others; true if not given.
    #[serde(default)]
    require_identity: Given<Flag>,
    /// Folders of the node that pods may mount; none if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    host_paths: Given<Vec<Text<HostFolder>>>,
}

/// Options of `credential-provider`.
#[derive(Debug)]
pub(super) struct Options {
    require_identity: bool,
    /// Only these exact folders: below a folder that pods write to, a link could lead
    /// anywhere.
    host_paths: Vec<String>,
}

impl Options {
    /// Whether a job's pod must come with the credentials of its role.
    pub(super) fn requires_identity(policy: &Policy) -> bool {
        let options = policy.options::<Self>();
        options.is_none_or(|options| options.require_identity)
    }

    /// Folders of the node that pods may mount.
    pub(super) fn host_paths(policy: &Policy) -> &[String] {
        let options = policy.options::<Self>();
        options.map_or(&[], |options| &options.host_paths)
    }
}

impl RuleOptions for Options {}

impl RuleEntry for Entry {
    fn mode(&self) -> Option<Mode> {
        self.mode.0
    }

    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>> {
        let required = self.require_identity.0.map(|Flag(required)| required);
        Some(Box::new(Options {
            require_identity: required.unwrap_or(true),
            host_paths: reader.optional(self.host_paths),
        }))
    }
}

/// What `policy check` says about the options.
pub(super) fn notes(policy: &Policy) -> Vec<(Level, String)> {
    let mut notes = Vec::new();
    if !Options::requires_identity(policy) {
        let note = "rule credential-provider lets a job's pod start without the credentials of its role, as the policy says; the AWS SDK then goes on to the node's role";
        notes.push((Level::Note, note.to_owned()));
    }
    notes
}

kind!(
    /// A folder of the node.
    HostFolder: String = "a folder of the node that pods may mount", "^(/[A-Za-z0-9._-]+)+$",
    |text: &str| {
        let fits = |part: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            !matches!(part, "" | "." | "..") && part.bytes().all(inner)
        };
        if !text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(fits)) {
            return Err("write it as pods do, without a slash at the end: /local1".into());
        }
        let below = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match NODES_OWN.iter().find(|own| below(text, own) || below(own, text)) {
            Some(own) => Err(format!("it would open {own}, which is the node's own; mount a disk elsewhere")),
            None => Ok(text.to_owned()),
        }
    }
);

/// Folders that give control of the node, or hold the tokens of its pods.
const NODES_OWN: [&str; 13] = [
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/opt", "/proc", "/root", "/run", "/sys",
    "/usr", "/var",
];
