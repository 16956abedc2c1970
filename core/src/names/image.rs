//! Image references, read as container runtimes read them.
//!
//! The grammar is that of `distribution/reference`, which the kubelet,
//! containerd and Docker share: `nginx` is `docker.io/library/nginx`, a first
//! part with a dot, a port or capitals is a registry, the rest is lower case.

use std::borrow::Cow;

use super::{Glob, Release};

/// A reference, taken apart. Its tag says nothing where there is a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// The registry with its port, in lower case.
    pub registry: Cow<'a, str>,
    /// The repository in it.
    pub repository: Cow<'a, str>,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest.
    pub digest: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Reads a reference; `None` for what no runtime would pull.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // Runtimes take these for an image's id.
        if text.len() == 64
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let last = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest.get(last..)?.split_once(':') {
            Some((part, tag)) => (rest.get(..last + part.len())?, Some(tag)),
            None => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (lower(first), rest),
            _ => (Cow::Borrowed("docker.io"), name),
        };
        let registry = match &*registry {
            "index.docker.io" => Cow::Borrowed("docker.io"),
            _ => registry,
        };
        let official = registry == "docker.io" && !repository.contains('/');
        let repository = if official {
            Cow::Owned(format!("library/{repository}"))
        } else {
            Cow::Borrowed(repository)
        };
        let fits = is_host(&registry)
            && registry.len() + repository.len() < 255
            && repository.split('/').all(is_component)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        fits.then_some(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }

    /// Whether the image is in what a pattern of the policy names: a registry,
    /// or a repository and all below it. Compared part by part, so
    /// `public.ecr.aws/emr-on-eks` is not `public.ecr.aws/emr-on-eks-evil`.
    #[must_use]
    pub fn is_in(&self, pattern: &Glob) -> bool {
        let parts = pattern.as_str().split('/').count();
        let name = format!("{}/{}", self.registry, self.repository);
        let end = name
            .match_indices('/')
            .nth(parts - 1)
            .map_or(name.len(), |(slash, _)| slash);
        name.get(..end).is_some_and(|start| pattern.matches(start))
    }

    /// The EMR release of an image that comes from EMR's own registries;
    /// `None` for all others, whatever they call themselves.
    #[must_use]
    pub fn emr_release(&self) -> Option<Release> {
        let repository = if &*self.registry == "public.ecr.aws" {
            self.repository.strip_prefix("emr-on-eks/")?
        } else if is_emrs(&self.registry) {
            &*self.repository
        } else {
            return None;
        };
        // `spark/emr-7.12.0`, `notebook-spark/emr-6.9.0-20230101`; operators
        // carry it in the tag: `spark-operator:7.12.0`.
        let in_path = repository.split('/').find_map(release_of);
        let in_tag = || {
            let tag = self.tag.filter(|_| self.digest.is_none())?;
            release_of(tag).or_else(|| release_of(&format!("emr-{tag}")))
        };
        in_path.or_else(in_tag)
    }
}

/// `emr-7.12.0`, with or without a suffix after a dash.
fn release_of(part: &str) -> Option<Release> {
    let rest = part.strip_prefix("emr-")?;
    let numbers = rest.split('-').next()?;
    Release::parse(&format!("emr-{numbers}"))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a runtime takes the first part of a name for a registry.
fn is_registry(first: &str) -> bool {
    first.contains(['.', ':'])
        || first == "localhost"
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A host name or an IPv6 address in brackets, with or without a port.
fn is_host(text: &str) -> bool {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return false;
        };
        let fits = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        if address.is_empty() || !address.bytes().all(fits) {
            return false;
        }
        (None, rest)
    } else {
        let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        (Some(host), rest)
    };
    let label = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.is_none_or(|host| host.split('.').all(label))
        && (port.is_empty() || port.strip_prefix(':').is_some_and(number))
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut runs = text
        .as_bytes()
        .chunk_by(|one, next| inner(one) == inner(next));
    let whole = runs.all(|run| {
        run.first().is_some_and(inner)
            || matches!(run, b"." | b"_" | b"__")
            || run.iter().all(|byte| *byte == b'-')
    });
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    whole && ends.into_iter().all(|end| end.is_some_and(inner))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text
            .bytes()
            .all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"+._-".contains(&byte);
        !algorithm.is_empty()
            && algorithm.bytes().all(word)
            && hex.len() >= 32
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The accounts that hold EMR on EKS' images, by region. Ids are text: some
/// start with zeros. Source: Amazon EMR on EKS development guide, "Base image
/// URIs: Amazon ECR registry accounts by Region".
const ACCOUNTS: [(&str, &str); 31] = [
    ("af-south-1", "358491847878"),
    ("ap-east-1", "736135916053"),
    ("ap-northeast-1", "059004520145"),
    ("ap-northeast-2", "996579266876"),
    ("ap-northeast-3", "705689932349"),
    ("ap-south-1", "235914868574"),
    ("ap-south-2", "691480105545"),
    ("ap-southeast-1", "671219180197"),
    ("ap-southeast-2", "038297999601"),
    ("ap-southeast-3", "946962994502"),
    ("ca-central-1", "351826393999"),
    ("cn-north-1", "068337069695"),
    ("cn-northwest-1", "068420816659"),
    ("eu-central-1", "107292555468"),
    ("eu-central-2", "314408114945"),
    ("eu-north-1", "830386416364"),
    ("eu-south-1", "238014973495"),
    ("eu-south-2", "350796622945"),
    ("eu-west-1", "483788554619"),
    ("eu-west-2", "118780647275"),
    ("eu-west-3", "307523725174"),
    ("il-central-1", "395734710648"),
    ("me-central-1", "818935616732"),
    ("me-south-1", "008085056818"),
    ("sa-east-1", "052806832358"),
    ("us-east-1", "755674844232"),
    ("us-east-2", "711395599931"),
    ("us-gov-east-1", "299393998622"),
    ("us-gov-west-1", "299385240661"),
    ("us-west-1", "608033475327"),
    ("us-west-2", "895885662937"),
];

/// Whether a registry is one of EMR's own, by any of the names ECR gives it
/// (with FIPS, dual-stack, and China's domains).
fn is_emrs(registry: &str) -> bool {
    let Some((account, rest)) = registry.split_once('.') else {
        return false;
    };
    let ecr = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let Some(rest) = ecr.iter().find_map(|service| rest.strip_prefix(service)) else {
        return false;
    };
    let Some((region, domain)) = rest.split_once('.') else {
        return false;
    };
    let domains = [
        "amazonaws.com",
        "amazonaws.com.cn",
        "on.aws",
        "on.amazonwebservices.com.cn",
    ];
    ACCOUNTS.contains(&(region, account)) && domains.contains(&domain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::names::AccountId;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn read_as_runtimes_read_them() {
        let digest = format!("sha256:{HEX}");
        for (text, registry, repository, tag) in [
            ("nginx", "docker.io", "library/nginx", None),
            ("nginx:1.27", "docker.io", "library/nginx", Some("1.27")),
            (
                "localhost:5000",
                "docker.io",
                "library/localhost",
                Some("5000"),
            ),
            ("team/app", "docker.io", "team/app", None),
            ("docker.io/nginx", "docker.io", "library/nginx", None),
            ("index.docker.io/team/app", "docker.io", "team/app", None),
            ("localhost/app", "localhost", "app", None),
            ("localhost:5000/app:x", "localhost:5000", "app", Some("x")),
            ("Registry/app", "registry", "app", None),
            (
                "PUBLIC.ECR.AWS/emr-on-eks/spark",
                "public.ecr.aws",
                "emr-on-eks/spark",
                None,
            ),
            ("[fd00::1]:5000/a/b", "[fd00::1]:5000", "a/b", None),
            ("[fd00::1]/a", "[fd00::1]", "a", None),
            (
                "10.0.0.1:443/a__b/c-d/e--f.g_h",
                "10.0.0.1:443",
                "a__b/c-d/e--f.g_h",
                None,
            ),
        ] {
            for with_digest in [text.to_owned(), format!("{text}@{digest}")] {
                let read =
                    ImageReference::parse(&with_digest).unwrap_or_else(|| panic!("{with_digest}"));
                assert_eq!(
                    (&*read.registry, &*read.repository, read.tag),
                    (registry, repository, tag)
                );
                assert_eq!(read.digest.is_some(), with_digest != text);
            }
        }
    }

    #[test]
    fn what_nobody_pulls() {
        let long = "a".repeat(256);
        let bad_digest = format!("nginx@sha256:{}", "z".repeat(64));
        for text in [
            "",
            " ",
            " nginx",
            "nginx ",
            "/nginx",
            "nginx/",
            "a//b",
            "a/B",
            "team/App",
            "nginx:",
            "nginx:-x",
            "nginx@",
            "nginx@sha256:abc",
            &bad_digest,
            "http://a.b/c",
            "a.b:port/c",
            "a.b:/c",
            "-a.b/c",
            "a..b/c",
            "[fd00::1/a",
            "[]/a",
            "[x]/a",
            "a.b/c.",
            "a.b/.c",
            "a.b/c___d",
            "a.b/c.-d",
            "a.b/c@d@e",
            "nginx\n",
            "a.b/ü",
            HEX,
            &long,
        ] {
            assert_eq!(ImageReference::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn patterns_stand_for_whole_parts() {
        for (pattern, image, expected) in [
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws/emr-on-eks/spark/emr-7.2.0",
                true,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws/emr-on-eks:latest",
                true,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "Public.ECR.aws/emr-on-eks/spark",
                true,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws/emr-on-eks-evil/spark",
                false,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws/evil/emr-on-eks",
                false,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "evil.example/public.ecr.aws/emr-on-eks",
                false,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws.evil.example/emr-on-eks/spark",
                false,
            ),
            (
                "public.ecr.aws/emr-on-eks",
                "public.ecr.aws:8443/emr-on-eks/spark",
                false,
            ),
            ("public.ecr.aws/emr-on-eks", "public.ecr.aws/spark", false),
            (
                "111122223333.dkr.ecr.*.amazonaws.com",
                "111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b:1",
                true,
            ),
            (
                "111122223333.dkr.ecr.*.amazonaws.com",
                "111122223333.dkr.ecr.eu-west-1.amazonaws.com.cn/a",
                false,
            ),
            (
                "111122223333.dkr.ecr.*.amazonaws.com",
                "111122223333.dkr.ecr.x.example:1/y.amazonaws.com/a",
                false,
            ),
            ("docker.io/library", "nginx", true),
            ("docker.io", "nginx", true),
            ("docker.io/library", "team/app", false),
            ("*/team", "a.example/team/app", true),
            ("registry.example:5000", "registry.example:5000/a", true),
            ("registry.example", "registry.example:5000/a", false),
            ("a.example/b/c/d", "a.example/b/c", false),
        ] {
            let pattern = Glob::parse(pattern).expect("a pattern");
            let read = ImageReference::parse(image).expect("an image");
            assert_eq!(read.is_in(&pattern), expected, "{pattern} {image}");
        }
    }

    #[test]
    fn releases_of_emrs_own_images_only() {
        let release = |text: &str| Release::parse(text);
        for (image, expected) in [
            (
                "755674844232.dkr.ecr.us-east-1.amazonaws.com/spark/emr-6.9.0:latest",
                release("emr-6.9.0"),
            ),
            (
                "755674844232.dkr.ecr-fips.us-east-1.amazonaws.com/spark/emr-6.9.0",
                release("emr-6.9.0"),
            ),
            (
                "755674844232.dkr-ecr.us-east-1.on.aws/notebook-spark/emr-7.12.0",
                release("emr-7.12.0"),
            ),
            (
                "068337069695.dkr.ecr.cn-north-1.amazonaws.com.cn/spark/emr-6.2.0-20210129",
                release("emr-6.2.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark/emr-7.2.0:latest",
                release("emr-7.2.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark/emr-6.9.0-spark-rapids",
                release("emr-6.9.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark-operator:7.12.0",
                release("emr-7.12.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/flink-operator:7.12.0-latest",
                release("emr-7.12.0"),
            ),
            // Another region's account, somebody else's, and lookalikes.
            (
                "755674844232.dkr.ecr.eu-west-1.amazonaws.com/spark/emr-6.9.0",
                None,
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/spark/emr-6.9.0",
                None,
            ),
            (
                "755674844232.dkr.ecr.us-east-1.amazonaws.com.evil.example/spark/emr-6.9.0",
                None,
            ),
            ("public.ecr.aws/evil/emr-on-eks/spark/emr-6.9.0", None),
            ("public.ecr.aws/emr-on-eks-evil/spark/emr-6.9.0", None),
            ("evil.example/spark/emr-6.9.0", None),
            ("public.ecr.aws/emr-on-eks/spark-operator", None),
            ("public.ecr.aws/emr-on-eks/spark/emr-latest", None),
        ] {
            assert_eq!(
                ImageReference::parse(image).expect(image).emr_release(),
                expected,
                "{image}"
            );
        }
        let pinned = format!("public.ecr.aws/emr-on-eks/spark-operator:7.12.0@sha256:{HEX}");
        let pinned = ImageReference::parse(&pinned).expect("an image");
        assert_eq!(
            pinned.emr_release(),
            None,
            "the digest decides, not the tag"
        );
    }

    #[test]
    fn every_region_has_one_account() {
        let mut seen = HashSet::new();
        for (region, account) in ACCOUNTS {
            assert!(AccountId::parse(account).is_some(), "{account}");
            assert!(
                seen.insert(region) && seen.insert(account),
                "{region} {account}"
            );
        }
    }
}
