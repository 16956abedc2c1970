//! Options of Java programs, as they stand in variables and arguments.
//!
//! A JVM reads `JAVA_TOOL_OPTIONS` first, then the options of the command line,
//! which `JDK_JAVA_OPTIONS` goes before and which Spark builds from variables of its
//! own, and `_JAVA_OPTIONS` last. Of two options for one property the later counts.
//! Options are separated by blanks; quotes keep blanks together and are dropped.

use std::borrow::Cow;

use crate::request::pod::{Container, EnvVar, holds_java_options};

use super::value::{Value, expanded};

/// Makes the Java SDK 2 ignore the variables of IRSA.
pub(crate) const EMPTY_TOKEN_OPTION: &str = "-Daws.webIdentityTokenFile=";
/// The variable that a JVM reads first.
const FIRST: &str = "JAVA_TOOL_OPTIONS";
/// The variables that every JVM reads.
const READ_BY_JVM: [&str; 3] = [FIRST, "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"];

/// The properties by which a Java SDK is given a key, a profile, a file, a role or
/// an endpoint. `aws.webIdentityTokenFile` is one unless it is empty.
const PROPERTIES: [&str; 17] = [
    "aws.accessKeyId",
    "aws.secretKey",
    "aws.secretAccessKey",
    "aws.sessionToken",
    "aws.profile",
    "aws.configFile",
    "aws.sharedCredentialsFile",
    "aws.credentialProfilesFile",
    "aws.roleArn",
    "aws.webIdentityTokenFile",
    "aws.containerCredentialsPath",
    "aws.containerCredentialsFullUri",
    "aws.containerServiceEndpoint",
    "aws.containerAuthorizationToken",
    "aws.containerAuthorizationTokenFile",
    "aws.endpointUrl",
    "aws.endpointUrlSts",
];

/// What one variable, or the arguments, set for Java programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JavaOptions {
    /// Nothing that decides an AWS identity.
    Harmless,
    /// A property that does.
    Decide,
    /// More options come from a file or from other variables.
    Open,
}

impl JavaOptions {
    /// What a variable sets; `profiles` are those of rolegate's file.
    pub(crate) fn of(variable: &EnvVar<'_>, profiles: &impl Fn(&str) -> bool) -> Self {
        if !holds_java_options(&variable.name) {
            return Self::Harmless;
        }
        let name = variable.name.as_str();
        match (&variable.value_from, variable.value.as_deref()) {
            (Some(_), _) if READ_BY_JVM.contains(&name) => Self::Open,
            // No JVM reads these: whether they are for Java nobody sees.
            (Some(_), _) | (None, None) => Self::Harmless,
            (None, Some(text)) => Self::of_text(name, text, profiles),
        }
    }

    fn of_text(name: &str, text: &str, profiles: &impl Fn(&str) -> bool) -> Self {
        let whole = expanded(text);
        let is_open = whole.is_none() && name != FIRST && is_read(name);
        let text = whole.unwrap_or(Cow::Borrowed(text));
        let mut found = if is_open { Self::Open } else { Self::Harmless };
        for option in options(&text) {
            match Self::of_option(&option, profiles) {
                Self::Decide => return Self::Decide,
                Self::Open => found = Self::Open,
                Self::Harmless if option.starts_with('@') && name == "JDK_JAVA_OPTIONS" => {
                    found = Self::Open;
                }
                Self::Harmless => {}
            }
        }
        if name == FIRST && !is_closed(&text) {
            found = Self::Open;
        }
        found
    }

    fn of_option(option: &str, profiles: &impl Fn(&str) -> bool) -> Self {
        if option.contains("-XX:VMOptionsFile=") || option.contains("-XX:Flags=") {
            return Self::Open;
        }
        // Also within one argument: --conf spark.driver.extraJavaOptions=-Daws.profile=x.
        let mut rest = option;
        while let Some(at) = rest.find("-Daws.") {
            rest = rest.get(at + 2..).unwrap_or_default();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
            let property = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let value = rest.get(property.len()..).unwrap_or_default();
            let value = value.strip_prefix('=').unwrap_or_default();
            let allowed = match property {
                "aws.webIdentityTokenFile" => value.is_empty(),
                "aws.profile" => profiles(value),
                property => !PROPERTIES.contains(&property),
            };
            if !allowed {
                return Self::Decide;
            }
        }
        Self::Harmless
    }

    /// What a container's program and arguments set.
    pub(crate) fn of_arguments(
        container: &Container<'_>,
        profiles: &impl Fn(&str) -> bool,
    ) -> Self {
        for list in [container.command, container.args] {
            let text = list.get();
            // API servers escape no letter, but a file may.
            if !(text.contains("Daws") || text.contains("-XX:") || text.contains("\\u")) {
                continue;
            }
            let Ok(list) = serde_json::from_str::<Vec<Cow<'_, str>>>(text) else {
                continue;
            };
            for option in list.iter().flat_map(|text| options(text)) {
                match Self::of_option(&option, profiles) {
                    Self::Harmless => {}
                    found => return found,
                }
            }
        }
        Self::Harmless
    }
}

/// Whether a JVM or Spark reads options from a variable of this name after the
/// first one.
fn is_read(name: &str) -> bool {
    READ_BY_JVM.contains(&name) || name.starts_with("SPARK_JAVA_OPT_")
}

/// The options in a text, without quotes; a quoted blank separates as well, so that
/// what is found can only be more than what the JVM finds.
fn options(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
        .filter(|part| !part.is_empty())
        .map(|part| {
            if part.contains(['"', '\'']) {
                Cow::Owned(part.replace(['"', '\''], ""))
            } else {
                Cow::Borrowed(part)
            }
        })
}

/// Whether every quote is closed: else an option after it is no option.
fn is_closed(text: &str) -> bool {
    let mut open = None;
    for byte in text.bytes().filter(|byte| matches!(byte, b'"' | b'\'')) {
        match open {
            None => open = Some(byte),
            Some(quote) if quote == byte => open = None,
            Some(_) => {}
        }
    }
    open.is_none()
}

/// Whether options end with the empty token as an option of its own, so that no
/// other option of the same variable counts.
pub(crate) fn ends_with_empty_token(options: &str) -> bool {
    options
        .strip_suffix(EMPTY_TOKEN_OPTION)
        .is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t', '\n']))
}

/// The values of `user.home` in a container's variables.
pub(super) fn homes<'p>(container: &'p Container<'_>) -> impl Iterator<Item = Cow<'p, str>> {
    let variables = container.env.kept().map(|(_, variable)| variable);
    let variables = variables.filter(|variable| holds_java_options(&variable.name));
    variables.flat_map(|variable| match Value::read(variable) {
        Value::Text(Cow::Borrowed(text)) if text.contains("-Duser.home=") => options(text)
            .filter_map(|option| Some(option.strip_prefix("-Duser.home=")?.to_owned().into()))
            .collect(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_options_decide() {
        use JavaOptions::{Decide, Harmless, Open};
        for (name, value, expected) in [
            ("JAVA_TOOL_OPTIONS", "-Xmx820m", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Dhost=$(POD_IP)", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Dx='a b'", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Dx='a", Open),
            ("JAVA_TOOL_OPTIONS", "-XX:VMOptionsFile=/f", Open),
            ("JAVA_TOOL_OPTIONS", "-Daws.webIdentityTokenFile=", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Daws.webIdentityTokenFile", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Daws.webIdentityTokenFile=/t", Decide),
            ("JAVA_TOOL_OPTIONS", "-D\"aws.profile\"=x", Decide),
            ("JAVA_TOOL_OPTIONS", "'-Daws.roleArn=x y'", Decide),
            ("JAVA_TOOL_OPTIONS", "-Daws.profile=lake", Harmless),
            ("JAVA_TOOL_OPTIONS", "-Daws.region=eu-west-1", Harmless),
            ("JDK_JAVA_OPTIONS", "--add-opens=a/b=c", Harmless),
            ("JDK_JAVA_OPTIONS", "@/opt/args", Open),
            ("JDK_JAVA_OPTIONS", "-Dhost=$(POD_IP)", Open),
            ("JDK_JAVA_OPTIONS", "-Dhost=$$(POD_IP)", Harmless),
            ("_JAVA_OPTIONS", "-Daws.accessKeyId=x", Decide),
            ("_JAVA_OPTIONS", "-Xmx1g", Harmless),
            ("SPARK_JAVA_OPT_7", "-Daws.webIdentityTokenFile=/t", Decide),
            ("SPARK_SUBMIT_OPTS", "-Daws.secretKey=x", Decide),
            ("SPARK_DAEMON_JAVA_OPTS", "-Xmx1g", Harmless),
            ("OTHER", "-Daws.accessKeyId=x", Harmless),
        ] {
            let variable = EnvVar {
                name: name.into(),
                value: Some(value.into()),
                value_from: None,
            };
            let found = JavaOptions::of(&variable, &|profile| profile == "lake");
            assert_eq!(found, expected, "{name} {value}");
        }
    }

    #[test]
    fn the_last_option() {
        for (options, ends) in [
            ("-Daws.webIdentityTokenFile=", true),
            ("-Xmx1g -Daws.webIdentityTokenFile=", true),
            ("-Daws.webIdentityTokenFile= ", false),
            ("-Daws.webIdentityTokenFile= -Xmx1g", false),
            ("-X-Daws.webIdentityTokenFile=", false),
            ("'-Daws.webIdentityTokenFile='", false),
        ] {
            assert_eq!(ends_with_empty_token(options), ends, "{options}");
        }
    }
}
