//! A question from the command line: a verb, and a resource as a role names it.

use std::collections::BTreeSet;

use crate::facts::surface;
use crate::names::shown;
use crate::rbac::{Asked, Attributes};

/// Who may do this?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    verb: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Resource {
        group: String,
        resource: String,
        subresource: String,
        namespace: String,
        name: String,
    },
    Url(String),
}

/// Why a question cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error("`{0}` is no verb of RBAC; use for example get, list, create, or `*`")]
    Verb(String),
    #[error(
        "`{0}` is no resource; write it as a role does: the plural in small letters, \
         with its group and subresource if it has any, such as pods/exec or deployments.apps/scale"
    )]
    Resource(String),
    #[error("`{resource}` is in the groups {groups}; write which, such as {resource}.{first}")]
    Ambiguous {
        resource: String,
        groups: String,
        first: String,
    },
    #[error(
        "rolegate does not know the resource `{0}`; write the group of a custom resource, such as {0}.example.com"
    )]
    Unknown(String),
    #[error("rolegate does not know the resource `{0}`; resources are in the plural: `{1}`")]
    Singular(String, &'static str),
    #[error("a URL has neither a namespace nor a name")]
    UrlInNamespace,
}

impl Question {
    /// `resource` is `pods`, `pods/exec`, `deployments.apps/scale`, or a URL that
    /// begins with `/`. A resource without a group is the one that Kubernetes serves;
    /// `*` stands for all groups and resources.
    ///
    /// # Errors
    ///
    /// A [`QuestionError`] if it names no verb or no single resource.
    pub fn parse(
        verb: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Self, QuestionError> {
        let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
        let (word, rest) = verb.split_once(':').unwrap_or((verb, "a"));
        let is_verb = verb == "*" || !word.is_empty() && letters(word) && !rest.is_empty();
        if !is_verb {
            return Err(QuestionError::Verb(shown(verb, 63)));
        }
        let verb = verb.to_owned();
        if resource.starts_with('/') {
            if !namespace.is_empty() || !name.is_empty() {
                return Err(QuestionError::UrlInNamespace);
            }
            let what = What::Url(resource.to_owned());
            return Ok(Self { verb, what });
        }
        let (main, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (main, group) = match main.split_once('.') {
            Some((main, group)) => (main, Some(group)),
            None => (main, None),
        };
        let plain = |text: &str| {
            text == "*" || {
                let mut bytes = text.bytes();
                bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            }
        };
        if main.is_empty() || !plain(main) || subresource.contains('/') {
            return Err(QuestionError::Resource(shown(resource, 200)));
        }
        let group = match group {
            Some(group) => group.to_owned(),
            None => group_of(main)?,
        };
        // As kube-apiserver asks about a Namespace object.
        let own = main == "namespaces" && group.is_empty() && namespace.is_empty();
        let what = What::Resource {
            namespace: if own { name } else { namespace }.to_owned(),
            group,
            resource: main.to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
        };
        Ok(Self { verb, what })
    }

    #[must_use]
    pub fn attributes(&self) -> Attributes<'_> {
        let asked = match &self.what {
            What::Url(path) => Asked::Url { path },
            What::Resource {
                group,
                resource,
                subresource,
                namespace,
                name,
            } => Asked::Resource {
                group,
                resource,
                subresource,
                namespace,
                name,
            },
        };
        Attributes {
            verb: &self.verb,
            asked,
        }
    }

    /// Whether its objects have no namespace, so that only cluster role bindings
    /// count.
    #[must_use]
    pub fn is_cluster_scoped(&self) -> bool {
        match &self.what {
            What::Url(_) => true,
            What::Resource {
                group, resource, ..
            } => surface::rows().any(|row| {
                row.resource == resource
                    && row.group == group
                    && row.scope == surface::Scope::Cluster
            }),
        }
    }
}

/// The group that serves this resource. Core comes before other groups, as in
/// kubectl.
fn group_of(resource: &str) -> Result<String, QuestionError> {
    if resource == "*" {
        return Ok("*".to_owned());
    }
    let groups: BTreeSet<&str> = surface::rows()
        .filter(|row| row.resource == resource)
        .map(|row| row.group)
        .collect();
    if groups.contains("") {
        return Ok(String::new());
    }
    let mut groups = groups.into_iter();
    let Some(first) = groups.next() else {
        let plurals = [format!("{resource}s"), format!("{resource}es")];
        let plural = surface::rows()
            .map(|row| row.resource)
            .find(|known| plurals.iter().any(|plural| plural == known));
        let resource = shown(resource, 63);
        return Err(match plural {
            Some(plural) => QuestionError::Singular(resource, plural),
            None => QuestionError::Unknown(resource),
        });
    };
    let rest: Vec<&str> = groups.collect();
    if rest.is_empty() {
        return Ok(first.to_owned());
    }
    Err(QuestionError::Ambiguous {
        resource: resource.to_owned(),
        groups: format!("{first}, {}", rest.join(", ")),
        first: first.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_singular_gets_its_plural() {
        for (resource, plural) in [("secret", "secrets"), ("ingress", "ingresses")] {
            let error = Question::parse("get", resource, "", "").expect_err("no resource");
            assert!(error.to_string().contains(plural), "{error}");
        }
    }

    #[test]
    fn questions() {
        let group = |resource: &str| {
            Question::parse("get", resource, "a", "").map(|question| match question.what {
                What::Resource {
                    group,
                    resource,
                    subresource,
                    ..
                } => format!("{group} {resource} {subresource}"),
                What::Url(url) => url,
            })
        };
        for (resource, expected) in [
            ("pods", " pods "),
            ("pods/exec", " pods exec"),
            ("events", " events "),
            ("deployments", "apps deployments "),
            ("deployments/scale", "apps deployments scale"),
            ("deployments.apps/scale", "apps deployments scale"),
            (
                "sparkapplications.sparkoperator.k8s.io",
                "sparkoperator.k8s.io sparkapplications ",
            ),
            ("*", "* * "),
            ("*/exec", "* * exec"),
        ] {
            assert_eq!(group(resource).as_deref(), Ok(expected), "{resource}");
        }
        for (verb, resource, message) in [
            ("Get", "pods", "`Get` is no verb"),
            ("", "pods", "`` is no verb"),
            ("get", "Pods", "`Pods` is no resource"),
            ("get", "pods/exec/x", "is no resource"),
            ("get", "", "`` is no resource"),
            (
                "get",
                "sparkapplications",
                "write the group of a custom resource",
            ),
        ] {
            let error = Question::parse(verb, resource, "", "").expect_err("no question");
            assert!(
                error.to_string().contains(message),
                "{verb} {resource}: {error}"
            );
        }
        let url = Question::parse("get", "/metrics", "", "").expect("a URL");
        assert_eq!(url.attributes().asked, Asked::Url { path: "/metrics" });
        assert!(Question::parse("get", "/metrics", "a", "").is_err());
        let namespace = Question::parse("delete", "namespaces", "", "spark-a").expect("a question");
        assert_eq!(namespace.attributes().namespace(), "spark-a");
    }
}
