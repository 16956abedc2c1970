//! A generated world: roles, bindings, and questions about them.

use std::collections::BTreeSet;

use rolegate_core::rbac::Asked;
use serde_json::{Value, json};

use crate::harness::dirs;

const NAMESPACES: usize = 3;
const ROLES: usize = 60;
const CLUSTER_ROLES: usize = 90;
const AGGREGATED: usize = 12;
const BINDINGS: usize = 150;
const CLUSTER_BINDINGS: usize = 120;
const USERS: usize = 300;
const GROUPS: usize = 60;

const VERBS: [&str; 13] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "escalate",
    "impersonate",
    "use",
    "impersonate:user-info",
];
const API_GROUPS: [&str; 4] = ["", "apps", "rbac.authorization.k8s.io", "metrics.k8s.io"];
const RESOURCES: [&str; 9] = [
    "pods",
    "secrets",
    "serviceaccounts",
    "deployments",
    "nodes",
    "clusterroles",
    "users",
    "namespaces",
    "exec",
];
const SUBRESOURCES: [&str; 6] = ["exec", "scale", "token", "proxy", "status", "*"];
const OBJECTS: [&str; 3] = ["one", "two", "three"];
const URLS: [&str; 8] = [
    "/metrics",
    "/metrics/cadvisor",
    "/logs",
    "/logs/",
    "/logs/kubelet",
    "/healthz",
    "/x",
    "/",
];
const URL_RULES: [&str; 7] = [
    "*",
    "/*",
    "/metrics",
    "/metrics*",
    "/logs/*",
    "/x**",
    "/healthz",
];
const LABEL: &str = "rolegate.test/aggregate";

/// The names of everything, and the source of chance.
pub(super) struct World {
    /// Different in every run, because the cluster is shared.
    tag: String,
    state: u64,
}

/// Who may do what?
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) user: String,
    pub(super) groups: Vec<String>,
    pub(super) verb: String,
    what: What,
}

#[derive(Clone, Debug)]
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

impl Question {
    pub(super) fn asked(&self) -> Asked<'_> {
        match &self.what {
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
            What::Url(path) => Asked::Url { path },
        }
    }

    /// The `spec` of a `SubjectAccessReview`.
    pub(super) fn review(&self) -> Value {
        let mut spec = json!({"user": self.user, "groups": self.groups});
        match &self.what {
            What::Resource {
                group,
                resource,
                subresource,
                namespace,
                name,
            } => {
                spec["resourceAttributes"] = json!({
                    "verb": self.verb, "group": group, "resource": resource,
                    "subresource": subresource, "namespace": namespace, "name": name,
                });
            }
            What::Url(path) => {
                spec["nonResourceAttributes"] = json!({"verb": self.verb, "path": path});
            }
        }
        spec
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            tag: dirs::random_name("rbac"),
            state: seed,
        }
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("small");
        usize::try_from(self.next() % bound).expect("small")
    }

    fn pick<'s>(&mut self, from: &[&'s str]) -> &'s str {
        from[self.below(from.len())]
    }

    /// True once in `of` times.
    fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn namespace(&self, at: usize) -> String {
        format!("{}-{at}", self.tag)
    }

    fn user(&self, at: usize) -> String {
        // Some users are service accounts.
        if at.is_multiple_of(3) {
            let namespace = self.namespace(at % NAMESPACES);
            format!("system:serviceaccount:{namespace}:account-{at}")
        } else {
            format!("{}-user-{at}", self.tag)
        }
    }

    fn group(&self, at: usize) -> String {
        format!("{}-group-{at}", self.tag)
    }

    fn cluster_role(&self, at: usize) -> String {
        format!("{}-role-{at}", self.tag)
    }

    /// The aggregated cluster roles. They may select each other.
    pub(super) fn aggregated(&self) -> impl Iterator<Item = String> {
        (0..AGGREGATED).map(|at| format!("{}-whole-{at}", self.tag))
    }

    pub(super) fn namespaces(&self) -> impl Iterator<Item = String> {
        (0..NAMESPACES).map(|at| self.namespace(at))
    }

    /// Everything to create in them, as paths and objects.
    pub(super) fn objects(&mut self) -> Vec<(String, Value)> {
        let root = "/apis/rbac.authorization.k8s.io/v1";
        let mut all = Vec::new();
        for at in 0..CLUSTER_ROLES {
            let name = self.cluster_role(at);
            let whole = self.below(AGGREGATED * 2);
            let label = format!("{}-{whole}", self.tag);
            let rules = self.rules(true);
            let role =
                json!({"metadata": {"name": name, "labels": {LABEL: label}}, "rules": rules});
            all.push((format!("{root}/clusterroles"), role));
        }
        for (at, name) in self.aggregated().enumerate().collect::<Vec<_>>() {
            let label = |at: usize| format!("{}-{at}", self.tag);
            let values = [label(at), label(at + 1)];
            // Every second one is a part of the one before it.
            let labels = if at % 2 == 1 {
                json!({LABEL: label(at - 1)})
            } else {
                json!({})
            };
            let selectors = json!([
                {"matchLabels": {LABEL: label(at)}},
                {"matchExpressions": [{"key": LABEL, "operator": "In", "values": values}]},
            ]);
            all.push((
                format!("{root}/clusterroles"),
                json!({"metadata": {"name": name, "labels": labels}, "aggregationRule": {"clusterRoleSelectors": selectors}}),
            ));
        }
        for namespace in self.namespaces().collect::<Vec<_>>() {
            for at in 0..ROLES {
                let role =
                    json!({"metadata": {"name": format!("role-{at}")}, "rules": self.rules(false)});
                all.push((format!("{root}/namespaces/{namespace}/roles"), role));
            }
            for at in 0..BINDINGS {
                let own = self.once_in(2);
                // Some name a role that does not exist.
                let to = if own {
                    let at = self.below(ROLES + 5);
                    json!({"kind": "Role", "name": format!("role-{at}")})
                } else {
                    self.clustered()
                };
                let path = format!("{root}/namespaces/{namespace}/rolebindings");
                all.push((path, self.binding(&format!("binding-{at}"), &to)));
            }
        }
        for at in 0..CLUSTER_BINDINGS {
            let to = self.clustered();
            let name = format!("{}-binding-{at}", self.tag);
            all.push((
                format!("{root}/clusterrolebindings"),
                self.binding(&name, &to),
            ));
        }
        all
    }

    fn clustered(&mut self) -> Value {
        let name = match self.below(6) {
            0 => {
                let at = self.below(AGGREGATED);
                format!("{}-whole-{at}", self.tag)
            }
            1 => self
                .pick(&[
                    "view",
                    "edit",
                    "admin",
                    "system:node-proxier",
                    "no-such-role",
                ])
                .to_owned(),
            _ => {
                let at = self.below(CLUSTER_ROLES);
                self.cluster_role(at)
            }
        };
        json!({"kind": "ClusterRole", "name": name})
    }

    fn binding(&mut self, name: &str, to: &Value) -> Value {
        let subjects: Vec<Value> = (0..=self.below(3)).map(|_| self.subject()).collect();
        let mut to = to.clone();
        to["apiGroup"] = json!("rbac.authorization.k8s.io");
        json!({"metadata": {"name": name}, "roleRef": to, "subjects": subjects})
    }

    fn subject(&mut self) -> Value {
        let group = "rbac.authorization.k8s.io";
        let at = self.below(USERS);
        match self.below(8) {
            // A service account by its username is the service account.
            0..=2 => json!({"kind": "User", "apiGroup": group, "name": self.user(at)}),
            3 | 4 => {
                let namespace = self.namespace(at % NAMESPACES);
                json!({"kind": "ServiceAccount", "namespace": namespace, "name": format!("account-{at}")})
            }
            5 => {
                let namespace = self.namespace(at % NAMESPACES);
                json!({"kind": "Group", "apiGroup": group, "name": format!("system:serviceaccounts:{namespace}")})
            }
            _ => {
                let at = self.below(GROUPS);
                json!({"kind": "Group", "apiGroup": group, "name": self.group(at)})
            }
        }
    }

    fn rules(&mut self, clustered: bool) -> Value {
        let rules = (0..=self.below(3)).map(|_| {
            if clustered && self.once_in(5) {
                return json!({"verbs": self.verbs(), "nonResourceURLs": [self.pick(&URL_RULES)]});
            }
            let resources: BTreeSet<String> =
                (0..=self.below(3)).map(|_| self.resource()).collect();
            let mut groups: BTreeSet<&str> = (0..=self.below(2))
                .map(|_| self.pick(&API_GROUPS))
                .collect();
            if self.once_in(8) {
                groups = BTreeSet::from(["*"]);
            }
            let mut rule =
                json!({"verbs": self.verbs(), "apiGroups": groups, "resources": resources});
            if self.once_in(4) {
                rule["resourceNames"] = json!([self.pick(&OBJECTS)]);
            }
            rule
        });
        rules.collect()
    }

    fn verbs(&mut self) -> Value {
        if self.once_in(8) {
            return json!(["*"]);
        }
        let verbs: BTreeSet<&str> = (0..=self.below(4)).map(|_| self.pick(&VERBS)).collect();
        json!(verbs)
    }

    /// As a rule names it.
    fn resource(&mut self) -> String {
        let sub = self.pick(&SUBRESOURCES);
        match self.below(10) {
            0 => "*".to_owned(),
            1 => format!("*/{sub}"),
            2..=4 => format!("{}/{sub}", self.pick(&RESOURCES)),
            _ => self.pick(&RESOURCES).to_owned(),
        }
    }

    /// A question that some rule may answer.
    pub(super) fn question(&mut self) -> Question {
        let at = self.below(USERS);
        let user = self.user(at);
        let mut groups: Vec<String> = (0..self.below(5))
            .map(|_| {
                let at = self.below(GROUPS);
                self.group(at)
            })
            .collect();
        if let Some(account) = user.strip_prefix("system:serviceaccount:") {
            let namespace = account.split(':').next().expect("a namespace");
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        groups.push("system:authenticated".to_owned());
        let verb = self.pick(&VERBS).to_owned();
        let what = if self.once_in(10) {
            What::Url(self.pick(&URLS).to_owned())
        } else {
            let namespace = match self.below(NAMESPACES + 2) {
                at if at < NAMESPACES => self.namespace(at),
                at if at == NAMESPACES => "elsewhere".to_owned(),
                _ => String::new(),
            };
            let subresource = if self.once_in(2) {
                self.pick(&SUBRESOURCES)
            } else {
                ""
            };
            What::Resource {
                group: self.pick(&API_GROUPS).to_owned(),
                resource: self.pick(&RESOURCES).to_owned(),
                subresource: subresource.to_owned(),
                namespace,
                name: if self.once_in(2) {
                    self.pick(&OBJECTS)
                } else {
                    ""
                }
                .to_owned(),
            }
        };
        Question {
            user,
            groups,
            verb,
            what,
        }
    }

    /// Questions about roles that Kubernetes brings itself, and about its own users.
    pub(super) fn traps() -> Vec<Question> {
        let mut all = Vec::new();
        for (user, group) in [
            ("system:kube-controller-manager", "system:authenticated"),
            ("system:kube-scheduler", "system:authenticated"),
            ("system:anonymous", "system:unauthenticated"),
            ("somebody", "system:authenticated"),
            ("somebody", "system:masters"),
            ("somebody", "cluster-operators"),
            (
                "system:serviceaccount:kube-system:generic-garbage-collector",
                "system:serviceaccounts:kube-system",
            ),
            (
                "system:serviceaccount:kube-system:namespace-controller",
                "system:serviceaccounts:kube-system",
            ),
            ("system:kube-proxy", "system:authenticated"),
        ] {
            for verb in ["get", "list", "create", "delete", "impersonate", "*"] {
                for resource in [
                    "pods",
                    "secrets",
                    "nodes",
                    "leases",
                    "selfsubjectaccessreviews",
                    "*",
                ] {
                    for (group_of, namespace) in [
                        ("", ""),
                        ("", "kube-system"),
                        ("coordination.k8s.io", "kube-system"),
                        ("authorization.k8s.io", ""),
                        ("*", ""),
                    ] {
                        all.push(Question {
                            user: user.to_owned(),
                            groups: vec![group.to_owned()],
                            verb: verb.to_owned(),
                            what: What::Resource {
                                group: group_of.to_owned(),
                                resource: resource.to_owned(),
                                subresource: String::new(),
                                namespace: namespace.to_owned(),
                                name: String::new(),
                            },
                        });
                    }
                }
                for url in [
                    "/healthz",
                    "/version",
                    "/version/",
                    "/api",
                    "/apis/apps",
                    "/metrics",
                    "/openapi/v3",
                ] {
                    all.push(Question {
                        user: user.to_owned(),
                        groups: vec![group.to_owned()],
                        verb: verb.to_owned(),
                        what: What::Url(url.to_owned()),
                    });
                }
            }
        }
        all
    }
}
