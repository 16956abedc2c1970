//! `rules.image-source` of the policy file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::names::{Glob, Release};
use crate::policy::{Given, Mode, Reader, RuleEntry, RuleOptions, Text, glob_of, kind};

/// Where images come from.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ImageSource")]
pub(in crate::rules) struct Entry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Registries, with or without a path; any if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    registries: Given<Vec<Text<RegistryGlob>>>,
    /// The oldest EMR release; any if not given.
    #[serde(default)]
    minimum_release: Given<Text<MinimumRelease>>,
}

/// What `image-source` compares with; the rule is off while neither is given.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Registries, with or without a repository path. Empty: any.
    pub(super) registries: Vec<Glob>,
    /// The oldest EMR release that may run.
    pub(super) minimum_release: Option<Release>,
}

impl Options {
    pub(super) fn is_given(&self) -> bool {
        !self.registries.is_empty() || self.minimum_release.is_some()
    }
}

impl RuleOptions for Options {}

impl RuleEntry for Entry {
    fn mode(&self) -> Option<Mode> {
        self.mode.0
    }

    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>> {
        Some(Box::new(Options {
            registries: reader.optional(self.registries),
            minimum_release: self.minimum_release.0.and_then(|text| reader.text(text)),
        }))
    }
}

kind!(
    /// Where images come from.
    RegistryGlob: Glob = "a pattern for image registries", "^[A-Za-z0-9._/:*?-]+$",
    |text: &str| {
        if text.contains("://") || text.ends_with('/') {
            return Err("write the registry and, if wanted, the repository's path, as images name them: public.ecr.aws/emr-on-eks".into());
        }
        // Images' registries are compared in lower case, and nothing else of them may be upper case.
        let glob = glob_of(&text.to_ascii_lowercase(), |b| b.is_ascii_alphanumeric() || b"._-/:".contains(&b), 255,
            "names of images are letters, digits and ._-/:")?;
        let (registry, repository) = text.split_once('/').unwrap_or((text, ""));
        if !(registry.contains(['.', ':', '*', '?']) || registry == "localhost") {
            return Err("begin with the registry, as in docker.io/library/nginx: an image without one comes from docker.io".into());
        }
        if repository.contains(':') {
            return Err("leave the tag out: an entry is for every image of a repository".into());
        }
        Ok(glob)
    }
);
kind!(
    /// The oldest EMR release.
    MinimumRelease: Release = "an EMR release", r"^emr-\d+\.\d+\.\d+$",
    |text: &str| Release::parse(text).ok_or_else(|| "write it like emr-7.2.0".into())
);
