//! `rules`.

use super::Reader;
use crate::policy::file::{CredentialProviderEntry, Flag, Given, RulesEntry};
use crate::policy::{CredentialProvider, EndpointExposure, ImageSource, Level, RuleSettings};

impl Reader {
    pub(super) fn rules(&mut self, Given(entry): Given<RulesEntry>) -> RuleSettings {
        let Some(entry) = entry else {
            return RuleSettings::default();
        };
        let modes = entry.modes().collect();
        let image_source = entry
            .image_source
            .0
            .map_or_else(ImageSource::default, |options| ImageSource {
                registries: self.optional(options.registries),
                minimum_release: options.minimum_release.0.and_then(|text| self.text(text)),
            });
        let endpoint_exposure =
            entry
                .endpoint_exposure
                .0
                .map_or_else(EndpointExposure::default, |options| EndpointExposure {
                    source_ranges: self.optional(options.source_ranges),
                });
        if endpoint_exposure
            .source_ranges
            .iter()
            .any(super::super::Cidr::is_everything)
        {
            let message = "rule endpoint-exposure lets in every address there is; name the ranges that are meant";
            self.warn(Level::Warning, None, message);
        }
        let credential_provider = self.credential_provider(entry.credential_provider);
        RuleSettings {
            modes,
            image_source,
            endpoint_exposure,
            credential_provider,
        }
    }

    fn credential_provider(
        &mut self,
        Given(entry): Given<CredentialProviderEntry>,
    ) -> CredentialProvider {
        let unsaid = CredentialProvider::default();
        let Some(entry) = entry else { return unsaid };
        let said = entry.require_identity.0.map(|Flag(required)| required);
        CredentialProvider {
            require_identity: said.unwrap_or(unsaid.require_identity),
            host_paths: self.optional(entry.host_paths),
        }
    }
}
