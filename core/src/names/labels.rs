//! What marks a namespace as rolegate's business.

/// The label of a managed namespace: `audit`, `warn` or `enforce`. Any other
/// value counts as `enforce`.
pub const MODE_LABEL: &str = "rolegate.dev/mode";

/// The label that switches role chaining on in a namespace.
pub const CHAIN_LABEL: &str = "rolegate.dev/chain";

/// What the annotations begin with that rolegate keeps on pods.
pub const ANNOTATION_PREFIX: &str = "rolegate.dev/";

/// The namespace that rolegate runs in.
pub const OWN_NAMESPACE: &str = "rolegate";
