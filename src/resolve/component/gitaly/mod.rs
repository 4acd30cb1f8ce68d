//! Gitaly: Git repositories on disk. One StatefulSet with a pod for each storage, or one for each of
//! Praefect's virtual storages, or both.

mod config;
mod pod;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::workload::{Image, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Number, Port, Switch, Text};
use crate::resolve::labels::{self, Labels, text_map};
use crate::resolve::scaling::Scaled;
use crate::resolve::shared::gitaly::{Gitaly, Praefect, Service, VirtualStorage, metrics_port};
use crate::resolve::workload::Workload;
use crate::resolve::{Component, Context, Plan};
use crate::tree::overlay_map;
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitaly", key: "gitlab.gitaly", resolve };

/// The component's own settings; those of the configuration file are in [`config`].
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    metrics: Metrics,
    internal: Internal,
    persistence: NodeMap,
    statefulset: StatefulSet,
    graceful_restart_timeout: Option<Number>,
    gomemlimit: Switch,
    gpg_signing: GpgSigning,
    cgroups: Cgroups,
    share_process_namespace: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Internal {
    names: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatefulSet {
    strategy: NodeMap,
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
    startup_probe: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GpgSigning {
    enabled: bool,
    secret: Option<Text>,
    key: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Cgroups {
    enabled: bool,
    init_container: CgroupsInit,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CgroupsInit {
    image: Image,
    security_context: NodeMap,
}

/// The common parts of all StatefulSets of the component.
struct Server<'a> {
    w: &'a Workload<'a>,
    set: &'a Settings,
    /// Address, token and TLS, the component's over `global.gitaly`.
    gitaly: Gitaly,
    service: Service,
}

/// One StatefulSet, with its Service and PodDisruptionBudget.
struct Group {
    name: String,
    service: String,
    config: String,
    labels: Labels,
    replicas: Option<i64>,
    max_unavailable: Node,
    tls_secret: Option<Text>,
    persistence: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let mut gitaly: Gitaly = cx.inherited("global.gitaly", COMPONENT.key);
    let praefect = Praefect::of(cx);
    if !gitaly.enabled {
        return;
    }
    let set: Settings = cx.read(COMPONENT.key);
    if let Some(names) = &set.internal.names {
        gitaly.internal.names.clone_from(names);
    }
    let w = Workload::new(cx, &COMPONENT);
    let service: Service = cx.inherited("global.gitaly.service", &format!("{}.service", COMPONENT.key));
    let server = Server { w: &w, set: &set, gitaly, service };
    if !praefect.replaces_gitaly() {
        server.plan_config(&w.name, &server.gitaly.internal.names, plan);
        server.plan_group(&server.internal(), plan);
    }
    if praefect.enabled {
        let config = format!("{}-praefect", w.name);
        server.plan_config(&config, &[], plan);
        for storage in &praefect.virtual_storages {
            server.plan_group(&server.behind_praefect(storage, &config), plan);
        }
    }
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_network_policy(COMPONENT.name, plan);
    w.plan_service_monitor(COMPONENT.name, &set.metrics, "http-metrics", plan);
}

impl Server<'_> {
    /// The storages that GitLab uses without Praefect.
    fn internal(&self) -> Group {
        let name = self.w.name.clone();
        Group {
            service: self.gitaly.service_name.non_empty().unwrap_or(&name).to_owned(),
            config: name.clone(),
            name,
            labels: self.w.labels.clone(),
            // Where the values name an external host, no storage is deployed here.
            replicas: match self.gitaly.host.non_empty() {
                Some(_) => Some(0),
                None => i64::try_from(self.gitaly.internal.names.len()).ok(),
            },
            max_unavailable: self.w.set.max_unavailable.clone().unwrap_or(json!(1)),
            tls_secret: self.gitaly.tls.secret_name.clone(),
            persistence: self.set.persistence.clone(),
        }
    }

    /// The storages behind one virtual storage: the label `storage` keeps them apart.
    fn behind_praefect(&self, storage: &VirtualStorage, config: &str) -> Group {
        let name = storage.workload(&self.w.name);
        let mut labels = self.w.labels.clone();
        for map in [&mut labels.object, &mut labels.selector, &mut labels.pod, &mut labels.service] {
            map.insert("storage".to_owned(), storage.name.as_str().into());
        }
        let mut persistence = self.set.persistence.clone();
        overlay_map(&mut persistence, &storage.persistence);
        Group {
            service: name.clone(),
            name,
            config: config.to_owned(),
            labels,
            replicas: Some(storage.gitaly_replicas.map_or(1, |n| n.0)),
            max_unavailable: storage.max_unavailable.clone().unwrap_or(json!(1)),
            tls_secret: storage.tls_secret_name.clone().or_else(|| self.gitaly.tls.secret_name.clone()),
            persistence,
        }
    }

    fn plan_group(&self, group: &Group, plan: &mut Plan) {
        let tls = self.gitaly.tls.enabled;
        let port = |tls: bool| Number(self.service.port(tls).parse().unwrap_or_default());
        let metrics = self.set.metrics.enabled.then(|| self.metrics_port());
        let balanced = self.service.r#type.non_empty() == Some("LoadBalancer");
        let annotations = self.w.service_annotations(&self.service.annotations);
        let view = view! {
            name: group.service, labels: group.labels.service, selector: group.labels.selector, annotations,
            service_type: self.service.r#type.non_empty(), cluster_ip: self.service.address(self.service.cluster_ip.non_empty()),
            port_name: self.service.port_name("tcp", COMPONENT.name), tls_name: self.service.port_name("tls", COMPONENT.name),
            load_balancer_ip: self.service.load_balancer_ip.non_empty().filter(|_| balanced),
            port: port(false), metrics_port: metrics,
            tls_port: tls.then(|| port(true)),
            tls_target: tls.then(|| self.listens(true)),
        };
        plan.add(COMPONENT.name, "service.yaml", view);
        let mut labels = group.labels.object.clone();
        labels.insert("app.kubernetes.io/name".to_owned(), self.w.cx.release.name.clone().into());
        let view = view! {
            name: group.name, labels, selector: group.labels.selector,
            // The global annotations are for Deployments.
            annotations: text_map(&self.w.set.deployment.annotations),
            service_name: group.service, replicas: group.replicas, strategy: self.set.statefulset.strategy,
            pod: moved(self.pod(group)), claims: self.claims(group),
        };
        plan.add(COMPONENT.name, "statefulset.yaml", view).follows("checksum/config", &group.config);
        let scaled = Scaled::of("StatefulSet", &group.name, &group.labels);
        self.w.plan_pdb(COMPONENT.name, &scaled, &group.max_unavailable, plan);
    }

    fn listens(&self, tls: bool) -> Number {
        Number(self.service.listens(tls).parse().unwrap_or_default())
    }

    fn metrics_port(&self) -> Port {
        metrics_port(self.w.cx, COMPONENT.key, &self.set.metrics)
    }

    /// The claim of each pod; `None` without persistence.
    fn claims(&self, group: &Group) -> Option<Value> {
        let keep = |key: &str| group.persistence.get(key).filter(|v| !v.is_null() && *v != "").cloned();
        if group.persistence.get("enabled") == Some(&Value::Bool(false)) {
            return None;
        }
        let map = |key: &str| keep(key).and_then(|v| v.as_object().cloned()).unwrap_or_default();
        // A claim's template is immutable, also where Helm created it: it has only labels that never change, and those
        // that the values set for it.
        let mut labels = group.labels.selector.clone();
        labels::put(&mut labels, &map("labels"));
        let expressions = keep("matchExpressions").filter(|list| list.as_array().is_some_and(|l| !l.is_empty()));
        let match_labels = Some(text_map(&map("matchLabels"))).filter(|map| !map.is_empty());
        let selector = (expressions.is_some() || match_labels.is_some())
            .then(|| json!({"matchLabels": match_labels, "matchExpressions": expressions}));
        Some(json!([{
            "metadata": {"name": "repo-data", "labels": labels, "annotations": text_map(&map("annotations"))},
            "spec": {
                "accessModes": [keep("accessMode")],
                "resources": {"requests": {"storage": keep("size")}},
                "storageClassName": storage_class(&group.persistence),
                "volumeName": keep("volumeName"),
                "selector": selector,
            },
        }]))
    }
}

/// `-` means the empty class, which differs from the cluster's default.
fn storage_class(persistence: &NodeMap) -> Option<&str> {
    match persistence.get("storageClass").and_then(Value::as_str) {
        Some("-") => Some(""),
        Some("") | None => None,
        Some(class) => Some(class),
    }
}
