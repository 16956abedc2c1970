//! What a correct policy leaves without effect.

use super::Reader;
use crate::policy::Mode;
use crate::policy::RuleId;
use crate::policy::{Level, Policy};
use crate::rules::implemented;

/// What a rule has to be given before it can judge anything.
const fn needs(rule: RuleId) -> &'static str {
    match rule {
        RuleId::ExecutionRole => "a virtual cluster lists `executionRoles`",
        RuleId::ImageSource => "the policy gives it `registries` or a `minimumRelease`",
        RuleId::ChainProfile => "a virtual cluster lists `chains`",
        _ => "the policy configures it",
    }
}

impl Reader {
    /// Warns of rules that are off, or not there, though the file speaks of them.
    pub(super) fn notes(&mut self, policy: &Policy) {
        for &rule in RuleId::ALL {
            let said = policy.rules.modes.get(&rule).copied();
            let configured = policy.is_configured(rule);
            let exempted = policy
                .exemptions
                .iter()
                .any(|exemption| exemption.rules.contains(&rule));
            if !implemented(rule) {
                let options = match rule {
                    RuleId::ImageSource | RuleId::ExecutionRole | RuleId::ChainProfile => {
                        configured
                    }
                    RuleId::EndpointExposure => {
                        !policy.rules.endpoint_exposure.source_ranges.is_empty()
                    }
                    _ => false,
                };
                if said.is_some_and(|mode| mode != Mode::Off) || options {
                    self.warn(
                        Level::Warning,
                        None,
                        format!("rule {rule} is not in this version; its settings have no effect"),
                    );
                }
                if exempted {
                    self.warn(
                        Level::Warning,
                        None,
                        format!(
                            "rule {rule} is not in this version; exemptions from it have no effect"
                        ),
                    );
                }
            }
            if !configured {
                let level = if said.is_some_and(|mode| mode != Mode::Off) {
                    Level::Warning
                } else {
                    Level::Note
                };
                self.warn(
                    level,
                    None,
                    format!("rule {rule} is off until {}", needs(rule)),
                );
            } else if said == Some(Mode::Off) {
                self.warn(
                    Level::Note,
                    None,
                    format!("rule {rule} is off, as the policy says"),
                );
            }
        }
        if !policy.rules.credential_provider.require_identity {
            let message = "rule credential-provider lets a job's pod start without the credentials of its role, as the policy says; the AWS SDK then goes on to the node's role";
            self.warn(Level::Note, None, message);
        }
        if policy.rules.endpoint_exposure.source_ranges.is_empty() {
            let message = "rule endpoint-exposure does not judge the ranges of load balancers until the policy gives it `sourceRanges`";
            self.warn(Level::Note, None, message);
        }
    }
}
