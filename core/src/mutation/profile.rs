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

impl Profile<'_> {
    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let Chain {
            hops,
            profiles,
            external_id,
            session_duration,
            ..
        } = self.chain;
        let mut out = String::with_capacity(1024);
        out.push_str("# Written by rolegate.\n[default]\n");
        self.role(&mut out, self.target, Before::Hop(hops.len()));
        end(&mut out, external_id.as_deref(), *session_duration);
        for (index, hop) in hops.iter().enumerate().rev() {
            line(
                &mut out,
                ["[profile rolegate-hop-", &(index + 1).to_string(), "]"],
            );
            self.role(&mut out, hop, Before::Hop(index));
        }
        if let Source::WebIdentity { role, token } = self.source {
            out.push_str("[profile rolegate-source]\n");
            self.role(&mut out, role, Before::Token(token.as_str()));
        }
        for profile in profiles {
            line(&mut out, ["[profile ", &profile.name, "]"]);
            self.role(&mut out, &profile.role, Before::Hop(0));
            end(&mut out, profile.external_id.as_deref(), *session_duration);
        }
        out
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
    fn role(&self, out: &mut String, role: &RoleArn, before: Before<'_>) {
        line(out, ["role_arn = ", role.as_str()]);
        match (before, self.source) {
            (Before::Token(path), _) => line(out, ["web_identity_token_file = ", path]),
            (Before::Hop(0), Source::PodIdentity) => {
                out.push_str("credential_source = EcsContainer\n");
            }
            (Before::Hop(0), Source::WebIdentity { .. }) => {
                out.push_str("source_profile = rolegate-source\n");
            }
            (Before::Hop(hop), _) => {
                line(out, ["source_profile = rolegate-hop-", &hop.to_string()]);
            }
        }
        line(out, ["role_session_name = ", self.session.as_str()]);
        if let Some(region) = &self.chain.region {
            line(out, ["region = ", region]);
        }
        out.push_str("sts_regional_endpoints = regional\n");
    }
}

/// What only the end of a chain has.
fn end(out: &mut String, external_id: Option<&str>, duration: Option<u16>) {
    if let Some(id) = external_id {
        line(out, ["external_id = ", id]);
    }
    if let Some(seconds) = duration {
        line(out, ["duration_seconds = ", &seconds.to_string()]);
    }
}

/// Written without `fmt`, which costs more than the copying.
fn line<const N: usize>(out: &mut String, parts: [&str; N]) {
    for part in parts {
        out.push_str(part);
    }
    out.push('\n');
}
