//! The base-36 form in which EMR writes a role's name into a service account's.
//!
//! The name's bytes are one big number, written with `0-9a-z` and no padding.
//! Source: aws-cli, `awscli/customizations/emrcontainers/base36.py`.

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A role name has at most 64 bytes, which is 100 digits.
const MOST_DIGITS: usize = 100;

/// [`MOST_DIGITS`] digits need 518 bits, which is nine parts of 64 bits.
const MOST_PARTS: usize = 9;

/// `text` in base 36; `0` for nothing.
#[must_use]
pub(super) fn encode(text: &str) -> String {
    let mut number = text.as_bytes().to_vec();
    let mut digits = Vec::new();
    while number.iter().any(|&byte| byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = (rest << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 36).unwrap_or(u8::MAX);
            rest = value % 36;
        }
        digits.extend(DIGITS.get(rest as usize));
    }
    if digits.is_empty() {
        digits.push(b'0');
    }
    digits.iter().rev().copied().map(char::from).collect()
}

/// The text that encodes to exactly `digits`; `None` for leading zeros, capitals and
/// bytes that are not UTF-8.
#[must_use]
pub(super) fn decode(digits: &str) -> Option<String> {
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return None;
    }
    // Apart from leading zeros, a number has one form only.
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    // Least significant part first; twelve digits fit into 64 bits.
    let mut number = [0_u64; MOST_PARTS];
    let mut used = 0;
    for group in digits.as_bytes().chunks(12) {
        let (mut factor, mut carry) = (1_u64, 0_u64);
        for digit in group {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'z' => digit - b'a' + 10,
                _ => return None,
            };
            factor *= 36;
            carry = carry * 36 + u64::from(value);
        }
        for part in number.iter_mut().take(used) {
            let (low, high) = part.carrying_mul(factor, carry);
            (*part, carry) = (low, high);
        }
        if carry > 0 {
            *number.get_mut(used)? = carry;
            used += 1;
        }
    }
    let mut bytes = Vec::with_capacity(8 * used);
    for part in number.iter().take(used).rev() {
        let part = part.to_be_bytes();
        let zeros = if bytes.is_empty() {
            part.iter().take_while(|&&byte| byte == 0).count()
        } else {
            0
        };
        bytes.extend_from_slice(part.get(zeros..)?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors() {
        for (name, digits) in [
            ("", "0"),
            ("abcdefghijkl", "2x6xx5ubcrus4bplmr0"),
            ("+=,.@-_", "3bu5b0xg4tb"),
            ("abcdefghijkl+=,.@-_", "1ll75jdngh5gbk11wbh7h35ji05wtb"),
            (
                "ts-eks-emr-eks-emr-cli",
                "j3uv6jk0kk3sogu231qj91fmo3mvwfl561",
            ),
            (
                "EMRContainers-JobExecutionRole",
                "189nnyj7mn9w2lqiewgg1u0l3jhmo0z69yjkj9u6qhosj8l",
            ),
            (
                "pin-aws-eks-poc1-emr-team-a",
                "76simz7hn0n7qw78flb3z0c1ldt10ou9nmbeg8sh29",
            ),
            ("temporary-dataops-emr", "2ooo6t3kb02vw53esycvm3axrbnwes036"),
            (
                "emr-eks-example-job-execution",
                "93ztm12b8wi73z7zlhtudeipd0vpa8b60gchkls78cj1q",
            ),
            (
                "emr-on-eks-emr-data-team-a",
                "wu45qgcjmov3ud6ripe7a74zr24rc3cbnf0pxdup",
            ),
            ("myrole", "16o0gwny3p"),
            ("example_iam_role", "609ftmrwo4ivym4h6hmdhdqhx"),
            ("job-execution-role-1", "cfkwzvtaslsjjjowqmdrhwi0gvifg35"),
        ] {
            assert_eq!(encode(name), digits, "{name}");
            assert_eq!(decode(digits).as_deref(), Some(name), "{digits}");
        }
    }

    #[test]
    fn what_names_nothing() {
        for digits in [
            "",
            "016o0gwny3p",
            "16O0GWNY3P",
            "16o0-",
            "00",
            &"z".repeat(101),
            "é",
        ] {
            assert_eq!(decode(digits), None, "{digits}");
        }
    }

    proptest! {
        #[test]
        fn every_role_name_comes_back(name in "[A-Za-z0-9_+=,.@-]{1,64}") {
            prop_assert_eq!(decode(&encode(&name)), Some(name));
        }

        #[test]
        fn two_forms_never_decode_to_one_name(digits in "[0-9a-z]{1,100}") {
            if let Some(text) = decode(&digits) {
                prop_assert_eq!(encode(&text), digits);
            }
        }
    }
}
