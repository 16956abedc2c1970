//! Labels, annotations and names that belong to rolegate.

/// The label of a managed namespace: `audit`, `warn` or `enforce`. Any other
/// value counts as `enforce`.
pub const MODE_LABEL: &str = "rolegate.dev/mode";

/// The label that switches role chaining on in a namespace.
pub const CHAIN_LABEL: &str = "rolegate.dev/chain";

/// The prefix of the annotations that rolegate keeps on pods.
pub const ANNOTATION_PREFIX: &str = "rolegate.dev/";

/// The namespace that rolegate runs in.
pub const OWN_NAMESPACE: &str = "rolegate";
