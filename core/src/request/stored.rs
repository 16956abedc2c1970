//! An object in a cluster or a file, outside any request.

use super::{Object, Target};

/// An object in a cluster or a file, outside any request.
#[derive(Debug)]
pub struct Stored<'a> {
    pub target: Target<'a>,
    pub object: Object<'a>,
}
