//! The text of the AWS configuration file.
//!
//! A newline in such a file can execute commands (`credential_process`), so
//! every part is of a type that cannot hold one: ARNs by the strict grammar,
//! a checked path, a cut session name, and from the policy an external id, a
//! region and profile names of a few characters. The names of rolegate's own
//! sections are constants.
//!
//! There is exactly one `[default]`. SDKs disagree on which wins beside a
//! `[profile default]`, and with the web identity in `[default]` itself the
//! C++ SDK aborts.

use std::fmt;

use crate::names::RoleArn;
use crate::policy::Chain;

use super::{SessionName, Source};

/// A file's whole content.
#[derive(Debug)]
pub struct Profile<'p> {
    pub chain: &'p Chain,
    /// The role at its end.
    pub target: &'p RoleArn,
    /// The credentials it starts from.
    pub source: &'p Source<'p>,
    pub session: &'p SessionName,
}

impl fmt::Display for Profile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chain {
            hops,
            profiles,
            external_id,
            session_duration,
            ..
        } = self.chain;
        f.write_str("# Written by rolegate.\n[default]\n")?;
        self.role(f, self.target, Before::Hop(hops.len()))?;
        end(f, external_id.as_deref(), *session_duration)?;
        for (index, hop) in hops.iter().enumerate().rev() {
            writeln!(f, "[profile rolegate-hop-{}]", index + 1)?;
            self.role(f, hop, Before::Hop(index))?;
        }
        if let Source::WebIdentity { role, token } = self.source {
            f.write_str("[profile rolegate-source]\n")?;
            self.role(f, role, Before::Token(token.as_str()))?;
        }
        for profile in profiles {
            writeln!(f, "[profile {}]", profile.name)?;
            self.role(f, &profile.role, Before::Hop(0))?;
            end(f, profile.external_id.as_deref(), *session_duration)?;
        }
        Ok(())
    }
}

/// What a role is assumed with.
#[derive(Clone, Copy)]
enum Before<'p> {
    /// The credentials of this hop; 0 is the source.
    Hop(usize),
    /// A web identity token.
    Token(&'p str),
}

impl Profile<'_> {
    fn role(&self, f: &mut fmt::Formatter<'_>, role: &RoleArn, before: Before<'_>) -> fmt::Result {
        writeln!(f, "role_arn = {role}")?;
        match (before, self.source) {
            (Before::Token(path), _) => writeln!(f, "web_identity_token_file = {path}")?,
            (Before::Hop(0), Source::PodIdentity) => {
                f.write_str("credential_source = EcsContainer\n")?;
            }
            (Before::Hop(0), Source::WebIdentity { .. }) => {
                f.write_str("source_profile = rolegate-source\n")?;
            }
            (Before::Hop(hop), _) => writeln!(f, "source_profile = rolegate-hop-{hop}")?,
        }
        writeln!(f, "role_session_name = {}", self.session)?;
        if let Some(region) = &self.chain.region {
            writeln!(f, "region = {region}")?;
        }
        f.write_str("sts_regional_endpoints = regional\n")
    }
}

/// What only the end of a chain has.
fn end(
    f: &mut fmt::Formatter<'_>,
    external_id: Option<&str>,
    duration: Option<u16>,
) -> fmt::Result {
    if let Some(id) = external_id {
        writeln!(f, "external_id = {id}")?;
    }
    duration.map_or(Ok(()), |seconds| {
        writeln!(f, "duration_seconds = {seconds}")
    })
}
