//! Conditions: an operator, a key and values, against what a request carries.
//!
//! All values of one condition are alternatives; a negated operator asks that none fits.
//! A key that the request does not carry makes a positive operator false, a negated one
//! and every `…IfExists` true, `ForAllValues` true and `ForAnyValue` false.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::arn::arn_like;
use super::variables::{self, Unknown, Version};
use super::wild::{Token, Wild};
use crate::names::Cidr;

/// One line of a `Condition` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub operator: Operator,
    /// As written; compared without case.
    pub key: String,
    /// At least one.
    pub values: Vec<String>,
    /// Where it stands: `Statement[0].Condition.StringLike.KEY`.
    pub path: String,
}

/// A condition operator, such as `ForAllValues:StringNotLikeIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    pub set: Option<Set>,
    pub test: Test,
    /// `StringNotEquals` and its like: true if no value fits.
    pub negated: bool,
    pub if_exists: bool,
}

/// How an operator treats a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    ForAllValues,
    ForAnyValue,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `*` and `?` are ordinary characters.
    StringEquals,
    StringEqualsIgnoreCase,
    /// With wildcards.
    StringLike,
    /// `ArnEquals` and `ArnLike` are one: with wildcards, part by part.
    Arn,
    Numeric(Compared),
    Date(Compared),
    Bool,
    Binary,
    IpAddress,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    Equals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
}

impl Operator {
    /// Reads an operator's name. Operators ignore case, as keys do.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Set::ForAllValues), rest),
            Some(("foranyvalue", rest)) => (Some(Set::ForAnyValue), rest),
            Some(_) => return None,
            None => (None, lower.as_str()),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (test, negated) = match rest {
            "stringequals" => (Test::StringEquals, false),
            "stringnotequals" => (Test::StringEquals, true),
            "stringequalsignorecase" => (Test::StringEqualsIgnoreCase, false),
            "stringnotequalsignorecase" => (Test::StringEqualsIgnoreCase, true),
            "stringlike" => (Test::StringLike, false),
            "stringnotlike" => (Test::StringLike, true),
            "arnequals" | "arnlike" => (Test::Arn, false),
            "arnnotequals" | "arnnotlike" => (Test::Arn, true),
            "numericequals" => (Test::Numeric(Compared::Equals), false),
            "numericnotequals" => (Test::Numeric(Compared::Equals), true),
            "numericlessthan" => (Test::Numeric(Compared::Less), false),
            "numericlessthanequals" => (Test::Numeric(Compared::LessOrEquals), false),
            "numericgreaterthan" => (Test::Numeric(Compared::Greater), false),
            "numericgreaterthanequals" => (Test::Numeric(Compared::GreaterOrEquals), false),
            "dateequals" => (Test::Date(Compared::Equals), false),
            "datenotequals" => (Test::Date(Compared::Equals), true),
            "datelessthan" => (Test::Date(Compared::Less), false),
            "datelessthanequals" => (Test::Date(Compared::LessOrEquals), false),
            "dategreaterthan" => (Test::Date(Compared::Greater), false),
            "dategreaterthanequals" => (Test::Date(Compared::GreaterOrEquals), false),
            "bool" => (Test::Bool, false),
            "binaryequals" => (Test::Binary, false),
            "ipaddress" => (Test::IpAddress, false),
            "notipaddress" => (Test::IpAddress, true),
            // `NullIfExists` is no operator.
            "null" if !if_exists && set.is_none() => (Test::Null, false),
            _ => return None,
        };
        Some(Self {
            set,
            test,
            negated,
            if_exists,
        })
    }

    /// Whether a request without the key satisfies it.
    #[must_use]
    pub fn holds_when_absent(&self) -> bool {
        match self.set {
            _ if self.if_exists => true,
            Some(Set::ForAllValues) => true,
            Some(Set::ForAnyValue) => false,
            None => self.negated,
        }
    }

    /// Whether `*` and `?` in its values are wildcards.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        matches!(self.test, Test::StringLike | Test::Arn)
    }
}

/// What a request carries: values by key, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
    /// Whether the circumstances of the request are not known.
    open: bool,
}

/// Keys that describe the circumstances of a request, or what its caller chooses freely.
const CIRCUMSTANCES: [&str; 17] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:securetransport",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:useragent",
    "aws:vpcsourceip",
    "sts:durationseconds",
    "sts:rolesessionname",
];

impl Context {
    /// The context with one more key. Without a value the key counts as absent.
    #[must_use]
    pub fn with<'v>(mut self, key: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let values: Vec<_> = values.into_iter().map(str::to_owned).collect();
        if !values.is_empty() {
            self.values.insert(key.to_ascii_lowercase(), values);
        }
        self
    }

    /// The context of whatever request may be made: circumstances such as time, address
    /// and region are what the caller needs them to be.
    #[must_use]
    pub fn in_any_circumstances(mut self) -> Self {
        self.open = true;
        self
    }

    /// Whether the value of a key depends on circumstances that are not known.
    pub(super) fn is_open(&self, key: &str) -> bool {
        self.open && CIRCUMSTANCES.contains(&key.to_ascii_lowercase().as_str())
    }

    /// The values of a key; none if it is absent.
    #[must_use]
    pub fn get(&self, key: &str) -> &[String] {
        self.values
            .get(&key.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }
}

impl Condition {
    /// Whether the request satisfies it.
    #[must_use]
    pub fn holds(&self, context: &Context, version: Version) -> bool {
        let carried = context.get(&self.key);
        if self.operator.test == Test::Null {
            let absent = carried.is_empty();
            return self
                .values
                .iter()
                .any(|value| value.eq_ignore_ascii_case(if absent { "true" } else { "false" }));
        }
        if carried.is_empty() {
            return self.operator.holds_when_absent();
        }
        let fits = |value: &String| self.fits(value, context, version) != self.operator.negated;
        match self.operator.set {
            Some(Set::ForAllValues) => carried.iter().all(fits),
            // A key with one value. With several, none of them may be denied.
            None if self.operator.negated => carried.iter().all(fits),
            Some(Set::ForAnyValue) | None => carried.iter().any(fits),
        }
    }

    /// Whether one of the values fits this one, before negation.
    fn fits(&self, carried: &str, context: &Context, version: Version) -> bool {
        self.values.iter().any(|value| {
            let tokens = || {
                variables::resolve(value, version, |name| {
                    context.get(name).first().map(String::as_str)
                })
            };
            self.operator.test.fits(value, tokens, carried)
        })
    }
}

impl Test {
    fn fits(
        self,
        value: &str,
        tokens: impl FnOnce() -> Result<Vec<Token>, Unknown>,
        carried: &str,
    ) -> bool {
        match self {
            Self::StringEquals | Self::StringEqualsIgnoreCase | Self::Binary => {
                let Ok(tokens) = tokens() else { return false };
                let text: String = tokens.into_iter().map(Token::as_char).collect();
                if self == Self::StringEqualsIgnoreCase {
                    text.to_lowercase() == carried.to_lowercase()
                } else {
                    text == carried
                }
            }
            Self::StringLike => tokens().is_ok_and(|tokens| Wild::of(tokens).matches(carried)),
            Self::Arn => tokens().is_ok_and(|tokens| arn_like(&tokens, carried)),
            Self::Numeric(compared) => compared.holds(number(carried), number(value)),
            Self::Date(compared) => compared.holds(date(carried), date(value)),
            Self::Bool => value.eq_ignore_ascii_case(carried),
            Self::IpAddress => range(value)
                .zip(range(carried))
                .is_some_and(|(range, address)| range.contains(&address)),
            Self::Null => false,
        }
    }
}

impl Compared {
    fn holds<T: PartialOrd>(self, carried: Option<T>, value: Option<T>) -> bool {
        let (Some(carried), Some(value)) = (carried, value) else {
            return false;
        };
        match self {
            Self::Equals => carried == value,
            Self::Less => carried < value,
            Self::LessOrEquals => carried <= value,
            Self::Greater => carried > value,
            Self::GreaterOrEquals => carried >= value,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A time, or seconds since 1970.
fn date(text: &str) -> Option<f64> {
    let parsed = text.parse::<jiff::Timestamp>().ok();
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of this era are exact in f64"
    )]
    parsed
        .map(|at| at.as_second() as f64)
        .or_else(|| number(text))
}

/// A range, or a single address.
fn range(text: &str) -> Option<Cidr> {
    Cidr::parse(text).or_else(|| {
        let address: IpAddr = text.parse().ok()?;
        Cidr::parse(&format!(
            "{text}/{}",
            if address.is_ipv4() { 32 } else { 128 }
        ))
    })
}
