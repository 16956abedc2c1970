//! The ways, and the requests that are one.

use crate::names::ServiceAccountUser;
use crate::rbac::{Asked, Attributes, GROUP, Subject};

/// How a subject gets what it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Impersonate,
    /// `TokenRequest`.
    CreateToken,
    /// A pod, or a workload or Job that starts one, under the service account.
    StartPod,
    /// Enters a running pod, and reads its token.
    EnterPod,
    /// Binds a role that it does not hold.
    Bind,
    /// Writes more into a role than it holds.
    Escalate,
}

impl Way {
    /// For programs: `impersonate`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Impersonate => "impersonate",
            Self::CreateToken => "create-token",
            Self::StartPod => "start-pod",
            Self::EnterPod => "enter-pod",
            Self::Bind => "bind",
            Self::Escalate => "escalate",
        }
    }

    /// With a name after it, but for the last two: `impersonating`.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Impersonate => "impersonating",
            Self::CreateToken => "creating a token of",
            Self::StartPod => "starting pods under",
            Self::EnterPod => "entering pods of",
            Self::Bind => "binding a role that gives it",
            Self::Escalate => "writing it into a role",
        }
    }
}

/// What starts pods, by group; each has a template that names the service account.
const STARTS: [(&str, &str); 8] = [
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
];

const AUTHENTICATION: &str = "authentication.k8s.io";

pub(super) const fn resource<'a>(
    verb: &'a str,
    (group, resource, subresource): (&'a str, &'a str, &'a str),
    namespace: &'a str,
    name: &'a str,
) -> Attributes<'a> {
    Attributes {
        verb,
        asked: Asked::Resource {
            group,
            resource,
            subresource,
            namespace,
            name,
        },
    }
}

/// The requests by which somebody acts as this subject. `namespace` is where one looks
/// for members of a group of service accounts. Nobody need act as the groups of
/// everybody.
pub(super) fn to_act_as<'a>(
    subject: &'a Subject,
    namespace: &'a str,
) -> Vec<(Way, Attributes<'a>)> {
    match subject {
        Subject::User(name) => match ServiceAccountUser::parse(name) {
            Some(account) => of_account(account.namespace, account.name),
            None => impersonations("users", "impersonate:user-info", "", name),
        },
        Subject::Group(name) => match name.strip_prefix("system:serviceaccounts") {
            Some("") => of_account(namespace, ""),
            Some(rest) => rest
                .strip_prefix(':')
                .map_or_else(Vec::new, |own| of_account(own, "")),
            None if matches!(&**name, "system:authenticated" | "system:unauthenticated") => {
                Vec::new()
            }
            None => impersonations("groups", "impersonate:user-info", "", name),
        },
    }
}

fn impersonations<'a>(
    plural: &'a str,
    restricted: &'a str,
    namespace: &'a str,
    name: &'a str,
) -> Vec<(Way, Attributes<'a>)> {
    let old = resource("impersonate", ("", plural, ""), namespace, name);
    let new = resource(restricted, (AUTHENTICATION, plural, ""), namespace, name);
    vec![(Way::Impersonate, old), (Way::Impersonate, new)]
}

/// Of a service account, or with an empty name of one in the namespace.
fn of_account<'a>(namespace: &'a str, name: &'a str) -> Vec<(Way, Attributes<'a>)> {
    if namespace.is_empty() {
        return Vec::new();
    }
    let mut all = impersonations(
        "serviceaccounts",
        "impersonate:serviceaccount",
        namespace,
        name,
    );
    let token = ("", "serviceaccounts", "token");
    all.push((Way::CreateToken, resource("create", token, namespace, name)));
    for (group, plural) in STARTS {
        let key = (group, plural, "");
        all.push((Way::StartPod, resource("create", key, namespace, "")));
        // A pod's service account never changes; that of a template does.
        if plural != "pods" && plural != "jobs" {
            for verb in ["update", "patch"] {
                all.push((Way::StartPod, resource(verb, key, namespace, "")));
            }
        }
    }
    for subresource in ["exec", "attach"] {
        for verb in ["get", "create"] {
            let key = ("", "pods", subresource);
            all.push((Way::EnterPod, resource(verb, key, namespace, "")));
        }
    }
    for verb in ["update", "patch"] {
        let key = ("", "pods", "ephemeralcontainers");
        all.push((Way::EnterPod, resource(verb, key, namespace, "")));
    }
    all
}

/// The rights to give roles: to write the object, and to give more by it than one holds.
/// Both are needed.
pub(super) struct Gives {
    pub(super) way: Way,
    /// The object that is written.
    writes: &'static str,
    /// The kind of role on which the verb is needed.
    pub(super) role: &'static str,
    /// Whether in the namespace, or in the cluster.
    in_namespace: bool,
}

pub(super) const GIVES: [Gives; 5] = [
    gives(Way::Bind, "rolebindings", "roles", true),
    gives(Way::Bind, "rolebindings", "clusterroles", true),
    gives(Way::Bind, "clusterrolebindings", "clusterroles", false),
    gives(Way::Escalate, "roles", "roles", true),
    gives(Way::Escalate, "clusterroles", "clusterroles", false),
];

const fn gives(way: Way, writes: &'static str, role: &'static str, in_namespace: bool) -> Gives {
    Gives {
        way,
        writes,
        role,
        in_namespace,
    }
}

impl Gives {
    /// The requests that write the object; one is enough.
    pub(super) fn to_write<'a>(&self, namespace: &'a str) -> [Attributes<'a>; 3] {
        let key = (GROUP, self.writes, "");
        let place = if self.in_namespace { namespace } else { "" };
        ["create", "update", "patch"].map(|verb| resource(verb, key, place, ""))
    }

    /// The request that gives more.
    pub(super) fn to_give<'a>(&self, namespace: &'a str) -> Attributes<'a> {
        let place = if self.in_namespace { namespace } else { "" };
        resource(self.way.as_str(), (GROUP, self.role, ""), place, "")
    }

    /// Whether this is one of the namespace, and there is none.
    pub(super) const fn lacks_a_namespace(&self, namespace: &str) -> bool {
        self.in_namespace && namespace.is_empty()
    }
}
