//! Which keys and which parts of a text name a service account.

use memchr::{memchr_iter, memmem};

use crate::names::RESERVED_PREFIXES;

/// No Kubernetes name is longer. Without an end, names inside one another cost
/// the square of the text.
pub(super) const LONGEST_NAME: usize = 253;

/// Whether a field of this name holds a service account's name:
/// `serviceAccountName`, `service_account`, `executorServiceAccount`,
/// `spark.kubernetes.authenticate.driver.serviceAccountName`, `serviceAccountRef`.
pub(super) fn is_account_key(key: &str) -> bool {
    // Cheap test first: walks meet thousands of keys.
    if !key.bytes().any(|byte| byte == b'A' || byte == b'a') || key.len() < "serviceaccount".len() {
        return false;
    }
    let plain: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    [
        "serviceaccount",
        "serviceaccounts",
        "serviceaccountname",
        "serviceaccountnames",
        "serviceaccountref",
    ]
    .iter()
    .any(|end| plain.ends_with(end))
}

/// Whether a field of this name says where a driver's pod template is:
/// `spark.kubernetes.driver.podTemplateFile`. (An executor's template needs no
/// look: the driver starts it, under the driver's own role or not at all.)
pub(super) fn is_template_key(key: &str) -> bool {
    const END: &[u8] = b"driver.podtemplatefile";
    let start = key.len().checked_sub(END.len());
    let end = start.and_then(|start| key.as_bytes().get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(END))
}

/// Every reserved service account name inside `text`, in lower case.
pub(super) fn reserved_names(text: &str) -> impl Iterator<Item = String> {
    let bytes = text.as_bytes();
    // The dash after `emr` is rarer than any letter, so few places are looked at.
    memchr_iter(b'-', bytes).filter_map(move |dash| {
        let start = dash.checked_sub("emr".len())?;
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
        let name = text
            .get(start..start + length)?
            .trim_end_matches(['.', '-']);
        Some(name.to_ascii_lowercase())
    })
}

/// Whether `name` stands in `text` by itself, not as a part of a longer name.
pub(super) fn contains_name(text: &str, name: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|&byte| !is_name_byte(byte));
    memmem::find_iter(text.as_bytes(), name).any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        ends(before) && ends(text.as_bytes().get(at + name.len()))
    })
}

/// What a Kubernetes name consists of.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reserved_prefix_is_found() {
        for prefix in RESERVED_PREFIXES {
            // `reserved_names` looks for the dash there.
            assert!(prefix.starts_with("emr-"));
            let text = format!("--conf sa={prefix}x.y, {}Z", prefix.to_uppercase());
            let expected = [format!("{prefix}x.y"), format!("{prefix}z")];
            assert_eq!(reserved_names(&text).collect::<Vec<_>>(), expected);
        }
    }
}
