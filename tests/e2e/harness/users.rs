//! Who the tests act as.
//!
//! The API server knows the [`PEOPLE`] from its token file; service accounts
//! are made by the tests (see `accounts.rs`) and are [`User`]s just the same.

use super::dirs;

/// Somebody with a bearer token.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) token: String,
}

/// Name and groups. `system:authenticated` comes by itself.
const PEOPLE: [(&str, &[&str]); 10] = [
    ("admin", &["system:masters"]),
    // A cluster-admin by RBAC only: what an EKS access policy or a GitOps
    // installer makes of people.
    ("cluster-operator", &["cluster-operators"]),
    ("alice", &["team-a"]),
    ("bob", &["team-b"]),
    // Rights in the whole cluster that are not meant for what they can do: see
    // `guards.rs`.
    ("mallory", &["team-m"]),
    ("platform", &["platform-team"]),
    ("emr-containers", &[]),
    ("system:node:n1", &["system:nodes"]),
    ("system:kube-scheduler", &[]),
    ("system:kube-controller-manager", &[]),
];

/// The group that `harness::cluster` binds to cluster-admin.
pub(crate) const CLUSTER_OPERATORS: &str = "cluster-operators";

/// All people, each with a new token.
pub(crate) fn people() -> Vec<User> {
    PEOPLE
        .iter()
        .map(|(name, _)| User {
            name: (*name).to_owned(),
            token: format!("{:016x}{:016x}", dirs::random(), dirs::random()),
        })
        .collect()
}

/// The token file: `token,user,uid,"group,group"`.
pub(crate) fn token_file(people: &[User]) -> String {
    let line = |(user, (name, groups)): (&User, (&str, &[&str]))| {
        // The control plane's own parts come with a client certificate, and
        // that gives no uid; whoever comes through IAM has one.
        let uid = match name.strip_prefix("system:") {
            Some(_) => String::new(),
            None => format!("uid-of-{name}"),
        };
        format!("{},{name},{uid},\"{}\"\n", user.token, groups.join(","))
    };
    people.iter().zip(PEOPLE).map(line).collect()
}
