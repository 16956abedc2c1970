//! Annotations with which an Ingress writes into the configuration of the proxy that
//! serves it.

use crate::json::Pairs;
use crate::names::shown;
use crate::request::{Object, Path};
use crate::rules::{ALL, Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, verb};

pub(super) static SNIPPET: Advice = Advice {
    why: "the proxy reads files as its own service account, which may read Secrets everywhere, and \
          leads wherever such a snippet says",
    instead: &[(
        ALL,
        "use the controller's own annotations, without a snippet",
    )],
    source: "CVE-2021-25742; ingress-nginx documentation: annotation-value-word-blocklist",
};

/// What ends the keys of such annotations: ingress-nginx's `configuration-snippet`,
/// `server-snippet`, `auth-snippet`, `stream-snippet`, `modsecurity-snippet`;
/// NGINX Inc.'s `location-snippets`, `server-snippets`; `HAProxy`'s `config-backend`.
const KEYS: [&str; 4] = ["-snippet", "-snippets", "/config-backend", "/config-proxy"];

/// Directives that read files, run programs or lead elsewhere: the list that
/// ingress-nginx recommends for its own filter, and what it lacks. Rewrites, headers
/// and limits have none of them.
const DIRECTIVES: [&str; 13] = [
    "_by_lua",
    "alias",
    "content_by",
    "fastcgi_pass",
    "grpc_pass",
    "include",
    "js_",
    "load_module",
    "location",
    "lua_package",
    "proxy_pass",
    "root",
    "serviceaccount",
];

pub(super) fn check(
    write: &Write<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let before = match old {
        Some(old) => old.annotations()?,
        None => Pairs::default(),
    };
    for (key, value) in new.annotations()?.iter() {
        if !KEYS.iter().any(|end| key.ends_with(end)) || before.get(key) == Some(value) {
            continue;
        }
        let Some(directive) = directive(value) else {
            continue;
        };
        let act = format!(
            "{} {}, whose annotation {} says {directive}",
            verb(write),
            write.object(),
            shown(key, 120)
        );
        let path = Path::root()
            .key("metadata")
            .key("annotations")
            .key(key.to_string());
        let finding = Finding::new(&ABOUT, &SNIPPET, act).at(path);
        findings.push(finding.key(format!("snippet {}", key.as_str())));
    }
    Ok(())
}

/// The first directive in a snippet that no route needs.
fn directive(snippet: &str) -> Option<&'static str> {
    let snippet = snippet.to_ascii_lowercase();
    DIRECTIVES
        .into_iter()
        .find(|directive| snippet.contains(directive))
}

#[cfg(test)]
mod tests {
    use super::directive;

    #[test]
    fn directives() {
        for (snippet, expected) in [
            (
                "location /x { alias /var/run/secrets/kubernetes.io/serviceaccount/; }",
                Some("alias"),
            ),
            ("content_by_lua 'ngx.say(1)';", Some("_by_lua")),
            ("Include /etc/passwd;", Some("include")),
            ("more_set_headers \"X-Frame-Options: DENY\";", None),
            ("limit_rate 10k; return 301 https://example.com;", None),
        ] {
            assert_eq!(directive(snippet), expected, "{snippet}");
        }
    }
}
