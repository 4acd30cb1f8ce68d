//! Third-party charts that the official chart installs for the whole cluster and that are not rendered here: which of
//! them the values turn on, in which version, and with which values of their own.
//!
//! [`write`] writes how to install them. Their versions and the values that the official chart sets for them are data
//! in `charts/releases/companions.json`.

pub mod write;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::diag::{Diagnostic, ValuePath, code};
use crate::releases::{self, GitlabVersion};
use crate::values::ChartDefaults;
use crate::values::tree::over_defaults;

/// A third-party chart.
#[derive(Debug)]
pub struct CompanionChart {
    /// Its name in prose.
    pub name: &'static str,
    /// Its section of the values. Its own release is named `RELEASE-SECTION`, so that objects keep the names that they
    /// have in a release of the official chart.
    pub section: &'static str,
    /// The values path that enables it.
    pub switch: &'static str,
    /// The name of the chart in its repository.
    pub chart: &'static str,
    /// The repository, `https://` or `oci://`.
    pub repository: &'static str,
    /// Keys of `global` that it reads as well.
    globals: &'static [&'static str],
    /// The API groups of its custom resource definitions, without subgroups.
    pub groups: &'static [&'static str],
    /// Whether it holds data that exists nowhere else.
    pub has_data: bool,
    /// What is lost when its objects are deleted, as a whole sentence.
    pub if_deleted: &'static str,
    /// What is unavailable while it is replaced, as a whole sentence.
    pub while_replaced: &'static str,
}

/// All third-party charts, in the order of installation.
pub static CHARTS: [CompanionChart; 5] = [
    CompanionChart {
        name: "cert-manager",
        section: "certmanager",
        switch: "installCertmanager",
        chart: "cert-manager",
        repository: "https://charts.jetstack.io",
        globals: &["priorityClassName"],
        groups: &["cert-manager.io"],
        has_data: true,
        if_deleted: "Deleting its custom resource definitions deletes every Certificate and Issuer in the cluster, including \
                     those of other applications.",
        while_replaced: "Existing certificates stay valid; none is issued or renewed until it runs again.",
    },
    CompanionChart {
        name: "Prometheus",
        section: "prometheus",
        switch: "prometheus.install",
        chart: "prometheus",
        repository: "https://prometheus-community.github.io/helm-charts",
        globals: &[],
        groups: &[],
        has_data: true,
        if_deleted: "Deleting its claim deletes the recorded metrics.",
        while_replaced: "No metrics are recorded until it runs again; the claim and the earlier metrics are kept.",
    },
    CompanionChart {
        name: "Envoy Gateway",
        section: "envoy-gateway",
        switch: "global.gatewayApi.installEnvoy",
        chart: "gateway-helm",
        repository: "oci://registry-1.docker.io/envoyproxy",
        globals: &[],
        groups: &["gateway.envoyproxy.io", "gateway.networking.k8s.io"],
        has_data: false,
        if_deleted: "Deleting its custom resource definitions deletes every Gateway and every route in the cluster.",
        while_replaced: "The proxies keep serving; changes to routes take effect when it runs again.",
    },
    CompanionChart {
        name: "Traefik",
        section: "traefik",
        switch: "traefik.install",
        chart: "traefik",
        repository: "https://helm.traefik.io/traefik",
        globals: &[],
        groups: &["traefik.io", "traefik.containo.us"],
        has_data: false,
        if_deleted: "It receives all incoming traffic, and its Service has the address that DNS points to.",
        while_replaced: "GitLab cannot be reached until it runs again; its Service and the address are kept.",
    },
    CompanionChart {
        name: "HAProxy",
        section: "haproxy",
        switch: "haproxy.install",
        chart: "kubernetes-ingress",
        repository: "https://haproxytech.github.io/helm-charts",
        globals: &[],
        groups: &["haproxy.org"],
        has_data: false,
        if_deleted: "It receives all incoming traffic, and its Service has the address that DNS points to.",
        while_replaced: "GitLab cannot be reached until it runs again; its Service and the address are kept.",
    },
];

impl CompanionChart {
    /// The name of its own Helm release beside a GitLab release of this name: at most the 53 bytes that Helm accepts.
    pub fn release(&self, gitlab: &str) -> String {
        let room = LONGEST_RELEASE.saturating_sub(self.section.len() + 1);
        let head = gitlab.get(..room).unwrap_or(gitlab).trim_end_matches('-');
        format!("{head}-{}", self.section)
    }
}

/// The maximum length of a release name in Helm.
const LONGEST_RELEASE: usize = 53;

/// A third-party chart that is enabled.
#[derive(Debug, Clone)]
pub struct Companion {
    /// The chart.
    pub chart: &'static CompanionChart,
    /// The version that the official chart of the release pins.
    pub version: String,
    /// The name of its own Helm release.
    pub release: String,
    /// Its values: what the official chart sets, and the user's section over it.
    pub values: Value,
    /// The chart with its custom resource definitions, which come before all others; `None` where its own installs them.
    pub definitions: Option<Definitions>,
}

/// A chart that has custom resource definitions only, in the version of the chart that needs them.
#[derive(Debug, Clone, Deserialize)]
pub struct Definitions {
    section: String,
    /// The first series of GitLab that asks for it.
    since: String,
    /// Its name in the repository of the chart that needs them.
    pub chart: String,
    /// The values that turn the definitions on, by their paths.
    pub set: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Data {
    /// A section and its chart version from each release of the official chart on.
    versions: Vec<(String, Vec<(String, String)>)>,
    values: Vec<Row>,
    definitions: Vec<Definitions>,
}

#[derive(Deserialize)]
struct Row {
    section: String,
    /// The first series of GitLab that includes it.
    since: Option<String>,
    values: Map<String, Value>,
}

fn data() -> &'static Data {
    static READ: OnceLock<Data> = OnceLock::new();
    READ.get_or_init(|| releases::read(releases::COMPANIONS))
}

/// Whether the values, including the defaults, enable a chart.
pub fn is_on(chart: &CompanionChart, values: &Value) -> bool {
    ValuePath::dotted(chart.switch).within(values) == Some(&Value::Bool(true))
}

/// The charts that are enabled. `values` are the user's over the defaults, `user` those of the user alone.
pub fn companions(values: &Value, user: &Value, gitlab: GitlabVersion, release: &str) -> Vec<Companion> {
    let on = CHARTS.iter().filter(|chart| is_on(chart, values));
    on.filter_map(|chart| {
        let version = version(chart, gitlab)?;
        let values = own_values(chart, user, gitlab);
        let definitions = definitions(chart, gitlab);
        Some(Companion { chart, version, release: chart.release(release), values, definitions })
    })
    .collect()
}

/// The chart with custom resource definitions that a release asks for before the chart itself.
fn definitions(chart: &CompanionChart, gitlab: GitlabVersion) -> Option<Definitions> {
    let asks = |row: &&Definitions| releases::series_of(&row.since).is_some_and(|since| since <= gitlab.series());
    data().definitions.iter().filter(asks).find(|row| row.section == chart.section).cloned()
}

/// The version that the official chart of a GitLab release pins; `None` where the release does not include the chart.
fn version(chart: &CompanionChart, gitlab: GitlabVersion) -> Option<String> {
    let official = releases::chart_of(gitlab);
    let rows = data().versions.iter().find(|(section, _)| section == chart.section)?;
    let fits = |row: &&(String, String)| GitlabVersion::parse(&row.0).is_some_and(|since| since <= official);
    rows.1.iter().rfind(fits).map(|row| row.1.clone())
}

/// The values that the official chart sets, with the user's section merged over them as in Helm, and without the
/// switch.
fn own_values(chart: &CompanionChart, user: &Value, gitlab: GitlabVersion) -> Value {
    let holds = |row: &&Row| {
        row.section == chart.section
            && row.since.as_deref().and_then(releases::series_of).is_none_or(|since| since <= gitlab.series())
    };
    let mut values = Value::Object(Map::new());
    for row in data().values.iter().filter(holds) {
        values = over(Value::Object(row.values.clone()), values);
    }
    let section = user.get(chart.section).cloned().unwrap_or_default();
    if section.is_object() {
        values = over(section, values);
    }
    let Value::Object(map) = &mut values else { return values };
    if chart.switch == format!("{}.install", chart.section) {
        map.remove("install");
    }
    let globals = chart.globals.iter().filter_map(|key| {
        let value = user.get("global")?.get(*key).filter(|value| !value.is_null() && **value != "")?;
        Some(((*key).to_owned(), value.clone()))
    });
    let globals: Map<_, _> = globals.collect();
    if !globals.is_empty() {
        let own = map.remove("global").unwrap_or_default();
        let own = if own.is_object() { own } else { Value::Object(Map::new()) };
        map.insert("global".to_owned(), over(own, Value::Object(globals)));
    }
    values
}

fn over(upper: Value, lower: Value) -> Value {
    over_defaults(upper, ChartDefaults::with_sections(lower, &[]))
}

/// The third-party chart that an object in a release of the official chart belongs to, by its labels, its API group, or the
/// group of the custom resources that it defines.
pub fn owner(object: &Value) -> Option<&'static CompanionChart> {
    let text = |at: &str| object.pointer(at).and_then(Value::as_str);
    let kind = text("/kind")?;
    if kind == "CustomResourceDefinition" {
        let group = text("/spec/group")?;
        return CHARTS.iter().find(|chart| chart.groups.iter().any(|own| is_within(group, own)));
    }
    let labels = object.pointer("/metadata/labels")?;
    let label = |name: &str| labels.get(name).and_then(Value::as_str);
    // `certmanager-v1.19.4`: the official chart's name for it, or that of the chart itself, and a version
    let packed = label("helm.sh/chart").or_else(|| label("chart")).and_then(|text| {
        let at = text.char_indices().find(|(at, c)| *c == '-' && is_version(&text[at + 1..]))?.0;
        Some(&text[..at])
    });
    let name = label("app.kubernetes.io/name");
    let is = |chart: &CompanionChart, word: &str| word == chart.section || word == chart.chart;
    CHARTS.iter().find(|chart| match packed {
        Some(packed) => is(chart, packed),
        // Version labels are removed before a comparison.
        None => name.is_some_and(|name| is(chart, name)),
    })
}

fn is_within(group: &str, own: &str) -> bool {
    group == own || group.strip_suffix(own).is_some_and(|head| head.ends_with('.'))
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
}

/// A note for each third-party chart that the user's own values enable; a chart that is on by default gets no note.
pub fn notes(user: &Value) -> Vec<Diagnostic> {
    // Requested certificates have a warning of their own.
    let on = CHARTS.iter().filter(|chart| chart.switch != "installCertmanager" && is_on(chart, user));
    on.map(|chart| {
        let CompanionChart { name, switch, .. } = chart;
        let found =
            if chart.section == "prometheus" { "; it finds pods and Services by their annotations" } else { "" };
        Diagnostic::note(code::THIRD_PARTY, format!("`{switch}`: {name} is not rendered"))
            .at_value(ValuePath::dotted(switch))
            .hint(format!("`gitlab-render companions` writes the installation with its own chart{found}"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CHARTS, GitlabVersion, companions, owner};

    fn released(minor: u32) -> GitlabVersion {
        GitlabVersion { major: 18, minor, patch: 0 }
    }

    #[test]
    fn a_release_keeps_the_names_and_the_length_that_helm_takes() {
        assert_eq!(CHARTS[0].release("prod"), "prod-certmanager");
        let long = CHARTS[2].release(&"a".repeat(53));
        assert_eq!(long.len(), 53);
        assert!(long.ends_with("-envoy-gateway"));
    }

    #[test]
    fn the_users_section_lies_over_what_the_official_chart_sets() {
        let user = json!({
            "prometheus": {"install": true, "server": {"retention": null, "resources": {"limits": {"cpu": 1}}}},
            "certmanager": {"global": {"logLevel": 2}},
            "global": {"priorityClassName": "high"},
        });
        let values = json!({"prometheus": {"install": true}, "installCertmanager": true});
        let found = companions(&values, &user, released(10), "prod");
        let [cert_manager, prometheus] = &found[..] else { panic!("{found:?}") };
        assert_eq!(cert_manager.version, "v1.19.4");
        assert_eq!(
            cert_manager.values,
            json!({"installCRDs": true, "nameOverride": "certmanager", "global": {"priorityClassName": "high", "logLevel": 2}})
        );
        assert!(prometheus.values.get("install").is_none());
        assert!(prometheus.values["server"].get("retention").is_none());
        assert_eq!(prometheus.values["server"]["resources"]["limits"]["cpu"], 1);
        assert_eq!(prometheus.values["alertmanager"]["enabled"], false);
    }

    #[test]
    fn a_release_before_a_chart_was_brought_along_has_none() {
        let values = json!({"global": {"gatewayApi": {"installEnvoy": true}}});
        assert!(companions(&values, &values, released(6), "prod").is_empty());
        assert_eq!(companions(&values, &values, released(9), "prod")[0].version, "1.7.0");
    }

    #[test]
    fn an_object_tells_whose_it_is() {
        let of = |kind: &str, labels: serde_json::Value| {
            owner(&json!({"kind": kind, "metadata": {"labels": labels}})).map(|chart| chart.section)
        };
        assert_eq!(of("Deployment", json!({"helm.sh/chart": "certmanager-v1.19.4"})), Some("certmanager"));
        assert_eq!(of("Service", json!({"helm.sh/chart": "envoy-gateway-1.7.1"})), Some("envoy-gateway"));
        assert_eq!(of("Service", json!({"app.kubernetes.io/name": "prometheus"})), Some("prometheus"));
        assert_eq!(of("Deployment", json!({"chart": "gitlab-exporter-9.10.0"})), None);
        assert_eq!(of("Deployment", json!({"chart": "prometheus-exporter-9.10.0"})), None);
        let crd = json!({"kind": "CustomResourceDefinition", "spec": {"group": "acme.cert-manager.io"}});
        assert_eq!(owner(&crd).map(|chart| chart.section), Some("certmanager"));
        let other = json!({"kind": "CustomResourceDefinition", "spec": {"group": "notcert-manager.io"}});
        assert!(owner(&other).is_none());
    }
}
