//! The volumes of a pod by name, and the tokens in them.

use std::cell::OnceCell;

use crate::request::pod::{Container, Pod, Projection, Source, TokenProjection, Volume};

use super::eks::IRSA_TOKEN_VOLUME;
use super::{LastPart, Place};

/// An index over a pod's volumes, made when it is first needed. Containers and
/// volumes are both a tenant's to number, so no container looks through all volumes.
#[derive(Debug)]
pub(crate) struct Volumes<'p> {
    pod: &'p Pod<'p>,
    by_name: OnceCell<Vec<(&'p str, &'p Volume<'p>)>>,
    mounted: OnceCell<Vec<&'p str>>,
    irsa_file: OnceCell<Option<&'p str>>,
}

impl<'p> Volumes<'p> {
    pub(crate) const fn of(pod: &'p Pod<'p>) -> Self {
        Self {
            pod,
            by_name: OnceCell::new(),
            mounted: OnceCell::new(),
            irsa_file: OnceCell::new(),
        }
    }

    /// The volume with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'p Volume<'p>> {
        let volumes = &self.pod.spec.volumes;
        if volumes.len() <= 16 {
            return volumes.iter().find(|volume| volume.name.as_str() == name);
        }
        let sorted = self.by_name.get_or_init(|| {
            let mut all: Vec<_> = volumes.iter().map(|one| (one.name.as_str(), one)).collect();
            all.sort_by_key(|(name, _)| *name);
            all
        });
        let at = sorted.binary_search_by_key(&name, |(name, _)| name).ok()?;
        sorted.get(at).map(|(_, volume)| *volume)
    }

    /// Whether the volume is a new, empty folder that only one container mounts, so
    /// that nobody fills it for that container.
    pub(crate) fn is_private_and_empty(&self, name: &str) -> bool {
        let sorted = self.mounted.get_or_init(|| {
            let mut all = Vec::new();
            for (_, _, container) in self.pod.spec.all_containers() {
                let mounts = container.volume_mounts.iter();
                let mut names: Vec<_> = mounts.map(|mount| mount.name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                all.extend(names);
            }
            all.sort_unstable();
            all
        });
        let first = sorted.partition_point(|mounted| *mounted < name);
        self.is_empty_dir(name) && sorted.get(first + 1) != Some(&name)
    }

    /// Whether the volume is a new, empty folder.
    pub(crate) fn is_empty_dir(&self, name: &str) -> bool {
        let is = |source: &Source<'_>| matches!(source, Source::Other(kind) if kind.as_str() == "emptyDir");
        self.get(name)
            .and_then(|volume| volume.sources.single())
            .is_some_and(is)
    }

    /// Whether the volume holds tokens of the pod's service account and nothing else, as
    /// those that EKS adds.
    pub(crate) fn is_token_only(&self, name: &str) -> bool {
        let Some(Source::Projected(parts)) = self.get(name).and_then(|one| one.sources.single())
        else {
            return false;
        };
        let mut parts = parts.iter();
        parts.all(|part| part.service_account_token.is_some())
    }

    /// The name of IRSA's token in the volume that EKS adds.
    pub(crate) fn irsa_file(&self) -> Option<&'p str> {
        *self.irsa_file.get_or_init(|| {
            let volume = self.get(IRSA_TOKEN_VOLUME)?;
            let mut tokens = volume.sources.iter().flat_map(|source| match source {
                Source::Projected(parts) => &**parts,
                _ => &[],
            });
            let token = tokens.find_map(|part| part.service_account_token.as_ref())?;
            Some(token.path.as_str())
        })
    }

    /// Whether a container finds a token of the pod's service account for this
    /// audience at a path: what is mounted there, innermost, is a projected volume
    /// with the token under that name and nothing that could take its place.
    pub(crate) fn has_token(&self, container: &Container<'_>, file: &str, audience: &str) -> bool {
        let file = Place::of(file);
        let mut depth = 0;
        let mut found = false;
        for mount in container.volume_mounts.iter() {
            if !file.may_be_in(LastPart::of(&mount.mount_path)) {
                continue;
            }
            let place = Place::of(&mount.mount_path);
            if !place.holds(&file) || place.depth() < depth {
                continue;
            }
            let expands = mount
                .sub_path_expr
                .as_deref()
                .is_some_and(|e| !e.is_empty());
            let part = Place::of(mount.sub_path.as_deref().unwrap_or_default());
            let name = [part.parts(), place.rest(&file)].concat();
            let is_token = !expands && self.is_token(&mount.name, &name, audience);
            // Two mounts at one place: which of them is seen is the runtime's choice.
            found = is_token && (found || place.depth() > depth);
            depth = place.depth();
        }
        found
    }

    fn is_token(&self, volume: &str, name: &[&str], audience: &str) -> bool {
        let Some(Source::Projected(parts)) =
            self.get(volume).and_then(|volume| volume.sources.single())
        else {
            return false;
        };
        let is = |token: &TokenProjection<'_>| {
            token.audience.as_deref() == Some(audience) && Place::of(&token.path).parts() == name
        };
        let others = |part: &Projection<'_>| {
            part.secret.is_some() || part.config_map.is_some() || part.pod_certificate.is_some()
        };
        !parts.iter().any(others)
            && parts
                .iter()
                .filter_map(|part| part.service_account_token.as_ref())
                .any(is)
    }
}
