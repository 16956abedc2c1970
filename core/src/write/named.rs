//! What the object of a write names, read once for all rules.

use crate::facts::kinds::Kind;
use crate::facts::surface;
use crate::names;
use crate::policy::Policy;
use crate::request::references::{self, Guide, References};
use crate::request::{Object, ReviewError, Target};

/// What an object of that resource, in `namespace`, names: service accounts, roles,
/// Secrets.
///
/// # Errors
///
/// A [`ReviewError`] when it is no JSON.
pub fn named(
    object: Object<'_>,
    kind: Option<&Kind>,
    policy: &Policy,
    namespace: &str,
) -> Result<References, ReviewError> {
    let guide = kind.map_or_else(Guide::default, |kind| kind.guide);
    references::find(object, guide, &fixed_accounts(policy, namespace))
}

/// The job service accounts of the namespace that the walk does not find by itself:
/// their names do not say their role.
#[must_use]
pub fn fixed_accounts<'p>(policy: &'p Policy, namespace: &'p str) -> Vec<&'p str> {
    let names = policy.fixed_names(namespace);
    names.filter(|name| !names::is_reserved(name)).collect()
}

/// Whether the target is a custom resource, or holds what any controller wrote.
#[must_use]
pub fn is_custom(target: &Target<'_>) -> bool {
    !surface::is_built_in(target.group()) || target.is("apps", "controllerrevisions")
}
