//! For every policy, and every token file and name of a pod: the policy is
//! rejected, or the AWS SDK for Rust reads exactly the intended profiles from
//! the text.
#![no_main]

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};
use libfuzzer_sys::fuzz_target;
use rolegate_core::mutation::{Profile, SessionName, Source, TokenFile};
use rolegate_core::policy::{Policy, Strictness};
use rolegate_core::names::RoleArn;
use serde_json::json;

const ROLE: &str = "arn:aws:iam::111122223333:role/etl";

/// Texts of a policy: role, external id, region, profile name.
type Words<'w> = [&'w str; 4];
const PLAIN: Words<'_> = [ROLE, "example", "eu-central-1", "lake"];

/// The policy with these texts; `None` if it is rejected.
fn policy([to, external_id, region, profile]: Words<'_>) -> Option<Policy> {
    // JSON is valid YAML, and it can escape every text.
    let policy = json!({
        "apiVersion": "rolegate.dev/v1alpha1",
        "kind": "Policy",
        "virtualClusters": [{ "namespaces": ["n"], "chains": [{
            "from": ROLE,
            "to": [to],
            "externalId": external_id,
            "region": region,
            "hops": [to],
            "profiles": [{ "name": profile, "role": to }],
        }] }],
    });
    let now = jiff::Timestamp::UNIX_EPOCH;
    let read = Policy::parse("fuzz", &policy.to_string(), now, Strictness::Check);
    read.ok().map(|(policy, _)| policy)
}

fuzz_target!(|parts: (Words<'_>, &str, &str, bool)| {
    let (given, token, session, agent) = parts;
    // A text that the policy rejects is replaced, so that the others are still tested.
    let mut words = PLAIN;
    for (index, word) in given.into_iter().enumerate() {
        let mut alone = PLAIN;
        alone[index] = word;
        if policy(alone).is_some() {
            words[index] = word;
        }
    }
    let [to, external_id, region, profile] = words;
    let policy = policy(words).unwrap();
    let chain = &policy.tenancy("n").chains[0];
    let source = match TokenFile::parse(token) {
        Some(token) if !agent => Source::WebIdentity {
            role: std::borrow::Cow::Borrowed(&chain.from),
            token,
        },
        _ => Source::PodIdentity,
    };
    let target: &RoleArn = &chain.to[0];
    let session = SessionName::of(session);
    let text = Profile {
        chain,
        target,
        source: &source,
        session: &session,
    }
    .to_string();

    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, &*text)
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (env, fs) = (Env::from_slice(&[]), Fs::from_slice(&[]));
    let loaded = runtime.block_on(source::load(&env, &fs, &files)).unwrap();
    let sections = EnvConfigSections::parse(loaded).unwrap();
    let mut names: Vec<_> = sections.profiles().collect();
    names.sort_unstable();
    let mut expected = vec!["default", "rolegate-hop-1", profile];
    if matches!(source, Source::WebIdentity { .. }) {
        expected.push("rolegate-source");
    }
    expected.sort_unstable();
    assert_eq!(names, expected, "{text}");
    let default = sections.get_profile("default").unwrap();
    assert_eq!(default.get("role_arn"), Some(to), "{text}");
    assert_eq!(default.get("external_id"), Some(external_id), "{text}");
    assert_eq!(
        default.get("role_session_name"),
        Some(session.as_str()),
        "{text}"
    );
    for name in names {
        let section = sections.get_profile(name).unwrap();
        assert_eq!(section.get("region"), Some(region), "{text}");
        assert_eq!(section.get("credential_process"), None, "{text}");
        assert_eq!(section.get("aws_access_key_id"), None, "{text}");
    }
});
