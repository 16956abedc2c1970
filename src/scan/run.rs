//! Both passes of a scan.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use jiff::Timestamp;

use rolegate_core::decision::Scope;
use rolegate_core::facts::{Addressee, Facts};
use rolegate_core::json::Raw;
use rolegate_core::names::shown;
use rolegate_core::policy::{Mode, Policy};
use rolegate_core::request::{Path, Stored};
use rolegate_core::rules::{Compare, Finding, grants_in_force, own_objects, rule};
use rolegate_core::scan::{
    Place, Seen, StoredObject, Told, emr_access, judge, node_access, pod_readers, role_in_use,
    waiting_workload, writers,
};

use super::{Item, Origin, Pass, Source, World};
use crate::cluster;
use crate::manifests::{is_shipped, shipped};
use crate::report::{self, ObjectRef, Reported, ScanLine};

/// What a scan judges by.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    pub policy: &'a Policy,
    /// Only this namespace, and what reaches it.
    pub namespace: Option<&'a str>,
    /// Judge the namespace as if its label were `enforce`.
    pub as_enforced: bool,
    pub now: Timestamp,
}

/// Where findings go, one by one.
pub type Tell<'t> = dyn FnMut(&ScanLine<'_>) -> io::Result<()> + 't;

/// What a scan counted.
#[derive(Debug, Default)]
pub struct Sums {
    pub objects: usize,
    /// Execution roles in use: by namespace and role, how many pods, and whether the policy
    /// lists the role there.
    pub uses: BTreeMap<(String, String), (usize, bool)>,
    /// How often a rule could not judge, because a fact about the cluster is unknown.
    pub skipped: BTreeMap<&'static str, usize>,
    /// What was not read or not judged, one sentence each.
    pub left_out: Vec<String>,
    /// Whether webhook configurations of rolegate were found.
    pub is_installed: bool,
}

/// A scan of a source.
#[derive(Debug)]
pub struct Scan<'a> {
    setting: Setting<'a>,
    pub world: World,
    pub sums: Sums,
}

impl<'a> Scan<'a> {
    #[must_use]
    pub fn new(setting: Setting<'a>) -> Self {
        Self {
            setting,
            world: World::default(),
            sums: Sums::default(),
        }
    }

    /// Reads everything and tells every finding. `progress` gets the number of objects read.
    ///
    /// # Errors
    ///
    /// A sentence, if namespaces, roles or bindings cannot be read, or a file; the error of
    /// `tell`.
    pub async fn run(
        &mut self,
        source: &mut Source,
        tell: &mut Tell<'_>,
        progress: &mut dyn FnMut(usize),
    ) -> anyhow::Result<()> {
        source.begin(Pass::World).await?;
        let mut read = 0;
        while let Some(page) = source.page().await? {
            read += page.len();
            progress(read);
            page.into_iter().for_each(|item| self.world.add(item));
        }
        match source {
            Source::Files(_) => {
                self.world.manage_those_of(self.setting.policy);
                self.world.manage(self.setting.namespace);
            }
            Source::Cluster(live) => {
                if let Some(text) = live.config_map("kube-system", "aws-auth").await {
                    self.world.aws_auth(&text);
                }
            }
        }
        if let (Some(namespace), true) = (self.setting.namespace, self.setting.as_enforced) {
            let labels = self.world.view.managed.entry(namespace.into()).or_default();
            labels.insert(rolegate_core::names::MODE_LABEL.into(), "enforce".into());
        }
        self.sums.left_out.append(&mut self.world.left_out);
        self.sums.left_out.append(&mut source.take_left_out());
        self.rights(tell)?;
        let listed = match source {
            Source::Files(_) => Vec::new(),
            Source::Cluster(live) => live.listed(),
        };
        self.admission(&listed, tell)?;
        source.begin(Pass::Objects).await?;
        while let Some(page) = source.page().await? {
            read += page.len();
            progress(read);
            for item in page {
                self.object(item, source, tell).await?;
            }
        }
        self.sums.left_out.append(&mut source.take_left_out());
        self.sums.objects = read;
        Ok(())
    }

    /// Whether findings about this namespace are asked for; an empty one reaches all.
    fn is_asked_for(&self, namespace: &str) -> bool {
        namespace.is_empty() || self.setting.namespace.is_none_or(|only| only == namespace)
    }

    /// What roles and bindings give.
    fn rights(&self, tell: &mut Tell<'_>) -> anyhow::Result<()> {
        let (world, policy) = (&self.world, self.setting.policy);
        let graph = &world.view.graph;
        let managed: BTreeSet<&str> = world.managed().collect();
        let asked = |name: &str| managed.contains(name) && self.is_asked_for(name);
        for one in grants_in_force(graph, policy, asked) {
            let key = &one.binding.key;
            let resource = if key.namespace.is_empty() {
                "clusterrolebindings"
            } else {
                "rolebindings"
            };
            let place = Place {
                group: rolegate_core::rbac::GROUP.to_owned(),
                resource: resource.to_owned(),
                namespace: key.namespace.to_string(),
                name: key.name.to_string(),
            };
            let finding = one.finding;
            self.told(&Told { place, finding }, tell)?;
        }
        let namespaces: Vec<&str> = managed.iter().copied().filter(|one| asked(one)).collect();
        for told in emr_access(graph, policy, &namespaces, world.aws_auth.as_ref()) {
            self.told(&told, tell)?;
        }
        for namespace in &namespaces {
            if let Some(told) = pod_readers(graph, policy, namespace) {
                self.told(&told, tell)?;
            }
        }
        if self.setting.namespace.is_some() {
            return Ok(());
        }
        let unmanaged = world.namespaces.iter();
        let unmanaged = unmanaged.map(|(name, labels)| (name.as_str(), labels));
        let unmanaged = unmanaged.filter(|(name, _)| !managed.contains(name));
        for told in node_access(graph, policy, unmanaged) {
            self.told(&told, tell)?;
        }
        Ok(())
    }

    /// Mutators of others, and rolegate's own objects.
    fn admission(&mut self, listed: &[&str], tell: &mut Tell<'_>) -> anyhow::Result<()> {
        let Some(rule) = rule("mutating-webhook") else {
            return Ok(());
        };
        let admission = std::mem::take(&mut self.world.admission);
        let facts = Facts::unknowable();
        let facts = facts.with_view(&self.world.view, Duration::ZERO);
        let mut stored = Vec::new();
        for (object, text, origin) in &admission {
            let Ok(raw) = Raw::parse(text) else { continue };
            let one = object.stored(raw);
            let mut findings = Vec::new();
            if rule.state(&one, &facts, &mut findings).is_err() {
                let what = format!("{object}: mutating-webhook could not read it");
                self.sums.left_out.push(what);
            }
            for finding in &findings {
                let line = reported(finding, object, None, origin, None);
                tell(&ScanLine::Finding(&line))?;
            }
            stored.push(one);
        }
        let is_own = |one: &Stored<'_>| is_shipped(one.target.resource(), &one.target.name);
        self.sums.is_installed = stored.iter().any(is_own);
        if !self.sums.is_installed {
            return Ok(());
        }
        let compare = Compare {
            shipped: shipped(),
            home: None,
            listed,
        };
        match own_objects(&compare, &stored) {
            Ok(drifts) => {
                for drift in drifts {
                    let place = Place {
                        group: "admissionregistration.k8s.io".to_owned(),
                        resource: drift.resource,
                        namespace: String::new(),
                        name: drift.name,
                    };
                    let finding = drift.finding;
                    self.told(&Told { place, finding }, tell)?;
                }
            }
            Err(error) => self.sums.left_out.push(error.to_string()),
        }
        Ok(())
    }

    async fn object(
        &mut self,
        item: Item,
        source: &Source,
        tell: &mut Tell<'_>,
    ) -> anyhow::Result<()> {
        let Item { object, origin } = &item;
        let policy = self.setting.policy;
        let namespace = object.namespace.as_str();
        if object.is("", "pods")
            && let Some(account) = object.account()
        {
            // A pod's owner may be in another page, and of jobs' pods there are few.
            let is_jobs = role_in_use(object, policy).is_some();
            if is_jobs {
                let key = (namespace.to_owned(), object.name.clone());
                self.world.accounts.insert(key, account.to_owned());
            }
        }
        let Some(mode) = self.world.mode(namespace).map(str::to_owned) else {
            return Ok(());
        };
        if namespace.is_empty() || !self.is_asked_for(namespace) {
            return Ok(());
        }
        if let Some(used) = role_in_use(object, policy) {
            let key = (namespace.to_owned(), used.role.to_string());
            let entry = self.sums.uses.entry(key).or_insert((0, used.is_listed));
            entry.0 += 1;
        }
        if let Some(told) = waiting_workload(object, policy) {
            let line = reported(&told.finding, object, None, origin, None);
            tell(&ScanLine::Finding(&line))?;
        }
        let scope = Scope::of_label(Some(&mode));
        let account = object.owning_pod().and_then(|owner| {
            let key = (namespace.to_owned(), owner.name.to_owned());
            self.world.accounts.get(&key).map(String::as_str)
        });
        let writers = writers(object, account, policy);
        let now = self.setting.now;
        let by = |facts: &Facts<'_>| judge(object, &writers, scope, policy, facts, now);
        let mut seen = by(&Facts::unknowable());
        if let (Ok(first), Source::Cluster(live)) = (&seen, source)
            && !first.skipped.is_empty()
        {
            let needs = first.skipped.iter().map(|one| one.need.clone());
            let found = cluster::look_up(&live.client, needs.collect()).await;
            let stored = found.stored();
            let stored = stored
                .iter()
                .map(|(need, known)| (need.clone(), known.as_ref()));
            seen = by(&Facts::found(stored));
        }
        match seen {
            Ok(seen) => self.seen(object, origin, &seen, tell)?,
            Err(error) => {
                let what = format!("{object}: not judged: {error}");
                self.sums.left_out.push(what);
            }
        }
        Ok(())
    }

    fn seen(
        &mut self,
        object: &StoredObject,
        origin: &Origin,
        seen: &Seen,
        tell: &mut Tell<'_>,
    ) -> io::Result<()> {
        for one in &seen.findings {
            let line = Reported {
                instead: &one.instead,
                exempted: one.exempted.as_deref(),
                mode: Some(one.mode),
                ..reported(&one.finding, object, Some(&seen.who), origin, None)
            };
            tell(&ScanLine::Finding(&line))?;
        }
        for skipped in &seen.skipped {
            *self.sums.skipped.entry(skipped.rule.as_str()).or_default() += 1;
        }
        let object = object.to_string();
        for text in &seen.pods_to_come {
            let object = &object;
            tell(&ScanLine::PodsToCome { object, text })?;
        }
        Ok(())
    }

    fn told(&self, told: &Told, tell: &mut Tell<'_>) -> io::Result<()> {
        let place = &told.place;
        let reported = Reported {
            finding: &told.finding,
            object: ObjectRef {
                group: shown(&place.group, 253),
                resource: shown(&place.resource, 63),
                subresource: String::new(),
                namespace: shown(&place.namespace, 63),
                name: shown(&place.name, 253),
            },
            who: None,
            instead: told.finding.what_helps(Addressee::Person),
            origin: report::Origin::Cluster {
                resource_version: "",
            },
            mode: None,
            exempted: None,
        };
        tell(&ScanLine::Finding(&reported))
    }
}

fn reported<'r>(
    finding: &'r Finding,
    object: &StoredObject,
    who: Option<&'r str>,
    origin: &'r Origin,
    mode: Option<Mode>,
) -> Reported<'r> {
    let root = Path::root();
    let path = finding.at.first().unwrap_or(&root);
    Reported {
        finding,
        object: ObjectRef {
            group: shown(&object.group, 253),
            resource: shown(&object.resource, 63),
            subresource: String::new(),
            namespace: shown(&object.namespace, 63),
            name: shown(&object.name, 253),
        },
        who,
        instead: finding.what_helps(Addressee::Person),
        origin: match origin {
            Origin::File { path: file, spans } => report::Origin::File {
                path: file,
                at: spans.at(path),
            },
            Origin::Cluster { resource_version } => report::Origin::Cluster { resource_version },
        },
        mode,
        exempted: None,
    }
}
