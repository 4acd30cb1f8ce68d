//! Third-party charts that a release of the official chart may contain and that this program does not render.

use serde_json::Value;

/// A third-party chart that is part of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThirdPartyChart {
    /// Its name in sentences.
    pub name: &'static str,
    /// The values path that turns it on.
    pub switch: &'static str,
    /// Whether it holds data that exists nowhere else.
    pub has_data: bool,
    /// What happens to it during the takeover, and what to do about it.
    pub advice: &'static str,
}

const CHARTS: [ThirdPartyChart; 5] = [
    ThirdPartyChart {
        name: "cert-manager",
        switch: "installCertmanager",
        has_data: true,
        advice: "its custom resource definitions are part of the release: deleting them deletes every Certificate in the cluster. \
                 Set `installCertmanager: false`, and install cert-manager's own chart over it when you want to update it, \
                 https://cert-manager.io/docs/installation/helm/",
    },
    ThirdPartyChart {
        name: "Prometheus",
        switch: "prometheus.install",
        has_data: true,
        advice: "its measurements are in its claim. It goes on running; set `prometheus.install: false`, and replace it by a \
                 Prometheus of its own chart when you are ready to lose or to copy them",
    },
    ThirdPartyChart {
        name: "HAProxy",
        switch: "haproxy.install",
        has_data: false,
        advice: "traffic comes in through it. It goes on running; install it from its own chart before you delete it",
    },
    ThirdPartyChart {
        name: "Traefik",
        switch: "traefik.install",
        has_data: false,
        advice: "traffic comes in through it. It goes on running; install it from its own chart before you delete it",
    },
    ThirdPartyChart {
        name: "Envoy Gateway",
        switch: "global.gatewayApi.installEnvoy",
        has_data: false,
        advice: "it serves the Gateway, and its custom resource definitions are part of the release: do not delete them. Install \
                 it from its own chart when you want to update it",
    },
];

/// The charts that these values turn on.
pub(super) fn charts(values: &Value) -> Vec<ThirdPartyChart> {
    let on = |path: &str| path.split('.').try_fold(values, |at, key| at.get(key)) == Some(&Value::Bool(true));
    CHARTS.into_iter().filter(|chart| on(chart.switch)).collect()
}
