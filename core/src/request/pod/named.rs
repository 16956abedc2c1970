//! References to other objects by name.

use crate::json::{Text, filled};

/// Anything with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// The name.
    pub name: Text<'a>,
}

filled!(Named<'a> {
    name: "name",
});
