//! Images from EMR's own registries, and their releases.

use crate::names::Release;

use super::ImageReference;

impl ImageReference<'_> {
    /// The EMR release of an image that comes from EMR's own registries;
    /// `None` for all others, whatever their names.
    #[must_use]
    pub fn emr_release(&self) -> Option<Release> {
        let repository = if &*self.registry == "public.ecr.aws" {
            self.repository.strip_prefix("emr-on-eks/")?
        } else if is_emrs(&self.registry) {
            &*self.repository
        } else {
            return None;
        };
        // `spark/emr-7.12.0`, `notebook-spark/emr-6.9.0-20230101`; operators
        // carry it in the tag: `spark-operator:7.12.0`.
        let in_path = repository.split('/').find_map(release_of);
        let in_tag = || {
            let tag = self.tag.filter(|_| self.digest.is_none())?;
            release_of(tag).or_else(|| release_of(&format!("emr-{tag}")))
        };
        in_path.or_else(in_tag)
    }
}

/// `emr-7.12.0`, with or without a suffix after a dash.
fn release_of(part: &str) -> Option<Release> {
    let rest = part.strip_prefix("emr-")?;
    let numbers = rest.split('-').next()?;
    Release::parse(&format!("emr-{numbers}"))
}

/// The accounts that hold the images of EMR on EKS, by region. Ids are text: some
/// start with zeros. Source: Amazon EMR on EKS development guide, "Base image
/// URIs: Amazon ECR registry accounts by Region".
const ACCOUNTS: [(&str, &str); 31] = [
    ("af-south-1", "358491847878"),
    ("ap-east-1", "736135916053"),
    ("ap-northeast-1", "059004520145"),
    ("ap-northeast-2", "996579266876"),
    ("ap-northeast-3", "705689932349"),
    ("ap-south-1", "235914868574"),
    ("ap-south-2", "691480105545"),
    ("ap-southeast-1", "671219180197"),
    ("ap-southeast-2", "038297999601"),
    ("ap-southeast-3", "946962994502"),
    ("ca-central-1", "351826393999"),
    ("cn-north-1", "068337069695"),
    ("cn-northwest-1", "068420816659"),
    ("eu-central-1", "107292555468"),
    ("eu-central-2", "314408114945"),
    ("eu-north-1", "830386416364"),
    ("eu-south-1", "238014973495"),
    ("eu-south-2", "350796622945"),
    ("eu-west-1", "483788554619"),
    ("eu-west-2", "118780647275"),
    ("eu-west-3", "307523725174"),
    ("il-central-1", "395734710648"),
    ("me-central-1", "818935616732"),
    ("me-south-1", "008085056818"),
    ("sa-east-1", "052806832358"),
    ("us-east-1", "755674844232"),
    ("us-east-2", "711395599931"),
    ("us-gov-east-1", "299393998622"),
    ("us-gov-west-1", "299385240661"),
    ("us-west-1", "608033475327"),
    ("us-west-2", "895885662937"),
];

/// Whether a registry is one of EMR's own, under any of the names that ECR gives it:
/// standard, FIPS, dual-stack, and China's domains.
fn is_emrs(registry: &str) -> bool {
    let Some((account, rest)) = registry.split_once('.') else {
        return false;
    };
    let ecr = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let Some(rest) = ecr.iter().find_map(|service| rest.strip_prefix(service)) else {
        return false;
    };
    let Some((region, domain)) = rest.split_once('.') else {
        return false;
    };
    let domains = [
        "amazonaws.com",
        "amazonaws.com.cn",
        "on.aws",
        "on.amazonwebservices.com.cn",
    ];
    ACCOUNTS.contains(&(region, account)) && domains.contains(&domain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::names::AccountId;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn releases_of_emrs_own_images_only() {
        let release = |text: &str| Release::parse(text);
        for (image, expected) in [
            (
                "755674844232.dkr.ecr.us-east-1.amazonaws.com/spark/emr-6.9.0:latest",
                release("emr-6.9.0"),
            ),
            (
                "755674844232.dkr.ecr-fips.us-east-1.amazonaws.com/spark/emr-6.9.0",
                release("emr-6.9.0"),
            ),
            (
                "755674844232.dkr-ecr.us-east-1.on.aws/notebook-spark/emr-7.12.0",
                release("emr-7.12.0"),
            ),
            (
                "068337069695.dkr.ecr.cn-north-1.amazonaws.com.cn/spark/emr-6.2.0-20210129",
                release("emr-6.2.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark/emr-7.2.0:latest",
                release("emr-7.2.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark/emr-6.9.0-spark-rapids",
                release("emr-6.9.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/spark-operator:7.12.0",
                release("emr-7.12.0"),
            ),
            (
                "public.ecr.aws/emr-on-eks/flink-operator:7.12.0-latest",
                release("emr-7.12.0"),
            ),
            // Another region's account, another owner's, and lookalikes.
            (
                "755674844232.dkr.ecr.eu-west-1.amazonaws.com/spark/emr-6.9.0",
                None,
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/spark/emr-6.9.0",
                None,
            ),
            (
                "755674844232.dkr.ecr.us-east-1.amazonaws.com.evil.example/spark/emr-6.9.0",
                None,
            ),
            ("public.ecr.aws/evil/emr-on-eks/spark/emr-6.9.0", None),
            ("public.ecr.aws/emr-on-eks-evil/spark/emr-6.9.0", None),
            ("evil.example/spark/emr-6.9.0", None),
            ("public.ecr.aws/emr-on-eks/spark-operator", None),
            ("public.ecr.aws/emr-on-eks/spark/emr-latest", None),
        ] {
            assert_eq!(
                ImageReference::parse(image).expect(image).emr_release(),
                expected,
                "{image}"
            );
        }
        let pinned = format!("public.ecr.aws/emr-on-eks/spark-operator:7.12.0@sha256:{HEX}");
        let pinned = ImageReference::parse(&pinned).expect("an image");
        assert_eq!(
            pinned.emr_release(),
            None,
            "the digest decides, not the tag"
        );
    }

    #[test]
    fn every_region_has_one_account() {
        let mut seen = HashSet::new();
        for (region, account) in ACCOUNTS {
            assert!(AccountId::parse(account).is_some(), "{account}");
            assert!(
                seen.insert(region) && seen.insert(account),
                "{region} {account}"
            );
        }
    }
}
