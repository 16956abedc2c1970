//! A question of authorization without its user.

/// A verb, and what it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Such as `get`; case-sensitive.
    pub verb: &'a str,
    pub asked: Asked<'a>,
}

/// What a verb is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Objects of the API. RBAC ignores versions.
    Resource {
        /// Empty for the core group.
        group: &'a str,
        /// In the plural, such as `pods`.
        resource: &'a str,
        /// Such as `exec`; empty for the resource itself.
        subresource: &'a str,
        /// Empty for cluster-scoped objects, and for all namespaces at once. For a
        /// namespace object it is that namespace, as kube-apiserver fills it.
        namespace: &'a str,
        /// Empty if all objects are meant. For a `list` or `watch` with the field
        /// selector `metadata.name=NAME` it is that name.
        name: &'a str,
    },
    /// A path that is no resource, such as `/metrics`.
    Url { path: &'a str },
}

impl<'a> Attributes<'a> {
    /// The namespace whose role bindings count; empty if only cluster role
    /// bindings do.
    #[must_use]
    pub const fn namespace(&self) -> &'a str {
        match self.asked {
            Asked::Resource { namespace, .. } => namespace,
            Asked::Url { .. } => "",
        }
    }
}
