//! The kinds of text a policy file holds, beside identities: what each becomes
//! and what is refused.

use jiff::Timestamp;

use crate::names::{Glob, RoleArn, RolePattern, is_reserved};

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 characters: RFC 1123's label.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63
        && text.bytes().all(inner)
        && !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Labels joined by dots, at most 253 characters: most objects' names.
pub(super) fn is_subdomain(text: &str) -> bool {
    // Single labels are not held to 63 here: Kubernetes does not either.
    let label = |part: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// A glob over names made of these characters, so that one that can not match is refused.
pub(crate) fn glob_of(
    text: &str,
    fits: fn(u8) -> bool,
    longest: usize,
    names: &str,
) -> Result<Glob, String> {
    let glob = Glob::parse(text).map_err(|error| error.to_string())?;
    let shortest = text.bytes().filter(|b| *b != b'*').count();
    if shortest > longest || !text.bytes().all(|b| fits(b) || matches!(b, b'*' | b'?')) {
        return Err(format!("it can not match, since {names}"));
    }
    Ok(glob)
}

/// Declares a kind of text.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident: $value:ty = $called:literal, $pattern:expr, $read:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) enum $name {}

        impl $crate::policy::Kind for $name {
            type Value = $value;
            const NAME: &'static str = $called;
            const PATTERN: &'static str = $pattern;
            fn read(text: &str) -> Result<$value, String> {
                ($read)(text)
            }
        }
    };
}
pub(crate) use kind;

/// What IAM and this file's parsers agree on, as far as a regular expression goes.
const ROLE: &str = r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/([!-)+-.0->@-~]+/)*[\w+=,.@-]{1,64}$";
const ROLES: &str = r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/([!-)+-.0->@-~]+/)*[\w+=,.@*?-]+$";
const LABEL: &str = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const SUBDOMAIN: &str = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$";

kind!(
    /// The version of the format.
    ApiVersion: () = "the version this program reads", "^rolegate\\.dev/v1alpha1$",
    |text: &str| if text == "rolegate.dev/v1alpha1" { Ok(()) } else {
        Err("write apiVersion: rolegate.dev/v1alpha1".into())
    }
);
kind!(
    /// What the file is.
    PolicyKind: () = "the kind of a policy file", "^Policy$",
    |text: &str| if text == "Policy" { Ok(()) } else { Err("write kind: Policy".into()) }
);
kind!(
    /// Exactly one role.
    ExactRole: RoleArn = "the ARN of one role", ROLE,
    |text: &str| RoleArn::parse(text).map_err(|error| error.to_string())
);
kind!(
    /// Roles of one account, by a pattern for their names.
    RolesOf: RolePattern = "a pattern for role ARNs", ROLES,
    |text: &str| RolePattern::parse(text).map_err(|error| error.to_string())
);
kind!(
    /// A rule's id; whether there is such a rule is looked up where the list of rules is known.
    RuleName: String = "a rule", "",
    |text: &str| Ok(text.to_owned())
);

kind!(
    /// The moment an exemption ends.
    Until: Timestamp = "a time", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    |text: &str| {
        // jiff reads more forms than these; one is enough for a file.
        let shaped = text.as_bytes().get(10) == Some(&b'T') && text.len() >= 20;
        text.parse().ok().filter(|_| shaped).ok_or_else(|| "write it like 2026-12-01T00:00:00Z".into())
    }
);
kind!(
    /// Why an exemption was given.
    Reason: String = "a reason", r"\S",
    |text: &str| {
        if text.trim().is_empty() {
            return Err("say why, for whoever reads the log".into());
        }
        if text.chars().count() > 200 || text.chars().any(char::is_control) {
            return Err("it goes into a log line, so keep it to one line of at most 200 characters".into());
        }
        Ok(text.to_owned())
    }
);
kind!(
    /// One namespace.
    Namespace: String = "a namespace", LABEL,
    |text: &str| {
        if text.contains(['*', '?']) {
            return Err("namespaces are compared exactly here; list each of them".into());
        }
        if is_label(text) { Ok(text.to_owned()) } else {
            Err("names of namespaces are 1 to 63 lower-case letters, digits and inner hyphens".into())
        }
    }
);
kind!(
    /// Namespaces by a pattern.
    NamespaceGlob: Glob = "a pattern for namespaces", "^[a-z0-9*?-]+$",
    |text: &str| glob_of(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', 63,
        "names of namespaces are 1 to 63 lower-case letters, digits and hyphens")
);
kind!(
    /// `ConfigMaps` or Secrets by a pattern.
    ObjectGlob: Glob = "a pattern for names", "^[a-z0-9.*?-]+$",
    |text: &str| glob_of(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b), 253,
        "names of objects are 1 to 253 lower-case letters, digits, hyphens and dots")
);
kind!(
    /// A service account that a tenant's own pods may use.
    OwnServiceAccount: String = "a service account for a tenant's own pods", r"^(?!emr-containers?-sa-)[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$",
    |text: &str| {
        if text.contains(['*', '?']) {
            return Err("service accounts are compared exactly; list each of them".into());
        }
        if is_reserved(text) {
            return Err("the name is reserved for jobs, whose pods only EMR, operators and the job itself start".into());
        }
        if is_subdomain(text) { Ok(text.to_owned()) } else { Err(NOT_AN_OBJECT.into()) }
    }
);
kind!(
    /// A job service account with a name of its own choosing.
    FixedAccountName: String = "the name of a job service account", SUBDOMAIN,
    |text: &str| {
        if text == "default" {
            return Err("every pod that names no service account runs as `default`; give jobs one of their own".into());
        }
        if is_subdomain(text) { Ok(text.to_owned()) } else { Err(NOT_AN_OBJECT.into()) }
    }
);
kind!(
    /// STS: `[\w+=,.@:\/-]*`, 2 to 1224 characters.
    ExternalId: String = "an external id", r"^[\w+=,.@:/-]{2,1224}$",
    |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        if (2..=1224).contains(&text.len()) && text.bytes().all(fits) { Ok(text.to_owned()) } else {
            Err("STS takes 2 to 1224 letters, digits and _+=,.@:/-".into())
        }
    }
);
kind!(
    /// An AWS region.
    Region: String = "a region", r"^[a-z]+(-[a-z]+)+-\d{1,2}$",
    |text: &str| {
        let number = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let (words, last) = text.rsplit_once('-').unwrap_or_default();
        if number(last) && words.contains('-') && words.split('-').all(word) { Ok(text.to_owned()) } else {
            Err("write it like eu-central-1".into())
        }
    }
);
kind!(
    /// A container that gets a chained profile.
    ChainedContainer: String = "the name of a container", LABEL,
    |text: &str| {
        if ["job-runner", "emr-container-fluentd"].contains(&text) {
            return Err("that container needs the execution role itself: EMR submits the job and writes its logs with it".into());
        }
        if is_label(text) { Ok(text.to_owned()) } else {
            Err("names of containers are 1 to 63 lower-case letters, digits and inner hyphens".into())
        }
    }
);
kind!(
    /// The name of a further profile.
    ProfileName: String = "a profile name", "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
    |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        if text == "default" || text.starts_with("rolegate") {
            return Err("`default` and names that start with `rolegate` are taken by the chain itself".into());
        }
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if starts && text.len() <= 32 && text.bytes().all(fits) { Ok(text.to_owned()) } else {
            Err("use a letter and then up to 31 letters, digits, _ and -".into())
        }
    }
);

const NOT_AN_OBJECT: &str =
    "names of service accounts are 1 to 253 lower-case letters, digits, inner hyphens and dots";
