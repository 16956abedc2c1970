//! What is recorded of a call. Neither tokens nor keys.

use super::form::Form;
use super::loopback::Request;

/// One call of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The role whose credentials signed it; `None` for an unsigned call.
    pub(crate) by: Option<String>,
    /// STS's `AssumeRole`, ...; the agent's is `PodIdentity`; others say their
    /// service: `s3 GET`, `sqs SendMessage`.
    pub(crate) action: String,
    /// The ARN of the role asked for.
    pub(crate) role: Option<String>,
    /// `RoleSessionName`.
    pub(crate) session: Option<String>,
    /// `ExternalId`.
    pub(crate) external_id: Option<String>,
    /// `DurationSeconds`.
    pub(crate) duration: Option<String>,
    /// The error code of a refusal.
    pub(crate) refused: Option<&'static str>,
}

impl Call {
    /// A call of a service, not yet judged.
    pub(super) fn read(service: &str, request: &Request, form: &Form) -> Self {
        let target = request.header("x-amz-target").split_once('.');
        let action = match (service, form.text("Action"), target) {
            ("sts", Some(action), _) => action,
            (_, None, Some((_, action))) => format!("{service} {action}"),
            _ => format!("{service} {}", request.method),
        };
        Self {
            by: None,
            action,
            role: form.text("RoleArn"),
            session: form.text("RoleSessionName"),
            external_id: form.text("ExternalId"),
            duration: form.text("DurationSeconds"),
            refused: None,
        }
    }

    /// A call of the Pod Identity agent.
    pub(super) fn agent(role: Option<&str>) -> Self {
        Self {
            by: None,
            action: "PodIdentity".to_owned(),
            role: role.map(str::to_owned),
            session: None,
            external_id: None,
            duration: None,
            refused: role.is_none().then_some("AccessDenied"),
        }
    }

    /// `role-1 AssumeRole role-2`, with `: AccessDenied` after a refusal.
    pub(super) fn shown(&self) -> String {
        let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let by = self.by.as_deref().map_or("nobody".to_owned(), name);
        let role = self.role.as_deref().map(|arn| format!(" {}", name(arn)));
        let refused = self.refused.map(|code| format!(": {code}"));
        let [role, refused] = [role, refused].map(Option::unwrap_or_default);
        format!("{by} {}{role}{refused}", self.action)
    }
}
