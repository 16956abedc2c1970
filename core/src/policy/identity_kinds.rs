//! The kinds of text that name somebody. What they have in common: an identity
//! that everybody has, or that a tenant can give himself, is refused.

use super::names::{is_label, is_subdomain, kind};
use crate::names::{
    Glob, RESERVED_PREFIXES, SERVICE_ACCOUNT_PREFIX, ServiceAccountName, is_reserved,
};

/// Groups that everybody, or every pod, is in.
const TENANT_WIDE: [&str; 3] = [
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
];

kind!(
    /// Users by a pattern.
    UserGlob: Glob = "an identity", r"^\S(.*\S)?$", user_glob
);
kind!(
    /// Amazon EMR by a pattern.
    EmrUser: Glob = "a username of Amazon EMR", r"^(?!system:serviceaccount:)\S(.*\S)?$", emr_user
);
kind!(
    /// One user, exactly.
    Username: String = "a whole username", r"^[^\s*?](.*[^\s*?])?$", username
);
kind!(
    /// One group, exactly.
    Group: String = "a group to trust",
    r"^(?!system:((un)?authenticated|serviceaccounts)$|system:serviceaccounts:)[^\s*?](.*[^\s*?])?$", group
);
kind!(
    /// A service account with its namespace.
    ServiceAccountRef: (String, String) = "a service account",
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", service_account
);

fn plain(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty; write a name, or leave the entry out".into());
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(
            "names hold no control characters and neither start nor end with a blank".into(),
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
    if !text.contains(char::is_alphanumeric) {
        return Err("it matches everybody; name who is meant".into());
    }
    if glob.matches("system:anonymous") {
        return Err("it matches requests without credentials, too; name who is meant".into());
    }
    if let Some((_, name)) = text
        .strip_prefix("arn:")
        .and_then(|arn| arn.split_once('/'))
        && name.split('/').next().is_some_and(only_stars)
    {
        return Err(
            "it matches every user or role of the account; name the ones that are meant".into(),
        );
    }
    if let [_, _, namespace, _] = *text.split(':').collect::<Vec<_>>()
        && only_stars(namespace)
        && glob.overlaps(&Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*")))
    {
        return Err("whoever can create a service account of that name in a namespace of his own becomes it; name the namespace".into());
    }
    if RESERVED_PREFIXES
        .iter()
        .any(|start| glob.overlaps(&Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:{start}*"))))
    {
        return Err(
            "it can match the service account of a job; name each service account that is meant"
                .into(),
        );
    }
    Ok(glob)
}

/// EMR is an IAM identity, and no service account is ever taken for it.
fn emr_user(text: &str) -> Result<Glob, String> {
    let accounts = Glob::new(&format!("{SERVICE_ACCOUNT_PREFIX}*:*"));
    if Glob::parse(text).is_ok_and(|glob| glob.overlaps(&accounts)) {
        return Err(
            "Amazon EMR comes by an IAM role, and a service account is never taken for it; an operator that starts jobs belongs under `operators`"
                .into(),
        );
    }
    user_glob(text)
}

fn only_stars(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| matches!(b, b'*' | b'?')) && part.contains('*')
}

/// What holds for a username that is meant exactly.
fn exact_user(text: &str) -> Result<(), String> {
    if text == "system:anonymous" {
        return Err("that is everybody without credentials".into());
    }
    let Some(account) = text.strip_prefix(SERVICE_ACCOUNT_PREFIX) else {
        return Ok(());
    };
    let Some((namespace, name)) = account.split_once(':') else {
        return Err("write it like system:serviceaccount:namespace:name".into());
    };
    if !is_label(namespace) || !is_subdomain(name) {
        return Err("no service account has such a name; write it like system:serviceaccount:namespace:name".into());
    }
    if is_reserved(name) {
        return Err("that is the service account of a job, which is known by its own name".into());
    }
    Ok(())
}

fn username(text: &str) -> Result<String, String> {
    plain(text)?;
    if text.contains(['*', '?']) {
        return Err("cluster software is named exactly; list each of its usernames".into());
    }
    exact_user(text).map(|()| text.to_owned())
}

fn group(text: &str) -> Result<String, String> {
    plain(text)?;
    if text.contains(['*', '?']) {
        return Err("groups are compared exactly; list each of them".into());
    }
    if TENANT_WIDE.contains(&text) || text.starts_with("system:serviceaccounts:") {
        return Err(
            "every tenant or every pod of a namespace is in it; name a group of people".into(),
        );
    }
    Ok(text.to_owned())
}

fn service_account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if is_label(namespace) && is_subdomain(name) => {
            // Not every reserved name: EMR's own charts call their operators
            // emr-containers-sa-spark-operator, -flink-operator and -livy.
            if let ServiceAccountName::Job(job) = ServiceAccountName::parse(name) {
                return Err(format!(
                    "a job that becomes the role {} runs under that name; an operator runs as a service account of its own",
                    job.role
                ));
            }
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err("write it as namespace/name, like spark-operator/spark-operator".into()),
    }
}
