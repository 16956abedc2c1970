//! The JSON Schema of the policy file, for editors and pipelines.

use schemars::generate::SchemaSettings;

use super::about::RuleList;
use super::file::File;

/// The schema (draft 2020-12), generated from the types that read the file. It
/// accepts every file that [`super::Policy::parse_for`] accepts. It cannot check
/// what only the reader knows: a wildcard that matches every user, two entries for
/// one namespace, an exemption that ends too far ahead.
#[must_use]
pub fn json_schema_for<R: RuleList>() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<File<R>>();
    schema.insert(
        "$id".to_owned(),
        "https://rolegate.dev/schemas/policy.v1alpha1.json".into(),
    );
    let mut schema = schema.to_value();
    let abouts = R::ABOUT.iter().map(|about| about.id);
    let ids: Vec<_> = abouts.chain(R::PLANNED.iter().copied()).collect();
    if let Some(items) = schema.pointer_mut("/$defs/Exemption/properties/rules/items") {
        *items = serde_json::json!({ "type": "string", "enum": ids });
    }
    schema
}
