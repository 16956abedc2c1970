//! The configuration file's text, read back by the parser of the AWS SDK for
//! Rust: whatever the input, exactly the profiles that were meant.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rolegate_core::mutation::{Profile, SessionName, Source, TokenFile};
use rolegate_core::names::RoleArn;
use rolegate_core::policy::{Chain, ChainMode, ExtraProfile, OwnSettings, TokenSource};

/// Every key that any SDK reads in a profile and that could be smuggled in.
const KEYS: [&str; 20] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "role_session_name",
    "external_id",
    "duration_seconds",
    "region",
    "sts_regional_endpoints",
    "credential_process",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "mfa_serial",
    "sso_session",
    "sso_start_url",
    "endpoint_url",
    "services",
    "ca_bundle",
    "login_session",
];

pub type Sections = BTreeMap<String, BTreeMap<&'static str, String>>;

/// What the SDK makes of a file.
pub fn parsed(text: &str) -> Sections {
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, text)
        .build();
    let (env, fs) = (Env::from_slice(&[]), Fs::from_slice(&[]));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let source = runtime
        .block_on(source::load(&env, &fs, &files))
        .expect("a source");
    let sections = EnvConfigSections::parse(source).expect("a file that the SDK reads");
    assert_eq!(sections.sso_sessions().count(), 0);
    let profile = |name: &str| {
        let profile = sections.get_profile(name).expect("a profile");
        KEYS.iter()
            .filter_map(|key| Some((*key, profile.get(key)?.to_owned())))
            .collect()
    };
    sections
        .profiles()
        .map(|name| (name.to_owned(), profile(name)))
        .collect()
}

/// What was meant, put together without the code under test.
fn meant(profile: &Profile<'_>) -> Sections {
    let chain = profile.chain;
    let mut sections = Sections::new();
    let mut add = |name: String,
                   role: &RoleArn,
                   before: (&'static str, String),
                   end: Option<Option<&str>>| {
        let mut keys = BTreeMap::from([
            ("role_arn", role.to_string()),
            before,
            ("role_session_name", profile.session.as_str().to_owned()),
            ("sts_regional_endpoints", "regional".to_owned()),
        ]);
        if let Some(region) = &chain.region {
            keys.insert("region", region.clone());
        }
        if let Some(external_id) = end {
            if let Some(id) = external_id {
                keys.insert("external_id", id.to_owned());
            }
            if let Some(seconds) = chain.session_duration {
                keys.insert("duration_seconds", seconds.to_string());
            }
        }
        assert!(
            sections.insert(name, keys).is_none(),
            "one profile of each name"
        );
    };
    let source = || match profile.source {
        Source::WebIdentity { .. } => ("source_profile", "rolegate-source".to_owned()),
        Source::PodIdentity => ("credential_source", "EcsContainer".to_owned()),
    };
    let mut before = source();
    for (number, hop) in (1..).zip(&chain.hops) {
        let name = format!("rolegate-hop-{number}");
        add(name.clone(), hop, before, None);
        before = ("source_profile", name);
    }
    let external_id = chain.external_id.as_deref();
    add("default".into(), profile.target, before, Some(external_id));
    if let Source::WebIdentity {
        role: Cow::Owned(role),
        token,
    } = profile.source
    {
        let token = ("web_identity_token_file", token.as_str().to_owned());
        add("rolegate-source".into(), role, token, None);
    }
    for extra in &chain.profiles {
        add(
            extra.name.clone(),
            &extra.role,
            source(),
            Some(extra.external_id.as_deref()),
        );
    }
    sections
}

/// Role ARNs with every character that the strict grammar lets through.
fn arns() -> impl Strategy<Value = RoleArn> {
    ("([!-)+-.0->@-~]{1,12}/){0,2}", "[A-Za-z0-9_+=,.@-]{1,64}").prop_map(|(path, name)| {
        RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{path}{name}")).expect("an ARN")
    })
}

fn chains() -> impl Strategy<Value = Chain> {
    let ids = || option::of("[A-Za-z0-9_+=,.@:/-]{2,40}");
    let profile =
        ("[a-z][A-Za-z0-9_-]{0,9}", arns(), ids()).prop_map(|(name, role, external_id)| {
            ExtraProfile {
                name: format!("x{name}"),
                role,
                external_id,
            }
        });
    let region = option::of("[a-z]{2}-[a-z]{4,9}-[1-9]");
    (
        arns(),
        vec(arns(), 0..4),
        ids(),
        region,
        option::of(900_u16..=3600),
        vec(profile, 0..4),
    )
        .prop_map(
            |(from, hops, external_id, region, session_duration, mut profiles)| {
                // The policy refuses a name that is given twice.
                let mut names = BTreeSet::new();
                profiles.retain(|profile| names.insert(profile.name.clone()));
                Chain {
                    from: from.clone(),
                    to: vec![from],
                    default: None,
                    required: false,
                    mode: ChainMode::Profile,
                    token: TokenSource::Eks,
                    own_settings: OwnSettings::Leave,
                    containers: vec![],
                    external_id,
                    region,
                    session_duration,
                    hops,
                    profiles,
                }
            },
        )
}

/// Anything at all, and what looks like the start of a section or a key.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "/[ -~]{0,40}",
        "[/a-z]{1,20}[\r\n\t\0 ;#\\[\\]=]{1,3}(credential_process = id)?",
        Just("/t\n[profile evil]\ncredential_process = id".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_profiles_that_were_meant(
        chain in chains(),
        target in arns(),
        role in arns(),
        token in anything(),
        session in anything(),
        agent in any::<bool>(),
    ) {
        let token = TokenFile::parse(token)
            .unwrap_or_else(|| TokenFile::parse("/var/run/secrets/token").expect("a path"));
        let source = if agent { Source::PodIdentity } else { Source::WebIdentity { role: Cow::Owned(role), token } };
        let session = SessionName::of(&session);
        let profile = Profile { chain: &chain, target: &target, source: &source, session: &session };
        let text = profile.text();
        prop_assert_eq!(parsed(&text), meant(&profile), "{}", text);
        prop_assert_eq!(text.matches("[default]\n").count(), 1);
        prop_assert!(text.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic()), "{:?}", text);
        // Twice the same section would be merged by the parser above.
        let headers: Vec<_> = text.lines().filter(|line| line.starts_with('[')).collect();
        let all: BTreeSet<_> = headers.iter().collect();
        prop_assert_eq!(all.len(), headers.len());
    }

    #[test]
    fn a_session_name_is_always_one(text in anything()) {
        let name = SessionName::of(&text);
        prop_assert!((2..=64).contains(&name.as_str().len()));
        prop_assert!(name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)));
    }
}
