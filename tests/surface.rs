//! Every path of `tests/data/value-paths.tsv` in the schemas: what is free, which default it has, what bounds numbers have,
//! and that what Kubernetes gets as it is refers to what Kubernetes takes.

use std::collections::BTreeSet;

use gitlab_render::bundle;
use serde_json::Value;

use crate::common::root;
use crate::coverage::given;
use crate::source_schemas::{self, Part, Step};

/// Below these any key is taken, as nothing of ours knows what there may be.
const FREE: &[(&str, &str)] = &[
    ("{postgresql,redis}.**", "of Bitnami's charts; what is not read is said by `unread-key`"),
    ("global.appConfig.contentSecurityPolicy.directives.**", "goes into gitlab.yml as it is"),
    ("global.gatewayApi.{envoyProxySpec,listeners}.**", "goes into objects of the Gateway API as it is"),
    ("minio.minioConfig.**", "an old file of MinIO's settings"),
    (
        "{nginx-ingress,nginx-ingress-geo}.controller.{addHeaders,config}.**",
        "the controller's ConfigMap, whose keys it knows",
    ),
    ("nginx-ingress.controller.hostPort.ports.**", "ports by name"),
    ("registry.log.fields.**", "fields of the log by name"),
];

/// Where ours is another default than the official chart's. `value-defaults.tsv` has those that are no script, no template and not
/// of charts that come along with it.
const OTHER_DEFAULTS: &[(&str, &str)] = &[
    ("registry.image.tag", "follows the GitLab release, `charts/releases`"),
    ("gitlab-zoekt.{indexer,webserver}.image.tag", "follows the GitLab release, `charts/releases`"),
    ("openbao.ingress.hostname", "read by nothing there: the host is `global.openbao.host`"),
];

/// Numbers that may be below 0.
const UNBOUNDED: &[(&str, &str)] = &[("registry.database.pool.{maxidle,maxopen}", "below 0 there is no limit")];

/// Keys whose value Kubernetes gets as it is, and one of the definitions that say what it takes.
const OF_KUBERNETES: &[(&str, &[&str])] = &[
    ("annotations", &["AnnotationScalarMap", "AnnotationMap"]),
    ("clusterIP", &["ClusterIP"]),
    ("containerSecurityContext", &["SecurityContext"]),
    ("customMetrics", &["MetricSpec"]),
    ("extraContainers", &["Container"]),
    ("extraEnvFrom", &["EnvVarSource"]),
    ("extraInitContainers", &["Container"]),
    ("extraVolumeMounts", &["VolumeMount"]),
    ("extraVolumes", &["Volume"]),
    ("behavior", &["HorizontalPodAutoscalerBehavior"]),
    ("labels", &["LabelScalarMap", "LabelMap"]),
    ("livenessProbe", &["LivenessProbe", "LivenessTiming"]),
    ("loadBalancerSourceRanges", &["CIDR"]),
    ("nodeSelector", &["LabelScalarMap", "LabelMap"]),
    ("podLabels", &["LabelScalarMap", "LabelMap"]),
    ("priorityClassName", &["DNSSubdomainOrEmpty"]),
    ("readinessProbe", &["Probe", "ProbeTiming"]),
    ("resources", &["ResourceRequirements"]),
    ("securityContext", &["PodSecurityContext", "SecurityContext"]),
    ("seccompProfile", &["SeccompProfile"]),
    ("tolerations", &["Toleration"]),
    ("topologySpreadConstraints", &["TopologySpreadConstraint"]),
];

/// Keys of which Kubernetes takes a few words only.
const OF_FEW_WORDS: &[&str] =
    &["accessMode", "concurrencyPolicy", "externalTrafficPolicy", "imagePullPolicy", "pullPolicy", "restartPolicy"];

/// The listed paths with their schemas; not those of `no-effect.tsv`.
fn parts() -> Vec<(String, Part)> {
    let excuses = given::excuses();
    let paths = given::paths().into_iter().filter(|path| !excuses.iter().any(|excuse| excuse.covers(path)));
    paths.filter_map(|path| source_schemas::part(&path).map(|part| (path, part))).collect()
}

fn listed(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(pattern, _)| given::covers(pattern, path))
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[test]
fn what_is_free_is_meant_to_be() {
    let parts = parts();
    let free: Vec<_> = parts.iter().filter(|(_, part)| part.is_free()).map(|(path, _)| path).collect();
    let unmeant: Vec<_> = free.iter().filter(|path| !listed(FREE, path)).collect();
    assert!(unmeant.is_empty(), "no schema says what these are: {unmeant:#?}");
    for (pattern, _) in FREE {
        assert!(free.iter().any(|path| given::covers(pattern, path)), "`{pattern}` is not needed");
    }
}

#[test]
fn defaults_are_those_of_the_official_chart() {
    let ours = bundle::defaults();
    let text = std::fs::read_to_string(root().join("tests/data/value-defaults.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let (path, value) = line.split_once('\t').unwrap();
        let value: Value = serde_json::from_str(value).unwrap();
        let step = |at: &'_ Value, step: &Step| match step {
            Step::Key(key) => at.get(*key).cloned(),
            Step::Item => at.get(0).cloned(),
        };
        let own = source_schemas::steps(path).iter().try_fold(ours.clone(), |at, next| step(&at, next));
        if own.as_ref() != Some(&value) && !listed(OTHER_DEFAULTS, path) {
            wrong.push(format!("{path}: {own:?} in place of {value}"));
        }
        // The second ingress controller has the first one's schema and other defaults.
        let said = source_schemas::part(path).and_then(|part| part.keyword("default").cloned());
        if said.as_ref().is_some_and(|said| *said != value) && !path.starts_with("nginx-ingress-geo.") {
            wrong.push(format!("{path}: its schema says {said:?} in place of {value}"));
        }
    }
    assert!(text.lines().count() > 1600);
    assert!(wrong.is_empty(), "{} defaults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn numbers_have_bounds() {
    let bounded = |part: &Part, keyword: &str| part.schema.contains_key(keyword) || part.schema.contains_key("enum");
    let mut lacking = Vec::new();
    for (path, part) in parts().iter().filter(|(_, part)| part.types().contains(&"integer")) {
        if !bounded(part, "minimum") && !listed(UNBOUNDED, path) {
            lacking.push(format!("{path}: no minimum"));
        }
        let port = last(path) == "port"
            || last(path).ends_with("Port")
            || path.contains("ort.http")
            || path.contains("orts.http");
        if port && !bounded(part, "maximum") {
            lacking.push(format!("{path}: no maximum"));
        }
    }
    assert!(lacking.is_empty(), "{}:\n{}", lacking.len(), lacking.join("\n"));
}

#[test]
fn what_kubernetes_gets_refers_to_what_it_takes() {
    let mut lacking = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, part) in parts().iter().filter(|(_, part)| !part.is_free()) {
        let key = last(path);
        if let Some((_, kinds)) = OF_KUBERNETES.iter().find(|(known, _)| *known == key) {
            seen.insert(key.to_owned());
            let inner = [Some(part.clone()), part.items(), part.others()];
            let refers = inner.iter().flatten().any(|part| part.kinds().iter().any(|kind| kinds.contains(kind)));
            lacking.extend((!refers).then(|| format!("{path}: not one of {kinds:?}")));
        }
        let few = OF_FEW_WORDS.contains(&key) || path.ends_with("ervice.type");
        lacking.extend((few && !part.schema.contains_key("enum")).then(|| format!("{path}: no list of words")));
    }
    assert_eq!(seen.len(), OF_KUBERNETES.len(), "only {seen:?} are looked at");
    assert!(lacking.is_empty(), "{}:\n{}", lacking.len(), lacking.join("\n"));
}
