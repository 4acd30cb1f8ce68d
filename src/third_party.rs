//! Charts of others that the official chart brings along and that are not rendered here: a note says how to
//! install each that the user asks for, a warning what the small servers in place of some of them do not read.

use serde_json::Value;

use crate::diag::{Diagnostic, ValuePath};

/// A switch, what it stands for, and where its own installation is described.
const CHARTS: [(&str, &str, &str); 4] = [
    (
        "prometheus.install",
        "Prometheus",
        "install it with its own chart, https://github.com/prometheus-community/helm-charts; pods and Services carry the annotations by which it finds them",
    ),
    ("haproxy.install", "HAProxy", "install it with its own chart, https://github.com/haproxytech/helm-charts"),
    ("traefik.install", "Traefik", "install it with its own chart, https://github.com/traefik/traefik-helm-chart"),
    (
        "global.gatewayApi.installEnvoy",
        "Envoy Gateway",
        "install it with its own chart, https://gateway.envoyproxy.io/docs/install/install-helm",
    ),
];

/// A section, what is rendered in place of its chart, and the settings of the chart that it does not read.
const STAND_INS: [(&str, &str, &[&str]); 2] = [
    (
        "postgresql",
        "PostgreSQL",
        &["metrics", "volumePermissions", "primary.extraVolumes", "primary.extraVolumeMounts", "primary.initdb"],
    ),
    ("redis", "Redis", &["architecture", "cluster", "kubectl", "metrics", "sentinel", "sysctl", "volumePermissions"]),
];

/// A note for each chart of others that the user's own values turn on; what is on by default is not worth one.
pub fn notes(user: &Value) -> Vec<Diagnostic> {
    let on = |path: &str| ValuePath::dotted(path).within(user) == Some(&Value::Bool(true));
    let note = |(path, name, hint): &(&str, &str, &str)| {
        Diagnostic::note("third-party", format!("`{path}`: {name} is not rendered"))
            .at_value(ValuePath::dotted(path))
            .hint(*hint)
    };
    CHARTS
        .iter()
        .filter(|(path, ..)| on(path))
        .map(note)
        .chain(STAND_INS.iter().filter_map(|s| unread(s, user)))
        .collect()
}

/// What the user asks of a chart in whose place something smaller is rendered, that this does not do.
fn unread((section, what, settings): &(&str, &str, &[&str]), user: &Value) -> Option<Diagnostic> {
    let own = user.get(section).filter(|own| own.get("install") != Some(&Value::Bool(false)))?;
    let asked: Vec<_> = settings.iter().filter(|path| ValuePath::dotted(path).within(own).is_some_and(asks)).collect();
    let all: Vec<_> = asked.iter().map(|path| format!("`{section}.{path}`")).collect();
    (!asked.is_empty()).then(|| {
        let message = format!("the {what} that is rendered in place of the chart's does not read {}", all.join(", "));
        let places = asked.iter().map(|path| ValuePath::dotted(&format!("{section}.{path}")));
        let found = places.fold(Diagnostic::warning("third-party", message), Diagnostic::at_value);
        found.hint(format!("take the setting out, or install one by its own chart and set `{section}.install: false`"))
    })
}

/// Whether a setting turns anything on.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => map.get("enabled") != Some(&Value::Bool(false)) && map.values().any(asks),
        _ => true,
    }
}
