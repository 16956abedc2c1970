//! An object that lies in a cluster or a file, without anybody writing it.

use super::{Object, Target};

/// See the file's header.
#[derive(Debug)]
pub struct Stored<'a> {
    pub target: Target<'a>,
    pub object: Object<'a>,
}
