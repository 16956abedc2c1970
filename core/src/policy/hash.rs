//! The hash that identifies a policy's exact text.

use std::fmt;

use aws_lc_rs::digest;

/// The SHA-256 of a policy file's bytes, or of a canonical text for the built-in
/// policy. Every response includes it, so that a decision can be traced to its
/// policy: the same hash and the same facts give the same decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyHash {
    bytes: [u8; 32],
    /// The first twelve hexadecimal digits, which every response includes.
    short: [u8; 12],
}

impl PolicyHash {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        let digest = digest::digest(&digest::SHA256, bytes);
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        let digits = b"0123456789abcdef";
        let mut short = [b'0'; 12];
        for (pair, byte) in short.chunks_exact_mut(2).zip(hash) {
            for (digit, value) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = digits.get(usize::from(value)).copied().unwrap_or_default();
            }
        }
        Self { bytes: hash, short }
    }

    /// The first twelve hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.short).unwrap_or_default()
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl Default for PolicyHash {
    /// The hash of the empty text.
    fn default() -> Self {
        Self::of(b"")
    }
}

impl fmt::Display for PolicyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
