//! The name of the object of a request, found as the API server names it.

use super::{Act, ObjectMeta, Request, ReviewError};
use crate::json::Text;

/// The name of the object of a request, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectName<'a> {
    Exact(Text<'a>),
    /// Not generated yet: the API server will add five characters to this prefix.
    Generated(Text<'a>),
    /// Not in the review. An API server never sends a CONNECT without a name.
    Unknown,
}

impl ObjectName<'_> {
    /// The name for messages, with `*` for the part that is not generated yet.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Exact(name) => crate::names::shown(name, 253),
            Self::Generated(prefix) => format!("{}*", crate::names::shown(prefix, 253)),
            Self::Unknown => "(no name)".to_owned(),
        }
    }

    /// The name, or a possible one with five letters for the generated part.
    #[must_use]
    pub fn sample(&self) -> String {
        match self {
            Self::Exact(name) => name.to_string(),
            Self::Generated(_) => format!("{}xxxxx", self.prefix().unwrap_or_default()),
            Self::Unknown => String::new(),
        }
    }

    /// The part before the five generated characters. The API server cuts it to 58
    /// characters, so that the name fits a label.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        match self {
            Self::Generated(prefix) => Some(generated_prefix(prefix)),
            Self::Exact(_) | Self::Unknown => None,
        }
    }
}

/// The part of a `generateName` that the API server keeps.
#[must_use]
pub fn generated_prefix(prefix: &str) -> &str {
    const LONGEST: usize = 58;
    match prefix.char_indices().nth(LONGEST) {
        Some((end, _)) => prefix.get(..end).unwrap_or(prefix),
        None => prefix,
    }
}

impl<'a> Request<'a> {
    /// `request.name`, else `object.metadata.name`, else
    /// `oldObject.metadata.name` (deletecollection, which sends one nameless
    /// DELETE per object), else `generateName`.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if an object's `metadata` cannot be read.
    pub fn object_name(&self) -> Result<ObjectName<'a>, ReviewError> {
        if !self.target.name.is_empty() {
            return Ok(ObjectName::Exact(self.target.name.clone()));
        }
        let given = |text: Option<Text<'a>>| text.filter(|text| !text.is_empty());
        let new = match self.act {
            Act::Create(new) | Act::Update { new, .. } | Act::Connect(Some(new)) => {
                new.metadata()?
            }
            Act::Delete(_) | Act::Connect(None) => ObjectMeta::default(),
        };
        if let Some(name) = given(new.name) {
            return Ok(ObjectName::Exact(name));
        }
        if let Some(old) = self.act.stored()
            && let Some(name) = given(old.metadata()?.name)
        {
            return Ok(ObjectName::Exact(name));
        }
        Ok(given(new.generate_name).map_or(ObjectName::Unknown, ObjectName::Generated))
    }
}

/// The target of a proxy request: `[scheme:]name[:port]`.
#[derive(Debug, PartialEq, Eq)]
pub struct ProxyTarget<'a> {
    /// The name of a pod, service or node.
    pub name: &'a str,
    /// A port number or name.
    pub port: Option<&'a str>,
}

impl<'a> ProxyTarget<'a> {
    /// Splits like the API server: three parts include a scheme, two do not.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut parts = text.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(_scheme), Some(name), Some(port)) => Self {
                name,
                port: Some(port),
            },
            (Some(name), Some(port), None) => Self {
                name,
                port: Some(port),
            },
            _ => Self {
                name: text,
                port: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_names() {
        for (text, name, port) in [
            ("n1", "n1", None),
            ("n1:10250", "n1", Some("10250")),
            ("https:n1:10250", "n1", Some("10250")),
            ("http:svc:", "svc", Some("")),
        ] {
            assert_eq!(
                ProxyTarget::parse(text),
                ProxyTarget { name, port },
                "{text}"
            );
        }
    }
}
