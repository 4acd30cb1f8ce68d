//! Charts of others that a release of the official chart may hold and that are not rendered here.

use serde_json::Value;

/// A chart of others that is part of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// What it is called.
    pub name: &'static str,
    /// The values path that turns it on.
    pub switch: &'static str,
    /// Whether it holds data that exists nowhere else.
    pub has_data: bool,
    /// What becomes of it, and what to do.
    pub advice: &'static str,
}

const OTHERS: [Other; 5] = [
    Other {
        name: "cert-manager",
        switch: "installCertmanager",
        has_data: true,
        advice: "its custom resource definitions are part of the release: deleting them deletes every Certificate in the cluster. \
                 Set `installCertmanager: false`, and install cert-manager's own chart over it when you want to update it, \
                 https://cert-manager.io/docs/installation/helm/",
    },
    Other {
        name: "Prometheus",
        switch: "prometheus.install",
        has_data: true,
        advice: "its measurements are in its claim. It goes on running; set `prometheus.install: false`, and replace it by a \
                 Prometheus of its own chart when you are ready to lose or to copy them",
    },
    Other {
        name: "HAProxy",
        switch: "haproxy.install",
        has_data: false,
        advice: "traffic comes in through it. It goes on running; install it from its own chart before you delete it",
    },
    Other {
        name: "Traefik",
        switch: "traefik.install",
        has_data: false,
        advice: "traffic comes in through it. It goes on running; install it from its own chart before you delete it",
    },
    Other {
        name: "Envoy Gateway",
        switch: "global.gatewayApi.installEnvoy",
        has_data: false,
        advice: "it serves the Gateway, and its custom resource definitions are part of the release: do not delete them. Install \
                 it from its own chart when you want to update it",
    },
];

/// Those that these values turn on.
pub(super) fn others(values: &Value) -> Vec<Other> {
    let on = |path: &str| path.split('.').try_fold(values, |at, key| at.get(key)) == Some(&Value::Bool(true));
    OTHERS.into_iter().filter(|other| on(other.switch)).collect()
}
