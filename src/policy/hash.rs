//! The name of a policy's exact text.

use std::fmt;

use aws_lc_rs::digest;

/// SHA-256 of a policy file's bytes (of a canonical text for the built-in
/// policy). Every answer names it, so that "which policy said that?" has one
/// answer: same hash and same facts, same decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyHash([u8; 32]);

impl PolicyHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        let digest = digest::digest(&digest::SHA256, bytes);
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// All 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PolicyHash {
    /// The first twelve hexadecimal digits: short enough for a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .take(6)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PolicyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::PolicyHash;

    #[test]
    fn shows_the_start_of_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(PolicyHash::of(b"abc").to_string(), "ba7816bf8f01");
    }
}
