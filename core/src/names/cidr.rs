//! Ranges of addresses: `10.0.0.0/8`.

use std::fmt;
use std::net::IpAddr;

/// A range of addresses in CIDR notation, without bits beyond the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/8` or `2001:db8::/32`, else `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let plain = matches!(prefix.len(), 1..=3) && prefix.bytes().all(|b| b.is_ascii_digit());
        let (address, prefix) = (
            address.parse().ok()?,
            prefix.parse().ok().filter(|_| plain)?,
        );
        let range = Self { address, prefix };
        (prefix <= range.width() && range.mask(address) == bits(address)).then_some(range)
    }

    /// Whether every address of `inner` is in this range.
    #[must_use]
    pub fn contains(&self, inner: &Self) -> bool {
        self.address.is_ipv4() == inner.address.is_ipv4()
            && self.prefix <= inner.prefix
            && self.mask(inner.address) == bits(self.address)
    }

    /// Whether the range holds every address of its family.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    const fn width(&self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    fn mask(&self, address: IpAddr) -> u128 {
        let host = u32::from(self.width() - self.prefix);
        bits(address)
            .checked_shr(host)
            .and_then(|kept| kept.checked_shl(host))
            .unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(four.to_bits()),
        IpAddr::V6(six) => six.to_bits(),
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn reads_ranges_and_nests_them() {
        let range = |text| Cidr::parse(text).unwrap();
        for (outer, inner, expected) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "11.0.0.0/16", false),
            ("0.0.0.0/0", "203.0.113.7/32", true),
            ("0.0.0.0/0", "::/0", false),
            ("::/0", "2001:db8::/32", true),
        ] {
            assert_eq!(
                range(outer).contains(&range(inner)),
                expected,
                "{outer} {inner}"
            );
            assert_eq!(range(outer).to_string(), outer);
        }
        for text in [
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "::1/64",
            "::/129",
            "::/256",
        ] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }
}
