//! A job's token is for that job: it does not reach another one, not even one
//! of the same role, nor what EMR made for its own.

use serde_json::{Value, json};

use super::attack::{Attack, state};
use super::emr::JobRun;
use super::spark::Driver;
use crate::harness::accounts::{Pod, pod, pod_spec};
use crate::harness::cast::{ACCOUNT, JOB, OTHER_ROLE, ROLE, becomes, config_map};
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, pod_identity};

#[test]
fn without_rolegate_one_job_takes_over_the_others() {
    let cluster = Cluster::shared();
    pod_identity::install_shared();
    let namespace = Namespace::unmanaged(cluster);
    let scene = Scene::new(&namespace);
    for attack in scene.attacks() {
        attack.expect_works(&scene.mine.client);
    }
}

#[test]
fn a_job_keeps_to_itself_in_a_namespace_that_enforces() {
    let cluster = guarded().cluster;
    let namespace = Namespace::labelled(cluster, "enforce");
    let scene = Scene::new(&namespace);
    let before = state(&scene.mine.client);
    for attack in scene.attacks() {
        attack.expect_refused(&scene.mine.client);
    }
    assert_eq!(state(&scene.mine.client), before, "nothing has changed");
}

/// Three jobs with executors, two of them of one role.
struct Scene<'n> {
    mine: Driver<'n>,
    my_executor: Pod,
    same_role: Driver<'n>,
    other_role: Driver<'n>,
    other_executor: Pod,
}

impl<'n> Scene<'n> {
    fn new(namespace: &'n Namespace<'static>) -> Self {
        let start = |role| {
            let driver = Driver::submit(JobRun::start(namespace, role));
            let [executor, _] = driver.allocate();
            (driver, executor)
        };
        let (mine, my_executor) = start(ROLE);
        let (same_role, _) = start(ROLE);
        let (other_role, other_executor) = start(OTHER_ROLE);
        // All that RBAC can give: what is refused is refused by admission.
        namespace.grant_everything("User", &mine.client.user.name);
        Self {
            mine,
            my_executor,
            same_role,
            other_role,
            other_executor,
        }
    }

    fn attacks(&self) -> Vec<Attack> {
        let mut all = self.on_maps(&self.same_role);
        all.extend(self.on_maps(&self.other_role));
        all.extend(self.on_emrs_maps());
        all.extend(self.by_pods());
        all.extend(self.by_workloads());
        all.extend(self.by_exec());
        all
    }

    /// Another driver's maps: relabelled (so that its owner loses them),
    /// adopted, rewritten, deleted, deleted as a collection.
    fn on_maps(&self, theirs: &Driver<'_>) -> Vec<Attack> {
        let (executors, template) = (theirs.executor_map(), theirs.template_map());
        let evil = json!({"data": {"pod-spec-template.yml": "evil"}});
        let relabel = json!({"metadata": {"labels": {"spark-role": "none"}}});
        let collection = Attack {
            what: "deletecollection of another job's ConfigMaps".to_owned(),
            method: "DELETE",
            path: theirs.collection("configmaps", &theirs.selector()),
            body: Value::Null,
            rule: "configmap-mutation",
            says: format!("may not delete ConfigMap {}/", self.name()),
        };
        // To make it one's own in the same breath.
        let mut adopted = config_map(&template);
        adopted["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": "Pod", "controller": true,
            "name": self.mine.pod.name, "uid": self.mine.pod.uid,
        }]);
        vec![
            self.on_map("PUT", &template, adopted),
            self.on_map("PATCH", &executors, relabel),
            self.on_map("PATCH", &template, evil),
            self.on_map("DELETE", &template, Value::Null),
            collection,
        ]
    }

    /// EMR's, of this job and of another.
    fn on_emrs_maps(&self) -> Vec<Attack> {
        let of = |driver: &Driver<'_>| {
            let [template, defaults, logs] = driver.run.own_maps();
            [
                self.on_map("PATCH", &template, json!({"data": {"driver": "evil"}})),
                self.on_map(
                    "PATCH",
                    &defaults,
                    json!({"data": {"spark-defaults.conf": "evil"}}),
                ),
                self.on_map("DELETE", &logs, Value::Null),
            ]
        };
        // A pod template before EMR makes it, and what is nobody's.
        let squatted = [format!("podtemplate-{JOB}"), "app".to_owned()].map(|name| Attack {
            what: format!("a ConfigMap {name}"),
            method: "POST",
            path: self.path("configmaps"),
            body: config_map(&name),
            rule: "configmap-mutation",
            says: format!("may not create ConfigMap {}/{name}", self.name()),
        });
        let own = of(&self.mine).into_iter();
        own.chain(of(&self.other_role)).chain(squatted).collect()
    }

    /// Pods under another role, and pods whose name says they are another job's.
    fn by_pods(&self) -> Vec<Attack> {
        let foreign = format!(
            "becomes the IAM role {ACCOUNT}/{OTHER_ROLE}, and this job runs as {ACCOUNT}/{ROLE}"
        );
        let (mine, other) = (&self.mine.run, &self.other_role.run);
        let (same, runner) = (&self.same_role.run.id, &self.same_role.run.runner.name);
        let taken =
            |name: &str| format!("the name {name} would make the pod pass for a part of that job");
        let (retry, another) = (
            format!("spark-{same}-driver-2"),
            format!("spark-{same}-driver-3"),
        );
        // As if the job controller had made another one; it never draws an "a".
        let second_runner = format!("{}a", &runner[..runner.len() - 1]);
        [
            ("evil-exec-1", other.account("executor"), foreign.clone()),
            ("evil-driver", other.account("driver"), foreign.clone()),
            ("evil-client", other.account("client"), foreign),
            (&retry, mine.account("driver"), taken(&retry)),
            (&another, mine.account("executor"), taken(&another)),
            (
                &second_runner,
                mine.account("client"),
                taken(&second_runner),
            ),
            (
                "evil-2",
                mine.account("driver"),
                format!(
                    "a driver that this job starts is named spark-{}-driver",
                    mine.id
                ),
            ),
            (
                "evil-3",
                "default".to_owned(),
                "a job starts pods under its own role's service accounts only".to_owned(),
            ),
        ]
        .into_iter()
        .map(|(name, account, says)| Attack {
            what: format!("pod {name} under {account}"),
            method: "POST",
            path: self.path("pods"),
            body: pod(name, &account),
            rule: "foreign-service-account",
            says,
        })
        .collect()
    }

    /// The same through a controller.
    fn by_workloads(&self) -> Vec<Attack> {
        let other = &self.other_role.run;
        let job = |name: &str, account: &str| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                "spec": {"template": {"spec": pod_spec(account)}},
            })
        };
        let mut always = pod_spec(&other.account("driver"));
        always["restartPolicy"] = "Always".into();
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "evil"},
            "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": always}},
        });
        let (jobs, deployments) = (("batch/v1", "jobs"), ("apps/v1", "deployments"));
        // Its pod would be 0000000337okspsc913-xxxxx: that job's runner.
        let named_alike = JOB;
        [
            (
                jobs,
                job("evil", &other.account("client")),
                becomes(OTHER_ROLE),
            ),
            (
                jobs,
                job(named_alike, &self.mine.run.account("client")),
                format!("the name {named_alike} would make the pod pass"),
            ),
            (deployments, deployment, becomes(OTHER_ROLE)),
        ]
        .into_iter()
        .map(|((group, resource), body, says)| Attack {
            what: format!("{resource} for another job's pods"),
            method: "POST",
            path: self.mine.client.namespace.group(group, resource),
            body,
            rule: "foreign-service-account",
            says,
        })
        .collect()
    }

    /// Into its own executor, too: a job needs no exec.
    fn by_exec(&self) -> Vec<Attack> {
        let other = [
            &self.my_executor,
            &self.other_executor,
            &self.other_role.pod,
            &self.mine.pod,
        ];
        other
            .into_iter()
            .flat_map(|pod| ["GET", "POST"].map(|method| (pod, method)))
            .map(|(pod, method)| Attack {
                what: format!("{method} exec into {}", pod.name),
                method,
                path: self.path(&format!("pods/{}/exec?command=id&stdout=true", pod.name)),
                body: Value::Null,
                rule: "pod-exec",
                says: format!("may not exec into pod {}/{}", self.name(), pod.name),
            })
            .collect()
    }

    fn on_map(&self, method: &'static str, name: &str, body: Value) -> Attack {
        let verb = if method == "DELETE" {
            "delete"
        } else {
            "change"
        };
        Attack {
            what: format!("{method} {name}"),
            method,
            path: self.path(&format!("configmaps/{name}")),
            body,
            rule: "configmap-mutation",
            says: format!("may not {verb} ConfigMap {}/{name}", self.name()),
        }
    }

    fn path(&self, rest: &str) -> String {
        self.mine.client.namespace.core(rest)
    }

    fn name(&self) -> &str {
        &self.mine.client.namespace.name
    }
}
