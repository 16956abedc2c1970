//! References to other objects by name.

use crate::json::{Text, filled};

/// A reference by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    pub name: Text<'a>,
}

filled!(Named<'a> {
    name: "name",
});
