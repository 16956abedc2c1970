//! What the list of rules makes: the rules themselves, and the shape of
//! `rules:` in the policy file.

/// Declares the rules of this version in the order their findings are listed:
/// the file, the type in it, and its keys in the policy file if it takes others
/// than `mode`.
macro_rules! rules {
    ($($file:ident: $rule:ident $(, $entry:ty)?;)*) => {
        /// Every rule of this version, in the order findings are listed.
        pub static RULES: &[&dyn Rule] = &[$(&$file::$rule,)*];

        /// Modes and options by rule id.
        #[derive(serde::Deserialize, schemars::JsonSchema, Default)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        #[schemars(rename = "Rules")]
        pub struct RulesOfThisVersion {
            $($file: Given<entry!($($entry)?)>,)*
        }

        impl RuleList for RulesOfThisVersion {
            const ABOUT: &'static [&'static About] = &[$(&$file::ABOUT,)*];
            const PLANNED: &'static [RuleId] = &[];

            fn read(self, reader: &mut Reader) -> GivenRules {
                let mut given = GivenRules::default();
                $(given.rule($file::ABOUT.id, self.$file.0, reader);)*
                given
            }
        }
    };
}
pub(super) use rules;

macro_rules! entry {
    () => {
        ModeOnly
    };
    ($entry:ty) => {
        $entry
    };
}
pub(super) use entry;
