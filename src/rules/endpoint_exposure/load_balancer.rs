//! Whether a Service of type LoadBalancer stays inside, as AWS' controllers
//! read its annotations: the one built into the cluster (cloud-provider-aws),
//! the AWS Load Balancer Controller and EKS Auto Mode.

use crate::policy::Cidr;
use crate::review::pod::Pairs;
use crate::review::{Text, shown};

const PREFIX: &str = "service.beta.kubernetes.io/";

/// Load balancer classes of AWS.
const CLASSES: [&str; 2] = ["service.k8s.aws/nlb", "eks.amazonaws.com/nlb"];

/// An attribute that opens an internal load balancer to the internet by IPv6.
pub(super) const IPV6_ATTRIBUTE: &str = "deny_all_igw_traffic";

fn get<'a>(annotations: &'a Pairs<'_>, name: &str) -> Option<&'a str> {
    let own = |key: &str| key.strip_prefix(PREFIX) == Some(name);
    let found = annotations.iter().rev().find(|(key, _)| own(key));
    found.map(|(_, value)| value.as_str())
}

/// Why it is not plainly internal, as the end of a clause.
pub(super) fn is_public(annotations: &Pairs<'_>, class: &str) -> Option<String> {
    if !class.is_empty() && !CLASSES.contains(&class) {
        return Some(format!(
            "of the class {}, which rolegate does not know",
            shown(class, 120)
        ));
    }
    let internal = get(annotations, "aws-load-balancer-internal");
    let scheme = get(annotations, "aws-load-balancer-scheme");
    if scheme.is_some_and(|scheme| scheme != "internal") || internal.is_some_and(|on| !is_on(on)) {
        return Some("that faces the internet".to_owned());
    }
    // Without one of these the controller built into the cluster takes it,
    // and that does not know the scheme.
    let kind = get(annotations, "aws-load-balancer-type");
    let knows_scheme = !class.is_empty() || matches!(kind, Some("external" | "nlb-ip"));
    if internal.is_none() && !(scheme.is_some() && knows_scheme) {
        return Some("without an annotation that makes it internal".to_owned());
    }
    get(annotations, "aws-load-balancer-attributes")
        .is_some_and(|attributes| attributes.contains(IPV6_ATTRIBUTE))
        .then(|| format!("with the attribute ipv6.{IPV6_ATTRIBUTE}"))
}

/// What all of AWS' controllers take for yes.
fn is_on(value: &str) -> bool {
    matches!(
        value,
        "true" | "True" | "TRUE" | "t" | "T" | "1" | "0.0.0.0/0"
    )
}

/// Why its source ranges are not inside those of the policy.
pub(super) fn is_too_wide(
    annotations: &Pairs<'_>,
    ranges: &[Text<'_>],
    allowed: &[Cidr],
) -> Option<String> {
    if allowed.is_empty() {
        return None;
    }
    let elsewhere = [
        "aws-load-balancer-security-groups",
        "aws-load-balancer-extra-security-groups",
        "aws-load-balancer-security-group-prefix-lists",
    ];
    if let Some(name) = elsewhere
        .iter()
        .find(|name| get(annotations, name).is_some())
    {
        return Some(format!("whose ranges are kept elsewhere ({name})"));
    }
    let annotated = get(annotations, "load-balancer-source-ranges").unwrap_or_default();
    let annotated = annotated
        .split(',')
        .map(str::trim)
        .filter(|range| !range.is_empty());
    let mut given = ranges.iter().map(Text::as_str).chain(annotated).peekable();
    if given.peek().is_none() {
        return Some("without source ranges".to_owned());
    }
    let inside = |range: &str| {
        Cidr::parse(range.trim())
            .is_some_and(|range| allowed.iter().any(|own| own.contains(&range)))
    };
    let outside = given.find(|range| !inside(range))?;
    Some(format!(
        "that is open to {}, outside the policy's ranges",
        shown(outside, 60)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> String {
        let entries = text
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='));
        let entries: Vec<String> = entries
            .map(|(key, value)| format!(r#""{PREFIX}{key}":"{value}""#))
            .collect();
        format!("{{{}}}", entries.join(","))
    }

    #[test]
    fn what_is_internal_to_every_controller() {
        let nlb = "service.k8s.aws/nlb";
        for (annotations, class, internal) in [
            ("", "", false),
            ("", nlb, false),
            ("aws-load-balancer-internal=true", "", true),
            ("aws-load-balancer-internal=true", nlb, true),
            ("aws-load-balancer-internal=0.0.0.0/0", "", true),
            ("aws-load-balancer-internal=false", "", false),
            ("aws-load-balancer-internal=f", "", false),
            ("aws-load-balancer-internal=", "", false),
            ("aws-load-balancer-internal=yes", "", false),
            ("aws-load-balancer-scheme=internal", nlb, true),
            (
                "aws-load-balancer-scheme=internal",
                "eks.amazonaws.com/nlb",
                true,
            ),
            ("aws-load-balancer-scheme=internal", "", false),
            (
                "aws-load-balancer-scheme=internal aws-load-balancer-type=nlb",
                "",
                false,
            ),
            (
                "aws-load-balancer-scheme=internal aws-load-balancer-type=external",
                "",
                true,
            ),
            (
                "aws-load-balancer-scheme=internal aws-load-balancer-type=nlb-ip",
                "",
                true,
            ),
            ("aws-load-balancer-scheme=Internal", nlb, false),
            ("aws-load-balancer-scheme=internet-facing", nlb, false),
            (
                "aws-load-balancer-scheme=internet-facing aws-load-balancer-internal=true",
                nlb,
                false,
            ),
            (
                "aws-load-balancer-scheme=internal aws-load-balancer-internal=false",
                nlb,
                false,
            ),
            ("aws-load-balancer-internal=true", "tailscale", false),
            (
                "aws-load-balancer-internal=true aws-load-balancer-attributes=ipv6.deny_all_igw_traffic=false",
                nlb,
                false,
            ),
        ] {
            let text = pairs(annotations);
            let pairs: Pairs<'_> = serde_json::from_str(&text).expect("pairs");
            assert_eq!(
                is_public(&pairs, class).is_none(),
                internal,
                "{annotations} {class}"
            );
        }
    }

    #[test]
    fn ranges_lie_inside_the_policys() {
        let allowed =
            ["10.0.0.0/8", "2001:db8::/32"].map(|range| Cidr::parse(range).expect("a range"));
        for (annotations, ranges, fits) in [
            ("", &["10.1.0.0/16"][..], true),
            ("", &["10.1.0.0/16", "2001:db8:1::/48"], true),
            ("", &["10.1.0.0/16", "0.0.0.0/0"], false),
            ("", &[], false),
            ("", &["10.1.0.7/16"], false),
            ("", &["anything"], false),
            (
                "load-balancer-source-ranges=10.1.0.0/16,10.2.0.0/16",
                &[],
                true,
            ),
            (
                "load-balancer-source-ranges=10.1.0.0/16,11.0.0.0/8",
                &[],
                false,
            ),
            (
                "load-balancer-source-ranges=11.0.0.0/8",
                &["10.1.0.0/16"],
                false,
            ),
            (
                "aws-load-balancer-security-groups=sg-1",
                &["10.1.0.0/16"],
                false,
            ),
            (
                "aws-load-balancer-security-group-prefix-lists=pl-1",
                &["10.1.0.0/16"],
                false,
            ),
        ] {
            let text = pairs(annotations);
            let pairs: Pairs<'_> = serde_json::from_str(&text).expect("pairs");
            let ranges: Vec<Text<'_>> = ranges.iter().map(|range| Text::from(*range)).collect();
            assert_eq!(
                is_too_wide(&pairs, &ranges, &allowed).is_none(),
                fits,
                "{annotations} {ranges:?}"
            );
            assert_eq!(is_too_wide(&pairs, &ranges, &[]), None);
        }
    }
}
