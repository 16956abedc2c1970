//! The kinds of text that name an identity. All of them reject an identity that
//! everybody has or that a tenant can obtain.

use schemars::{Schema, json_schema};

use super::names::{is_label, is_subdomain, kind};
use super::{Kind, messages, platform_table};
use crate::names::{
    Component, Glob, RESERVED_PREFIXES, SERVICE_ACCOUNT_PREFIX, ServiceAccountName, is_reserved,
};

/// Groups with every user or every pod as a member.
const TENANT_WIDE: [&str; 3] = [
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
];

kind!(
    /// A pattern for usernames.
    UserGlob: Glob = "an identity", r"^\S(.*\S)?$", user_glob
);
kind!(
    /// A pattern for the usernames of Amazon EMR.
    EmrUser: Glob = "a username of Amazon EMR", r"^(?!system:serviceaccount:)\S(.*\S)?$", emr_user
);
kind!(
    /// One exact username.
    Username: String = "a whole username", r"^[^\s*?](.*[^\s*?])?$", username
);
kind!(
    /// One exact group name.
    Group: String = "a group to trust",
    r"^(?!system:((un)?authenticated|serviceaccounts)$|system:serviceaccounts:)[^\s*?](.*[^\s*?])?$", group
);
kind!(
    /// A service account as `namespace/name`.
    ServiceAccountRef: (String, String) = "a service account",
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", service_account
);

/// The name of an add-on of the built-in table.
#[derive(Clone, Debug)]
pub(crate) enum AddOnName {}

impl Kind for AddOnName {
    type Value = &'static str;
    const NAME: &'static str = "an add-on of the built-in table";
    const PATTERN: &'static str = "";

    fn schema() -> Schema {
        let names: Vec<_> = platform_table::names().collect();
        json_schema!({ "type": "string", "enum": names })
    }

    fn read(text: &str) -> Result<&'static str, String> {
        let names = platform_table::names();
        names.clone().find(|name| *name == text).ok_or_else(|| {
            let all: Vec<_> = names.clone().collect();
            let hint = match messages::nearest(text, names) {
                Some(name) => format!("did you mean `{name}`? The table has"),
                None => "use one of".to_owned(),
            };
            format!(
                "{hint} {}; list any other software under `platform`",
                all.join(", ")
            )
        })
    }
}

kind!(
    /// A component of EMR's jobs, with its framework.
    EmrComponentName: String = "a further component of Amazon EMR", "^[a-z0-9]+(-[a-z0-9]+)+$", emr_component
);

fn emr_component(text: &str) -> Result<String, String> {
    let Some((_, component)) = text.split_once('-').filter(|_| is_label(text)) else {
        return Err("write framework and component as service accounts have them between `emr-containers-sa-` and the AWS account, like spark-connect".into());
    };
    match Component::of(component) {
        Component::Other | Component::Session => Ok(text.to_owned()),
        known => Err(format!(
            "rolegate knows what starts a {known}, and nothing else may; remove the entry"
        )),
    }
}

fn plain(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty; write a name or remove the entry".into());
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(
            "a name cannot contain control characters, or start or end with a space".into(),
        );
    }
    Ok(())
}

fn user_glob(text: &str) -> Result<Glob, String> {
    plain(text)?;
    let glob = Glob::parse(text).map_err(|error| error.to_string())?;
    if !glob.is_wild() {
        return exact_user(text).map(|()| glob);
    }
    if let Some(why) = matches_nobody(text) {
        return Err(why.to_owned());
    }
    if !text.contains(char::is_alphanumeric) {
        return Err("it matches every user; name the users you mean".into());
    }
    if glob.matches("system:anonymous") {
        return Err("it also matches requests without credentials; name the users you mean".into());
    }
    if let Some((_, name)) = text
        .strip_prefix("arn:")
        .and_then(|arn| arn.split_once('/'))
        && name.split('/').next().is_some_and(only_stars)
    {
        return Err("it matches every user or role of the account; name the ones you mean".into());
    }
    if let [_, _, namespace, _] = *text.split(':').collect::<Vec<_>>()
        && only_stars(namespace)
        && glob.overlaps(&Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*")))
    {
        return Err("it matches a service account of this name in every namespace, so anyone who can create one would match; name the namespace".into());
    }
    if RESERVED_PREFIXES
        .iter()
        .any(|start| glob.overlaps(&Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:{start}*"))))
    {
        return Err(
            "it can match the service account of a job; name each service account you mean".into(),
        );
    }
    Ok(glob)
}

/// Why no user can have such a name. A wildcard stays between `/` and `:`, so that they
/// divide a pattern as they divide a name.
fn matches_nobody(text: &str) -> Option<&'static str> {
    if let Some(account) = text.strip_prefix(SERVICE_ACCOUNT_PREFIX) {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-*?".contains(&b);
        let ends = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
        let fits = account.split_once(':').is_some_and(|(namespace, name)| {
            ends(namespace)
                && namespace.bytes().all(inner)
                && ends(name)
                && name.bytes().all(|b| inner(b) || b == b'.')
        });
        return (!fits).then_some(
            "no service account can have this name; write it like system:serviceaccount:namespace:name",
        );
    }
    let rest = text.strip_prefix("arn:")?;
    let parts: Vec<&str> = rest.splitn(5, ':').collect();
    let [_, service, region, account, resource] = *parts.as_slice() else {
        return Some(
            "no ARN is like this; write it like arn:aws:sts::111122223333:assumed-role/name/*",
        );
    };
    let digits = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'?'))
    };
    let stars = account.contains('*');
    if !digits(account) || account.len() > 12 || !stars && account.len() != 12 {
        return Some("an AWS account has 12 digits, so no identity has this ARN");
    }
    if matches!(service, "sts" | "iam") && !region.is_empty() {
        return Some(
            "the ARN of an IAM identity has no region; write two colons after the service",
        );
    }
    match (service, resource.split('/').collect::<Vec<_>>().as_slice()) {
        ("sts", ["assumed-role", _] | ["assumed-role"]) => Some(
            "the name of a session follows that of its role, and a wildcard does not reach it; write it like arn:aws:sts::111122223333:assumed-role/name/*",
        ),
        ("iam", ["assumed-role", ..]) | ("sts", ["role" | "user", ..]) => Some(
            "no identity has this ARN: sessions of roles are arn:aws:sts::…:assumed-role/…, users arn:aws:iam::…:user/…",
        ),
        _ => None,
    }
}

/// A username of EMR. EMR is an IAM identity, so service accounts are rejected.
fn emr_user(text: &str) -> Result<Glob, String> {
    let accounts = Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*"));
    if Glob::parse(text).is_ok_and(|glob| glob.overlaps(&accounts)) {
        return Err(
            "Amazon EMR uses an IAM role, never a service account; list an operator that starts jobs under `operators`"
                .into(),
        );
    }
    user_glob(text)
}

fn only_stars(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| matches!(b, b'*' | b'?')) && part.contains('*')
}

/// Checks a username without wildcards.
fn exact_user(text: &str) -> Result<(), String> {
    if text == "system:anonymous" {
        return Err("it stands for every request without credentials; name a user".into());
    }
    if let Some(why) = matches_nobody(text) {
        return Err(why.to_owned());
    }
    let Some(account) = text.strip_prefix(SERVICE_ACCOUNT_PREFIX) else {
        return Ok(());
    };
    let Some((namespace, name)) = account.split_once(':') else {
        return Err("write it like system:serviceaccount:namespace:name".into());
    };
    if !is_label(namespace) || !is_subdomain(name) {
        return Err("a service account cannot have this name; write it like system:serviceaccount:namespace:name".into());
    }
    if is_reserved(name) {
        return Err(
            "it is the service account of a job, which cannot be listed here; name another user"
                .into(),
        );
    }
    Ok(())
}

fn username(text: &str) -> Result<String, String> {
    plain(text)?;
    if text.contains(['*', '?']) {
        return Err("wildcards are not allowed here; list each username".into());
    }
    exact_user(text).map(|()| text.to_owned())
}

fn group(text: &str) -> Result<String, String> {
    plain(text)?;
    if text.contains(['*', '?']) {
        return Err("wildcards are not allowed in group names; list each group".into());
    }
    if TENANT_WIDE.contains(&text) || text.starts_with("system:serviceaccounts:") {
        return Err(
            "its members include every tenant, or every pod of a namespace; name a group of people"
                .into(),
        );
    }
    Ok(text.to_owned())
}

fn service_account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if is_label(namespace) && is_subdomain(name) => {
            // Other reserved names are allowed: EMR's own charts name their operators
            // emr-containers-sa-spark-operator, -flink-operator and -livy.
            if let ServiceAccountName::Job(job) = ServiceAccountName::parse(name) {
                return Err(format!(
                    "jobs with the role {} run as this service account; give the operator its own service account",
                    job.role
                ));
            }
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err("write it as namespace/name, like spark-operator/spark-operator".into()),
    }
}
