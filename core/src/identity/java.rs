//! Options of Java programs, as they stand in variables and arguments.
//!
//! A JVM reads `JAVA_TOOL_OPTIONS` first, then the options of the command line,
//! which `JDK_JAVA_OPTIONS` goes before and which Spark builds from variables of its
//! own, and `_JAVA_OPTIONS` last. Of two options for one property the later counts.
//! Options are separated by blanks; quotes keep blanks together and are dropped.

use std::borrow::Cow;

use crate::json::Raw;
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
    /// What a variable sets; `profiles` are those of rolegate's file. `is_free`: whether
    /// a variable that another may take in has a text that could hold options.
    pub(crate) fn of(
        variable: &EnvVar<'_>,
        profiles: &impl Fn(&str) -> bool,
        is_free: &impl Fn(&str) -> bool,
    ) -> Self {
        if !holds_java_options(&variable.name) {
            return Self::Harmless;
        }
        let name = variable.name.as_str();
        match (&variable.value_from, variable.value.as_deref()) {
            (Some(_), _) if is_read(name) => Self::Open,
            // Whether the others are for Java nobody sees.
            (Some(_), _) | (None, None) => Self::Harmless,
            (None, Some(text)) => Self::of_text(name, text, profiles, is_free),
        }
    }

    fn of_text(
        name: &str,
        text: &str,
        profiles: &impl Fn(&str) -> bool,
        is_free: &impl Fn(&str) -> bool,
    ) -> Self {
        let whole = expanded(text);
        let is_open = whole.is_none() && is_read(name) && takes_in_options(text, is_free);
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
        arguments: &[Cow<'_, str>],
        profiles: &impl Fn(&str) -> bool,
    ) -> Self {
        for text in arguments {
            for option in options(text) {
                match Self::of_option(&option, profiles) {
                    Self::Harmless => {}
                    found => return found,
                }
            }
        }
        Self::Harmless
    }
}

/// Whether a text with `$(NAME)` in it could become other options than it shows: by a
/// variable with blanks in it, or by one that completes an option's name.
fn takes_in_options(text: &str, is_free: &impl Fn(&str) -> bool) -> bool {
    let names_one = |option: Cow<'_, str>| {
        let before = option.split_once("$(").map(|(before, _)| before);
        before.is_some_and(|before| !before.contains('='))
    };
    let parts = text.split("$(").skip(1);
    let mut names = parts.filter_map(|rest| rest.split_once(')'));
    names.any(|(name, _)| is_free(name)) || options(text).any(names_one)
}

/// The arguments of a container in which options could stand that decide something.
pub(super) fn arguments<'a>(container: &Container<'a>) -> Vec<Cow<'a, str>> {
    let mut all = in_list(container.command);
    all.append(&mut in_list(container.args));
    all
}

fn in_list(list: Raw<'_>) -> Vec<Cow<'_, str>> {
    // Quotes and backslashes may stand within an option. API servers escape no letter,
    // but a file may.
    const SIGNS: [&str; 3] = ["Daws", "-XX:", "user.home"];
    let text = list.get();
    let is_quoted = memchr::memchr2(b'\\', b'\'', text.as_bytes()).is_some();
    if !is_quoted && !SIGNS.iter().any(|sign| text.contains(sign)) {
        return Vec::new();
    }
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether a JVM, or a script that starts one, is known to read options from a variable
/// of this name.
fn is_read(name: &str) -> bool {
    READ_BY_JVM.contains(&name)
        || matches!(name, "JVM_ARGS" | "SPARK_SUBMIT_OPTS")
        || name.starts_with("SPARK_JAVA_OPT_")
        || name.contains("JAVA_OPTS")
}

const QUOTES: [char; 3] = ['"', '\'', '\\'];

/// The options in a text, without quotes and without the backslashes by which Spark
/// and shells quote one character; a quoted blank separates as well, so that what is
/// found can only be more than what the JVM finds.
fn options(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
        .filter(|part| !part.is_empty())
        .map(|part| {
            if part.contains(QUOTES) {
                Cow::Owned(part.replace(QUOTES, ""))
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

/// The values of `user.home` in a container's variables and its [`arguments`], the
/// first `most` of them.
pub(super) fn homes(
    container: &Container<'_>,
    arguments: &[Cow<'_, str>],
    most: usize,
) -> Vec<String> {
    const OPTION: &str = "-Duser.home=";
    let variables = container.env.kept().map(|(_, variable)| variable);
    let variables = variables.filter(|variable| holds_java_options(&variable.name));
    let variables = variables.filter_map(|variable| match Value::read(variable) {
        Value::Text(text) => Some(text),
        Value::Blank | Value::Hidden => None,
    });
    let arguments = arguments.iter().map(|text| Cow::Borrowed(&**text));
    let texts = variables.chain(arguments);
    let mut homes = Vec::new();
    for text in texts {
        // Also within one argument: --conf spark.driver.extraJavaOptions=-Duser.home=/x.
        let found = options(&text).filter_map(|option| {
            Some(
                option
                    .get(option.find(OPTION)? + OPTION.len()..)?
                    .to_owned(),
            )
        });
        homes.extend(found.take(most - homes.len()));
        if homes.len() == most {
            break;
        }
    }
    homes
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
            ("JAVA_TOOL_OPTIONS", "-Dhost=$(TEXT)", Open),
            ("JAVA_TOOL_OPTIONS", "$(TEXT)", Open),
            ("JAVA_TOOL_OPTIONS", "-Daw$(POD_IP)=x", Open),
            ("JAVA_TOOL_OPTIONS", "-Dhost=$$(TEXT)", Harmless),
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
            ("JDK_JAVA_OPTIONS", "-Dhost=$(POD_IP)", Harmless),
            ("JDK_JAVA_OPTIONS", "-Dhost=$(TEXT)", Open),
            ("JVM_ARGS", "-Dhost=$(TEXT)", Open),
            ("JDK_JAVA_OPTIONS", "-Dhost=$$(POD_IP)", Harmless),
            ("_JAVA_OPTIONS", "-Daws.accessKeyId=x", Decide),
            ("_JAVA_OPTIONS", "-Xmx1g", Harmless),
            ("SPARK_JAVA_OPT_7", "-Daws.webIdentityTokenFile=/t", Decide),
            ("SPARK_SUBMIT_OPTS", "-Daws.secretKey=x", Decide),
            ("SPARK_DAEMON_JAVA_OPTS", "-Xmx1g", Harmless),
            ("SPARK_SUBMIT_OPTS", "-D\\aws.secretKey=x", Decide),
            (
                "FLINK_ENV_JAVA_OPTS_JM",
                "-Daws.webIdentityTokenFile=/t",
                Decide,
            ),
            ("FLINK_ENV_JAVA_OPTS_TM", "-Xmx1g", Harmless),
            ("JVM_ARGS", "-Daws.roleArn=x", Decide),
            ("JAVA_OPTS_APPEND", "-Daws.profile=x", Decide),
            (
                "PYSPARK_SUBMIT_ARGS",
                "--driver-java-options -Daws.profile=x",
                Decide,
            ),
            (
                "PYSPARK_SUBMIT_ARGS",
                "--master local pyspark-shell",
                Harmless,
            ),
            ("TEST_ARGS", "--role-arn $(X)", Harmless),
            ("OTHER", "-Daws.accessKeyId=x", Harmless),
        ] {
            let variable = EnvVar {
                name: name.into(),
                value: Some(value.into()),
                value_from: None,
            };
            let found = JavaOptions::of(&variable, &|profile| profile == "lake", &|name| {
                name == "TEXT"
            });
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
