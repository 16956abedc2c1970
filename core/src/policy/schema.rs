//! The JSON Schema of the policy file, for editors and pipelines.

use schemars::generate::SchemaSettings;

use super::file::File;

/// The schema (draft 2020-12), made from the types that read the file. It
/// takes every file that [`super::Policy::parse`] takes; what only the reader
/// can know (a wildcard that matches everybody, two entries for one namespace,
/// an exemption that ends too far ahead) it lets pass.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<File>();
    schema.insert(
        "$id".to_owned(),
        "https://rolegate.dev/schemas/policy.v1alpha1.json".into(),
    );
    schema.to_value()
}
