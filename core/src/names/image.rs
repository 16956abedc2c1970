//! Image references, read as container runtimes read them.
//!
//! The grammar is that of `distribution/reference`, which the kubelet,
//! containerd and Docker share: `nginx` is `docker.io/library/nginx`, a first
//! part with a dot, a port or capitals is a registry, the rest is lower case.

mod emr;
mod grammar;

use std::borrow::Cow;

use super::Glob;

use self::grammar::{is_digest, is_host, is_path, is_tag};

/// A parsed reference. Where there is a digest, runtimes ignore the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// The registry with its port, in lower case.
    pub registry: Cow<'a, str>,
    pub repository: Cow<'a, str>,
    pub tag: Option<&'a str>,
    pub digest: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Reads a reference; `None` for text that no runtime would pull.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        // Runtimes read 64 hexadecimal digits as an image's id.
        if text.len() == 64
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return None;
        }
        let (rest, digest) = match cut(text, b'@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let last = memchr::memrchr(b'/', rest.as_bytes()).map_or(0, |slash| slash + 1);
        let (name, tag) = match cut(rest.get(last..)?, b':') {
            Some((part, tag)) => (rest.get(..last + part.len())?, Some(tag)),
            None => (rest, None),
        };
        let (registry, repository) = match cut(name, b'/') {
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
            && is_path(&repository)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        fits.then_some(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }

    /// Whether the image is in a registry that the pattern names, or in or below a
    /// repository that it names. Compared part by part, so
    /// `public.ecr.aws/emr-on-eks` does not match `public.ecr.aws/emr-on-eks-evil`.
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
}

/// What is before the first such sign, which is ASCII, and after it.
fn cut(text: &str, sign: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(sign, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a runtime reads the first part of a name as a registry.
fn is_registry(first: &str) -> bool {
    let mut bytes = first.bytes();
    bytes.any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z')) || first == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_no_runtime_pulls() {
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
            "a.b/c-",
            "a.b/c--",
            "a.b/c-_d",
            "a.b/c_-d",
            "a.b/c__",
            "a.b/__c",
            "a.b/c_.d",
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
}
