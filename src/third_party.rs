//! Charts of others that the official chart brings along and that are not rendered here: a note says how to
//! install each that the user asks for.

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

/// A note for each chart of others that the user's own values turn on; what is on by default is not worth one.
pub fn notes(user: &Value) -> Vec<Diagnostic> {
    let on = |path: &str| ValuePath::dotted(path).within(user) == Some(&Value::Bool(true));
    let note = |(path, name, hint): &(&str, &str, &str)| {
        Diagnostic::note("third-party", format!("`{path}`: {name} is not rendered"))
            .at_value(ValuePath::dotted(path))
            .hint(*hint)
    };
    CHARTS.iter().filter(|(path, ..)| on(path)).map(note).collect()
}
