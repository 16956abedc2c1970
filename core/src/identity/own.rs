//! The settings of a container that come before rolegate's profile in an AWS SDK.

use std::cell::OnceCell;

use crate::request::pod::Container;

use super::java::JavaOptions;
use super::value::Value;
use super::volumes::Volumes;
use super::{home, java};

/// A setting of the container's own that decides its AWS identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnSetting<'p> {
    /// A variable that names a profile, a file, a key or an endpoint.
    Variable(&'static str),
    /// A variable with options of Java that do so.
    Java(&'p str),
    /// A variable with options of Java that come from elsewhere.
    OpenJava(&'p str),
    /// The program's arguments, which do so.
    Arguments,
    /// Files in the folder that SDKs look into.
    Files,
}

/// What a variable's value must be so that it changes nothing.
#[derive(Clone, Copy)]
enum Harmless {
    /// Nothing.
    Blank,
    /// rolegate's file, where it is set at all.
    ConfigFile,
    /// A profile of that file.
    Profile,
    /// AWS's own endpoint of STS.
    Sts,
}

const VARIABLES: [(&str, Harmless); 16] = [
    ("AWS_CONFIG_FILE", Harmless::ConfigFile),
    ("AWS_PROFILE", Harmless::Profile),
    ("AWS_DEFAULT_PROFILE", Harmless::Profile),
    ("AWS_SHARED_CREDENTIALS_FILE", Harmless::Blank),
    ("AWS_CREDENTIAL_PROFILES_FILE", Harmless::Blank),
    ("AWS_CREDENTIAL_FILE", Harmless::Blank),
    ("AWS_ACCESS_KEY_ID", Harmless::Blank),
    ("AWS_SECRET_ACCESS_KEY", Harmless::Blank),
    ("AWS_ACCESS_KEY", Harmless::Blank),
    ("AWS_SECRET_KEY", Harmless::Blank),
    ("AWS_SESSION_TOKEN", Harmless::Blank),
    ("AWS_SECURITY_TOKEN", Harmless::Blank),
    ("AMAZON_ACCESS_KEY_ID", Harmless::Blank),
    ("AMAZON_SECRET_ACCESS_KEY", Harmless::Blank),
    ("AWS_ENDPOINT_URL", Harmless::Blank),
    ("AWS_ENDPOINT_URL_STS", Harmless::Sts),
];

/// The first setting of a container that comes before the profile in `config_file`,
/// whose profiles are `profiles`. `open_java`: whether options of Java that come from
/// elsewhere count.
pub(crate) fn own_setting<'p>(
    container: &'p Container<'_>,
    volumes: &Volumes<'_>,
    config_file: &str,
    profiles: impl Fn(&str) -> bool,
    open_java: bool,
) -> Option<OwnSetting<'p>> {
    let mut seen = [false; VARIABLES.len()];
    let names = OnceCell::new();
    // What is in no variable is left as it stands, but for those of whole objects.
    let is_free = |name: &str| {
        let names = names.get_or_init(|| container.env.free_texts());
        let unknown = || !container.env_from.is_empty();
        names.get(name).copied().unwrap_or_else(unknown)
    };
    // The last variable of a name is the one in effect.
    for (_, variable) in container.env.kept().rev() {
        let name = variable.name.as_str();
        match JavaOptions::of(variable, &profiles, &is_free) {
            JavaOptions::Decide => return Some(OwnSetting::Java(name)),
            JavaOptions::Open if open_java => return Some(OwnSetting::OpenJava(name)),
            JavaOptions::Open | JavaOptions::Harmless => {}
        }
        let mut known = VARIABLES.iter().zip(&mut seen);
        let Some(((known, harmless), seen)) = known.find(|((known, _), _)| *known == name) else {
            continue;
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        let is_harmless = match (Value::read(variable), harmless) {
            // The profile's variable is not added where there is one of its name.
            (Value::Blank, Harmless::ConfigFile)
            | (Value::Hidden, _)
            | (Value::Text(_), Harmless::Blank) => false,
            (Value::Blank, _) => true,
            (Value::Text(text), Harmless::ConfigFile) => text == config_file,
            (Value::Text(text), Harmless::Profile) => profiles(&text),
            (Value::Text(text), Harmless::Sts) => is_sts(&text),
        };
        if !is_harmless {
            return Some(OwnSetting::Variable(known));
        }
    }
    let arguments = java::arguments(container);
    match JavaOptions::of_arguments(&arguments, &profiles) {
        JavaOptions::Decide => return Some(OwnSetting::Arguments),
        JavaOptions::Open if open_java => return Some(OwnSetting::Arguments),
        JavaOptions::Open | JavaOptions::Harmless => {}
    }
    home::has_files(container, &arguments, volumes).then_some(OwnSetting::Files)
}

/// Whether an endpoint is AWS STS itself: `sts.<region>.amazonaws.com` and its like,
/// or an interface endpoint for it in the job's own network.
fn is_sts(url: &str) -> bool {
    let Some(host) = url.strip_prefix("https://") else {
        return false;
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    let host = match host.strip_suffix(".amazonaws.com") {
        Some(host) => host,
        None => match host.strip_suffix(".amazonaws.com.cn") {
            Some(host) => host,
            None => return false,
        },
    };
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &str| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !label.is_empty() && label.bytes().all(fits)
    };
    let is_service = |label: &str| matches!(label, "sts" | "sts-fips");
    labels.iter().all(|label| plain(label))
        && match *labels {
            // `sts.s3` is a bucket called `sts`.
            [service, region] => is_service(service) && region.contains('-'),
            [service] | [_, service, _, "vpce"] => is_service(service),
            _ => false,
        }
}

/// Whether all keys of another object become variables of the container, and one of
/// them could decide its AWS identity.
pub(crate) fn gives_identity(container: &Container<'_>) -> bool {
    const MORE: [&str; 7] = [
        "HOME",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "_JAVA_OPTIONS",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let known = || VARIABLES.iter().map(|(name, _)| name).chain(&MORE);
    container.env_from.iter().any(|from| {
        let prefix = from.prefix.as_deref().unwrap_or_default();
        known().any(|name| name.starts_with(prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::is_sts;

    #[test]
    fn endpoints_of_sts() {
        for (url, is) in [
            ("https://sts.amazonaws.com", true),
            ("https://sts.eu-west-1.amazonaws.com/", true),
            ("https://sts-fips.us-east-1.amazonaws.com", true),
            ("https://sts.cn-north-1.amazonaws.com.cn", true),
            ("https://vpce-1-a.sts.eu-west-1.vpce.amazonaws.com", true),
            (
                "https://vpce-1-a.vpce-svc-2.eu-west-1.vpce.amazonaws.com",
                false,
            ),
            ("https://sts.x.execute-api.eu-west-1.amazonaws.com", false),
            ("https://sts.s3.eu-west-1.amazonaws.com", false),
            ("https://bucket.s3.amazonaws.com", false),
            ("http://sts.eu-west-1.amazonaws.com", false),
            ("https://sts.eu-west-1.amazonaws.com.evil.example", false),
            ("https://evil.example/.amazonaws.com", false),
            ("https://sts.eu-west-1.amazonaws.com@evil.example", false),
            ("http://127.0.0.1:8080", false),
        ] {
            assert_eq!(is_sts(url), is, "{url}");
        }
    }
}
