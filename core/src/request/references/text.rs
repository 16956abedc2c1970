//! Names of service accounts inside text.
//!
//! A name counts where something takes it for a service account's: as the whole text,
//! as the value of an option (`--sa x`, `a.b=x`, `serviceAccountName: x`), alone on its
//! line, or as a word of a command. In a sentence it starts nothing. A fixed name, which
//! may be a common word, counts as the value of an option that takes service accounts.

use memchr::{memchr_iter, memmem};

use crate::names::RESERVED_PREFIXES;

use super::decoded::{self, LONGEST_NAME};
use super::keys::{Plain, is_account_option};

/// How far back an option's name is looked for.
const LONGEST_OPTION: usize = 120;

/// Where a text stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Around {
    /// It is what a program is started with.
    pub(super) is_arguments: bool,
    /// It is the value of an option that takes a service account.
    pub(super) is_account_option: bool,
}

/// Calls `found` with every service account that `text` names: reserved ones in lower
/// case, and those of `fixed`. Escapes and base64 are read as a program would.
pub(super) fn names(text: &str, fixed: &[&str], around: Around, found: &mut dyn FnMut(String)) {
    plain(text, fixed, around, found);
    decoded::base64(text, found);
    // A string in a string in a string has its escapes escaped twice.
    let mut inner = decoded::escapes(text);
    for _ in 0..decoded::DEEPEST {
        let Some(text) = inner else { return };
        plain(&text, fixed, around, found);
        inner = decoded::escapes(&text);
    }
}

fn plain(text: &str, fixed: &[&str], around: Around, found: &mut dyn FnMut(String)) {
    let mut is_one_word = None;
    for (start, name) in reserved(text) {
        let is_one_word = *is_one_word.get_or_insert_with(|| {
            let apart = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
            !text.trim().bytes().any(apart)
        });
        if is_one_word || is_named(text, start, name.len(), around) {
            found(name.to_ascii_lowercase());
        }
    }
    for name in fixed.iter().filter(|name| name.len() <= text.len()) {
        let mut places = memmem::find_iter(text.as_bytes(), name);
        let is_name = |at: usize| is_alone(text, at, name.len());
        // Alone it is a common word (`spark`, `flink`): an option must say more.
        if around.is_account_option && text.trim() == *name
            || places.any(|at| is_name(at) && is_value_of_account_option(text, at))
        {
            found((*name).to_owned());
        }
    }
}

/// Calls `found` with the ARN of every role that `text` gives to a setting named after
/// roles: `eks.amazonaws.com/role-arn: x`, `spark.kubernetes.driverEnv.AWS_ROLE_ARN=x`. What
/// follows a flag (`--execution-role-arn x`) is for a program, which runs as something
/// already.
pub(super) fn roles(text: &str, found: &mut dyn FnMut(&str)) {
    const LONGEST_PARTITION: usize = 40;
    let mut end = 0;
    for at in memmem::find_iter(text.as_bytes(), ":role/") {
        let before = text.get(..at).unwrap_or_default();
        let near = before.len().saturating_sub(LONGEST_PARTITION);
        let near = (near..=before.len()).find(|at| before.is_char_boundary(*at));
        let start = near.and_then(|near| Some(near + before.get(near..)?.rfind("arn:")?));
        let Some(start) = start.filter(|start| *start >= end) else {
            continue;
        };
        let rest = text.get(start..).unwrap_or_default().bytes();
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b":/_+=.@-".contains(byte);
        let length = rest.take(LONGEST_ARN).take_while(fits).count();
        end = start + length;
        let arn = text.get(start..end).unwrap_or_default();
        let key = option_before(text, start);
        let is_role = |key: &str| {
            let plain = Plain::of(key);
            plain.is_role() || plain.is_execution_role()
        };
        if key.is_some_and(|(key, is_assigned)| is_assigned && is_role(key)) {
            found(arn);
        }
    }
}

/// Longer ones are none.
const LONGEST_ARN: usize = 700;

/// Every reserved service account name inside `text`, and where it begins.
fn reserved(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    // What begins inside a name is no name of its own.
    let mut end = 0;
    // The dash after `emr` is rarer than any letter, so few places are looked at.
    memchr_iter(b'-', bytes).filter_map(move |dash| {
        let start = dash.checked_sub("emr".len())?;
        if start < end {
            return None;
        }
        let rest = bytes.get(start..)?;
        let starts_with = |prefix: &str| {
            rest.get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        if !RESERVED_PREFIXES.into_iter().any(starts_with) {
            return None;
        }
        let name = rest.iter().take(LONGEST_NAME);
        let length = name.take_while(|&&byte| is_name_byte(byte)).count();
        end = start + length;
        let name = text.get(start..end)?;
        Some((start, name.trim_end_matches(['.', '-'])))
    })
}

/// Whether something takes the name at `start` for a service account's.
fn is_named(text: &str, start: usize, length: usize, around: Around) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(start + length..).unwrap_or_default();
    let closed = after.trim_start_matches(is_quote);
    let bare = before.trim_end_matches(is_quote);
    // Alone: the whole text, or a line of a document.
    if (bare.is_empty() || bare.ends_with('\n') || indents(bare))
        && (length + 2 >= LONGEST_NAME
            || closed.starts_with(['\n', '\r'])
            || closed.trim_start().is_empty())
    {
        return true;
    }
    if bare.ends_with(['=', ':', ',']) {
        return true;
    }
    // `namespace/name`, alone.
    if bare.ends_with('/') && closed.is_empty() && is_namespace(bare) {
        return true;
    }
    let word = last_word(bare);
    let ends_word = bare.ends_with(|c: char| c.is_ascii_whitespace());
    if ends_word && (word.ends_with([':', '=']) || word.starts_with(['-', '&', '!', '>', '|', '?']))
    {
        return true;
    }
    around.is_arguments && (ends_word || bare.is_empty() || bare.len() < before.len())
}

/// Whether a text is `namespace/` and no more.
fn is_namespace(text: &str) -> bool {
    let namespace = text.trim_start_matches(is_quote).strip_suffix('/');
    namespace.is_some_and(|name| name.len() <= 63 && name.bytes().all(is_name_byte))
}

/// Whether only blanks stand between the start of the line and the name.
fn indents(before: &str) -> bool {
    let blanks = before.bytes().rev().take(LONGEST_OPTION);
    let blanks = blanks
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let line = before.get(..before.len() - blanks).unwrap_or_default();
    blanks > 0 && (line.is_empty() || line.ends_with('\n'))
}

/// Whether the option whose value begins at `start` is named after a service account.
fn is_value_of_account_option(text: &str, start: usize) -> bool {
    let Some((key, is_assigned)) = option_before(text, start) else {
        return false;
    };
    (is_assigned || key.starts_with('-')) && is_account_option(key)
}

/// The name of the option whose value begins at `start`, and whether a sign stands
/// between them.
fn option_before(text: &str, start: usize) -> Option<(&str, bool)> {
    let before = text.get(..start)?;
    let bare = before.trim_end_matches(is_quote);
    let bare = bare.trim_end_matches(|c: char| c.is_ascii_whitespace());
    let assigned = bare.strip_suffix(['=', ':']);
    let key = last_word(assigned.unwrap_or(bare));
    Some((key.trim_matches(is_quote), assigned.is_some()))
}

/// The word before the blanks at the end of `text`, cut to [`LONGEST_OPTION`].
fn last_word(text: &str) -> &str {
    let text = text.trim_end_matches(|c: char| c.is_ascii_whitespace());
    let ends = |&byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'{' | b'=');
    let word = text.bytes().rev().take(LONGEST_OPTION);
    let length = word.take_while(|byte| !ends(byte)).count();
    text.get(text.len() - length..).unwrap_or_default()
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\' | '`')
}

/// Whether the name stands by itself, not as a part of a longer name or path.
fn is_alone(text: &str, at: usize, length: usize) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|&byte| !is_name_byte(byte) && byte != b'/');
    let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    ends(before) && ends(text.as_bytes().get(at + length))
}

/// What a Kubernetes name consists of.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, fixed: &[&str], is_arguments: bool) -> Vec<String> {
        let mut all = Vec::new();
        let around = Around {
            is_arguments,
            is_account_option: false,
        };
        names(text, fixed, around, &mut |name| all.push(name));
        all
    }

    #[test]
    fn every_reserved_prefix_is_found() {
        for prefix in RESERVED_PREFIXES {
            // `reserved` looks for the dash there.
            assert!(prefix.starts_with("emr-"));
            let text = format!("--conf sa={prefix}x.y, --sa {}Z", prefix.to_uppercase());
            let expected = [format!("{prefix}x.y"), format!("{prefix}z")];
            assert_eq!(found(&text, &[], false), expected);
        }
    }

    #[test]
    fn options_documents_and_escapes() {
        for text in [
            "emr-containers-sa-x",
            " emr-containers-sa-x\n",
            "--sa=emr-containers-sa-x,more",
            "--sa emr-containers-sa-x --more",
            "sa=a,emr-containers-sa-x",
            "\"sa\": \"emr-containers-sa-x\"",
            "spec:\n  serviceAccountName:   emr-containers-sa-x\n",
            "spec:\n  serviceAccountName: # whose?\n    emr-containers-sa-x\n",
            "names:\n- emr-containers-sa-x\n",
            "a: &x emr-containers-sa-x\n",
            "a: >-\n  emr-containers-sa-x\n",
            "team/emr-containers-sa-x",
            // JSON and YAML in a string.
            r#"{"sa":"\u0065mr-containers-sa-x"}"#,
            r#"sa: "\x65mr-containers-sa-x""#,
            r#"{\"sa\":\"\\u0065mr-containers-sa-x\"}"#,
            "sa: \"emr-cont\\\n   ainers-sa-x\"",
        ] {
            assert_eq!(found(text, &[], false), ["emr-containers-sa-x"], "{text}");
        }
        for text in [
            "submit.sh emr-containers-sa-x now",
            "sh -c 'x' emr-containers-sa-x",
        ] {
            assert_eq!(found(text, &[], true), ["emr-containers-sa-x"], "{text}");
        }
    }

    #[test]
    fn base64_at_every_offset() {
        // "emr-containers-sa-x" after no, one and two further bytes.
        for text in [
            "ZW1yLWNvbnRhaW5lcnMtc2EteA==",
            "emVtci1jb250YWluZXJzLXNhLXg=",
            "enplbXItY29udGFpbmVycy1zYS14",
            "a: !!binary |\n  ZW1yLWNvbnRha\n  W5lcnMtc2EteA==\n",
        ] {
            assert_eq!(found(text, &[], false).len(), 1, "{text}");
        }
    }

    #[test]
    fn sentences_name_nobody() {
        for text in [
            "Runs as emr-containers-sa-x, ask team B.",
            "emr-containers-sa-x is the account",
            "s3://bucket/emr-containers-sa-x/logs",
            "emr-containers-job",
        ] {
            assert_eq!(found(text, &[], false), [""; 0], "{text}");
        }
    }

    #[test]
    fn fixed_names() {
        for text in [
            "--service-account spark",
            "spark.kubernetes.authenticate.driver.serviceAccountName=spark",
            "spec:\n  serviceAccountName: 'spark'\n",
        ] {
            assert_eq!(found(text, &["spark"], false), ["spark"], "{text}");
        }
        for text in [
            "spark",
            "apache/spark:3.5",
            "app=spark",
            "/opt/spark/bin/spark-submit",
            "serviceAccountName=spark-2",
        ] {
            assert_eq!(found(text, &["spark"], false), [""; 0], "{text}");
        }
    }
}
