//! The kinds of text in a policy file other than identities: the type each is
//! parsed into, and what is rejected.

use jiff::Timestamp;

use crate::names::{Glob, MapName, RoleArn, RolePattern, is_reserved, is_reserved_secret};

/// An RFC 1123 label: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 characters.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63
        && text.bytes().all(inner)
        && !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// An RFC 1123 subdomain, the name of most objects: labels joined by dots, at
/// most 253 characters.
pub(super) fn is_subdomain(text: &str) -> bool {
    // Kubernetes does not limit each label of a subdomain to 63 characters.
    let label = |part: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Parses a glob for names made of the characters that `fits` accepts, at most
/// `longest` of them. Rejects a glob that cannot match any such name; `names`
/// describes the names in that message.
pub(crate) fn glob_of(
    text: &str,
    fits: fn(u8) -> bool,
    longest: usize,
    names: &str,
) -> Result<Glob, String> {
    let glob = Glob::parse(text).map_err(|error| error.to_string())?;
    let shortest = text.bytes().filter(|b| *b != b'*').count();
    if shortest > longest || !text.bytes().all(|b| fits(b) || matches!(b, b'*' | b'?')) {
        return Err(format!("it cannot match: {names}"));
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

/// The part of the role ARN syntax that a regular expression can check; the
/// parsers check the rest.
const ROLE: &str = r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/([!-)+-.0->@-~]+/)*[\w+=,.@-]{1,64}$";
const ROLES: &str = r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/([!-)+-.0->@-~]+/)*[\w+=,.@*?-]+$";
const LABEL: &str = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const SUBDOMAIN: &str = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$";

kind!(
    /// The version of the file format.
    ApiVersion: () = "a supported version", "^rolegate\\.dev/v1alpha1$",
    |text: &str| if text == "rolegate.dev/v1alpha1" { Ok(()) } else {
        Err("write apiVersion: rolegate.dev/v1alpha1".into())
    }
);
kind!(
    /// The `kind` of a policy file.
    PolicyKind: () = "the kind of a policy file", "^Policy$",
    |text: &str| if text == "Policy" { Ok(()) } else { Err("write kind: Policy".into()) }
);
kind!(
    /// The ARN of one role, without wildcards.
    ExactRole: RoleArn = "the ARN of one role", ROLE,
    |text: &str| RoleArn::parse(text).map_err(|error| error.to_string())
);
kind!(
    /// Roles of one account; the role name may contain wildcards.
    RolesOf: RolePattern = "a pattern for role ARNs", ROLES,
    |text: &str| RolePattern::parse(text).map_err(|error| error.to_string())
);
kind!(
    /// A rule's id. The reader, which has the list of rules, checks that it exists.
    RuleName: String = "a rule", "",
    |text: &str| Ok(text.to_owned())
);

kind!(
    /// The end of an exemption, as an RFC 3339 timestamp.
    Until: Timestamp = "a time", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    |text: &str| {
        // jiff accepts more forms; a policy file has only this one.
        let shaped = text.as_bytes().get(10) == Some(&b'T') && text.len() >= 20;
        text.parse().ok().filter(|_| shaped).ok_or_else(|| "write it like 2026-12-01T00:00:00Z".into())
    }
);
kind!(
    /// The reason for an exemption: one line of at most 200 characters.
    Reason: String = "a reason", r"\S",
    |text: &str| {
        if text.trim().is_empty() {
            return Err("say why the exemption exists; the log records the reason".into());
        }
        if text.chars().count() > 200 || text.chars().any(char::is_control) {
            return Err("the log records it; use one line of at most 200 characters".into());
        }
        Ok(text.to_owned())
    }
);
kind!(
    /// One exact namespace name.
    Namespace: String = "a namespace", LABEL,
    |text: &str| {
        if text.contains(['*', '?']) {
            return Err("wildcards are not allowed here; list each namespace".into());
        }
        if text == "kube-system" {
            return Err(NOT_SEEN.into());
        }
        if is_label(text) { Ok(text.to_owned()) } else {
            Err("a namespace name has 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end".into())
        }
    }
);
kind!(
    /// A pattern for namespace names.
    NamespaceGlob: Glob = "a pattern for namespaces", "^[a-z0-9*?-]+$",
    |text: &str| {
        let glob = glob_of(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-', 63,
            "a namespace name has 1 to 63 lower-case letters, digits and hyphens")?;
        if text.starts_with('-') || text.ends_with('-') {
            return Err("it cannot match: a namespace name starts and ends with a letter or digit".into());
        }
        if text == "kube-system" {
            return Err(NOT_SEEN.into());
        }
        Ok(glob)
    }
);
kind!(
    /// A pattern for the names of `ConfigMaps` that a team may write.
    MapGlob: Glob = "a pattern for ConfigMaps of a team's own", "^[a-z0-9.*?-]+$", map_glob
);
kind!(
    /// A pattern for the names of Secrets that pods may use.
    SecretGlob: Glob = "a pattern for Secrets", "^[a-z0-9.*?-]+$", secret_glob
);

fn object_glob(text: &str) -> Result<Glob, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    let glob = glob_of(text, fits, 253, AN_OBJECT)?;
    // The wildcards leave what is beside them as it is.
    let outside = |c: char| matches!(c, '-' | '.');
    if text.starts_with(outside)
        || text.ends_with(outside)
        || ["..", ".-", "-."].iter().any(|pair| text.contains(pair))
    {
        return Err(format!(
            "it cannot match: {AN_OBJECT}, and a letter or digit at both ends of each part between dots"
        ));
    }
    Ok(glob)
}

/// What of `names` is true of every name that the pattern matches, if anything is.
fn always<T: PartialEq>(glob: &Glob, what: impl Fn(&str) -> T) -> Option<T> {
    let one = what(&glob.sample("q"));
    (one == what(&glob.sample("7z"))).then_some(one)
}

fn map_glob(text: &str) -> Result<Glob, String> {
    let glob = object_glob(text)?;
    let whose = always(&glob, |name| match MapName::parse(name) {
        MapName::Emr => ("Amazon EMR", OF_A_JOB),
        MapName::Spark => ("Spark", OF_A_TEAM),
        MapName::Flink(_) => ("Flink", OF_A_TEAM),
        MapName::RootCa => ("Kubernetes", ""),
        MapName::Other => ("", ""),
    });
    match whose {
        Some((whose, instead)) if !whose.is_empty() => Err(format!(
            "it has no effect: only {whose} writes ConfigMaps of such names; remove it{instead}"
        )),
        _ => Ok(glob),
    }
}

const OF_A_JOB: &str =
    ", and give a job's settings with the job (configurationOverrides, pod templates)";
const OF_A_TEAM: &str = ". An account under which a team runs Spark or Flink itself belongs under `identities.operators[].jobServiceAccounts`";

fn secret_glob(text: &str) -> Result<Glob, String> {
    let glob = object_glob(text)?;
    if glob.is_wild() && always(&glob, is_reserved_secret) == Some(true) {
        return Err("it has no effect: Amazon EMR makes Secrets of such names for one job each (its log sidecar's), and no pattern hands them to others; remove it, or write the whole name of one Secret".into());
    }
    Ok(glob)
}
kind!(
    /// A service account, or a pattern for several, whose tokens software may request.
    TokenAccountGlob: Glob = "a pattern for service accounts", r"^(?!emr-containers?-sa-.*[*?])[a-z0-9.*?-]+$",
    |text: &str| {
        let glob = glob_of(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b), 253, NOT_AN_OBJECT)?;
        if is_reserved(text) && glob.is_wild() {
            return Err("a pattern never means a job's service account, so this one matches none; write the whole name of each".into());
        }
        if !glob.is_wild() && !is_subdomain(text) {
            return Err(NOT_AN_OBJECT.into());
        }
        Ok(glob)
    }
);
kind!(
    /// An audience of a token.
    Audience: String = "an audience", r"^[^\s*?]{1,253}$",
    |text: &str| {
        if text.contains(['*', '?']) {
            return Err("wildcards are not allowed here; list each audience".into());
        }
        let fits = |c: char| !c.is_whitespace() && !c.is_control();
        if (1..=253).contains(&text.chars().count()) && text.chars().all(fits) { Ok(text.to_owned()) } else {
            Err("write it as software asks for it, like sts.amazonaws.com".into())
        }
    }
);
kind!(
    /// A service account that a tenant's own pods may run as.
    OwnServiceAccount: String = "a service account for a tenant's own pods", r"^(?!emr-containers?-sa-)[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$",
    |text: &str| {
        if text.contains(['*', '?']) {
            return Err("wildcards are not allowed here; list each service account".into());
        }
        if is_reserved(text) {
            return Err("the name is reserved for jobs, and only EMR, operators and the job itself may start pods under it".into());
        }
        if is_subdomain(text) { Ok(text.to_owned()) } else { Err(NOT_AN_OBJECT.into()) }
    }
);
kind!(
    /// The name of a job service account that does not encode its role.
    FixedAccountName: String = "the name of a job service account", SUBDOMAIN,
    |text: &str| {
        if text == "default" {
            return Err("every pod that names no service account runs as `default`; give jobs their own service account".into());
        }
        if is_subdomain(text) { Ok(text.to_owned()) } else { Err(NOT_AN_OBJECT.into()) }
    }
);
kind!(
    /// An STS external ID: `[\w+=,.@:\/-]*`, 2 to 1224 characters.
    ExternalId: String = "an external ID", r"^[\w+=,.@:/-]{2,1224}$",
    |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        if (2..=1224).contains(&text.len()) && text.bytes().all(fits) { Ok(text.to_owned()) } else {
            Err("STS accepts 2 to 1224 letters, digits and _+=,.@:/-".into())
        }
    }
);
kind!(
    /// An AWS region, like `eu-central-1`.
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
    /// The name of a container that gets a chained profile.
    ChainedContainer: String = "the name of a container", LABEL,
    |text: &str| {
        if ["job-runner", "emr-container-fluentd"].contains(&text) {
            return Err("this container must keep the execution role: EMR submits the job and writes its logs with it".into());
        }
        if is_label(text) { Ok(text.to_owned()) } else {
            Err("a container name has 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end".into())
        }
    }
);
kind!(
    /// The name of an additional profile.
    ProfileName: String = "a profile name", "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
    |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        if text == "default" || text.starts_with("rolegate") {
            return Err("`default` and names that start with `rolegate` are reserved for the chain".into());
        }
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if starts && text.len() <= 32 && text.bytes().all(fits) { Ok(text.to_owned()) } else {
            Err("use a letter, then up to 31 letters, digits, _ and -".into())
        }
    }
);

const NOT_SEEN: &str = "rolegate is not asked about kube-system, so nothing that is said of it has an effect; remove it";
const AN_OBJECT: &str = "an object name has 1 to 253 lower-case letters, digits, hyphens and dots";
const NOT_AN_OBJECT: &str = "a service account name has 1 to 253 lower-case letters, digits, hyphens and dots, and starts and ends with a letter or digit";
