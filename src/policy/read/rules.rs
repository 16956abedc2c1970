//! `rules`.

use super::Reader;
use crate::policy::file::{Given, RulesEntry};
use crate::policy::{EndpointExposure, ImageSource, Level, RuleSettings};

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
        RuleSettings {
            modes,
            image_source,
            endpoint_exposure,
        }
    }
}
