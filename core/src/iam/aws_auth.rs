//! Who gets EMR's username by the `ConfigMap` `aws-auth`.

use serde::Deserialize;

use super::arn::Arn;
use super::cluster_access::{Drift, Weight};
use super::wild::Wild;
use crate::facts::SERVICE_LINKED_ROLE;
use crate::names::shown;
use crate::policy::Policy;

/// The entries of the `ConfigMap` `aws-auth` that map an IAM identity to a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsAuth {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Entry {
    #[serde(alias = "userarn", default)]
    rolearn: String,
    #[serde(default)]
    username: String,
}

impl AwsAuth {
    /// Reads `data.mapRoles` and `data.mapUsers`, each empty if absent.
    ///
    /// # Errors
    ///
    /// The text is not a YAML list of entries.
    pub fn parse(roles: &str, users: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (name, text) in [("mapRoles", roles), ("mapUsers", users)] {
            if !text.trim().is_empty() {
                let read: Vec<Entry> = serde_saphyr::from_str(text)
                    .map_err(|_| format!("{name} of aws-auth is not a list of entries with rolearn, username and groups"))?;
                entries.extend(read);
            }
        }
        Ok(Self { entries })
    }
}

/// The entries of `aws-auth` by which somebody else than EMR can get EMR's username, and
/// those that give EMR nothing.
#[must_use]
pub fn aws_auth_drift(auth: &AwsAuth, policy: &Policy) -> Vec<Drift> {
    let mut found = Vec::new();
    let mut drift = |weight, what: String, instead: &str| {
        found.push(Drift {
            weight,
            namespace: String::new(),
            object: "ConfigMap kube-system/aws-auth".to_owned(),
            what,
            instead: instead.to_owned(),
        });
    };
    for Entry { rolearn, username } in &auth.entries {
        let resource = Arn::cut(rolearn).map_or("", |arn| arn.resource);
        let is_emrs = resource.rsplit('/').next() == Some(SERVICE_LINKED_ROLE)
            && resource.starts_with("role/");
        let (arn, user) = (shown(rolearn, 200), shown(username, 200));
        if is_emrs {
            if resource.matches('/').count() > 1 {
                drift(
                    Weight::Missing,
                    format!(
                        "the entry for {arn} has a path, so it matches no session and EMR gets no username"
                    ),
                    "write the ARN without the path, as arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEMRContainers",
                );
            }
            continue;
        }
        let template = template(username);
        if policy.emr_service.names(username) {
            drift(
                Weight::TooWide,
                format!("it gives EMR's username {user} to {arn}"),
                "give that identity a username of its own, or set identities.emrService.roleArns, so that the username alone proves nothing",
            );
        } else if template.is_wild()
            && let Some(user) = imitated(&template, policy)
        {
            drift(
                Weight::TooWide,
                format!(
                    "{arn} can get EMR's username {} by the name of its session ({})",
                    shown(&user, 200),
                    shown(username, 200)
                ),
                "begin the username with text that no name of EMR's has, such as role-name:{{SessionName}}",
            );
        }
    }
    found
}

/// A username with its placeholders as wildcards.
fn template(username: &str) -> Wild {
    let mut pattern = String::new();
    let mut rest = username;
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((name, after)) = after.split_once("}}")
    {
        pattern.push_str(before);
        // What somebody may choose is his session's name; the rest is given by AWS.
        pattern.push_str(match name.trim() {
            name if name.starts_with("Session") => "*",
            "AccountID" => "????????????",
            _ => "?*.?*",
        });
        rest = after;
    }
    pattern.push_str(rest);
    Wild::new(&pattern)
}

/// A username of EMR's that the template can become.
fn imitated(template: &Wild, policy: &Policy) -> Option<String> {
    policy
        .emr_service
        .users
        .iter()
        .find_map(|glob| template.common(&Wild::new(glob.as_str()), 'x'))
        .filter(|user| policy.emr_service.names(user))
}
