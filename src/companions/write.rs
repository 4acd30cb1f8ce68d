//! Installation of third-party charts: as a script that runs Helm, as objects of Flux, or as Applications of Argo CD.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Companion;
use crate::shell::quoted;
use crate::yaml::write::write_document;

/// The release that they are written for.
#[derive(Debug, Clone)]
pub struct CompanionRelease {
    /// The name of GitLab's release.
    pub name: String,
    /// Its namespace, in which the third-party charts are installed too.
    pub namespace: String,
    /// `GitLab 18.10.0 (chart 9.10.0)`.
    pub version: String,
    /// The known chart whose versions are taken, where that of this release is not known.
    pub nearest: Option<String>,
}

/// The heredoc delimiter of the values in the script; an unindented line of a YAML map has a colon, so none equals it.
const END: &str = "END_OF_VALUES";

/// A script with one `helm upgrade --install` per chart. The script's arguments are passed to each command.
pub fn helm(companions: &[Companion], release: &CompanionRelease) -> String {
    let mut text = String::from("#!/bin/sh\n");
    head(&mut text, companions, release);
    if !companions.is_empty() {
        text.push_str(
            "# Arguments are passed to each command: --dry-run, --wait, or --take-ownership (Helm 3.17 and newer) where objects\n\
             # of an older release are to be taken over; `gitlab-render adopt` explains when.\n",
        );
    }
    text.push_str("set -eu\n");
    for companion in companions {
        definitions(&mut text, companion);
    }
    for companion in companions {
        let Companion { chart, version, release: own, values, .. } = companion;
        let source = match chart.repository.strip_prefix("oci://") {
            Some(_) => quoted(&format!("{}/{}", chart.repository, chart.chart)),
            None => format!("{} --repo {}", quoted(chart.chart), quoted(chart.repository)),
        };
        let _ = writeln!(
            text,
            "\n# {}: `{}` turns it on\nhelm upgrade --install {} {source} --version {} \\\n  --namespace {} --create-namespace \
             --values - \"$@\" <<'{END}'",
            chart.name,
            chart.switch,
            quoted(own),
            quoted(version),
            quoted(&release.namespace),
        );
        write_document(&mut text, values);
        let _ = writeln!(text, "{END}");
    }
    text
}

/// Custom resource definitions that come before all charts: they are applied and belong to no release of Helm, whose Secret
/// is too small for them.
fn definitions(text: &mut String, companion: &Companion) {
    let Some(of) = &companion.definitions else { return };
    let repository = companion.chart.repository;
    let set: Vec<_> = of.set.iter().map(|(path, value)| format!(" --set {}", quoted(&set_word(path, value)))).collect();
    let _ = write!(
        text,
        "\n# The custom resource definitions of {name} are applied before everything else, because `helm upgrade` would not update them.\n\
         dry=\n\
         for word; do case $word in --dry-run*) dry=--dry-run=server ;; esac; done\n\
         # not piped: a pipe has the exit status of its last command\n\
         definitions=$(helm template {release}-crds {source} --version {version}{set}) || {{\n  echo {failed} >&2\n  exit 1\n}}\n\
         printf '%s\\n' \"$definitions\" | kubectl apply --server-side $dry -f -\n",
        name = companion.chart.name,
        failed = quoted(&format!(
            "Helm cannot render the definitions of {}: nothing has been applied",
            companion.chart.name
        )),
        release = companion.release,
        source = quoted(&format!("{repository}/{}", of.chart)),
        version = quoted(&companion.version),
        set = set.concat(),
    );
}

fn set_word(path: &str, value: &Value) -> String {
    format!("{path}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// The chart whose definitions have to be there before the others start: cert-manager looks for the Gateway API only then.
fn first(companions: &[Companion]) -> Option<&Companion> {
    companions.iter().find(|companion| companion.definitions.is_some())
}

/// A HelmRepository and a HelmRelease for each chart.
pub fn flux(companions: &[Companion], release: &CompanionRelease) -> String {
    let mut text = String::new();
    head(&mut text, companions, release);
    for companion in companions {
        let Companion { chart, version, release: own, values, .. } = companion;
        let metadata = json!({"name": own, "namespace": release.namespace});
        let mut repository = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository", "metadata": metadata,
            "spec": {"interval": "1h", "url": chart.repository},
        });
        if chart.repository.starts_with("oci://") {
            repository["spec"]["type"] = "oci".into();
        }
        let source = json!({"kind": "HelmRepository", "name": own});
        let mut helm = json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": metadata,
            "spec": {
                "interval": "1h", "releaseName": own,
                "chart": {"spec": {"chart": chart.chart, "version": version, "sourceRef": source}},
                // Helm installs the content of a chart's folder `crds` and never updates it.
                "upgrade": {"crds": "CreateReplace"},
                "values": values,
            },
        });
        match first(companions) {
            Some(first) if first.release == *own => helm["spec"]["install"] = json!({"crds": "CreateReplace"}),
            Some(first) => helm["spec"]["dependsOn"] = json!([{"name": first.release}]),
            None => {}
        }
        for object in [repository, helm] {
            document(&mut text, &object);
        }
    }
    text
}

/// An Application for each chart.
pub fn argocd(companions: &[Companion], release: &CompanionRelease) -> String {
    let mut text = String::new();
    head(&mut text, companions, release);
    for companion in companions {
        let Companion { chart, version, release: own, values, .. } = companion;
        // Argo CD names an OCI registry without the scheme.
        let repository = chart.repository.strip_prefix("oci://").unwrap_or(chart.repository);
        let mut application = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": own, "namespace": "argocd"},
            "spec": {
                "project": "default",
                "destination": {"server": "https://kubernetes.default.svc", "namespace": release.namespace},
                "source": {
                    "repoURL": repository, "chart": chart.chart, "targetRevision": version,
                    "helm": {"releaseName": own, "valuesObject": values},
                },
                // Definitions of custom resources are too large for the annotation of a client-side apply.
                "syncPolicy": {"syncOptions": ["CreateNamespace=true", "ServerSideApply=true"]},
            },
        });
        if first(companions).is_some_and(|first| first.release == *own) {
            // In an Application of Applications it is synced before the others.
            application["metadata"]["annotations"] = json!({"argocd.argoproj.io/sync-wave": "-1"});
        }
        document(&mut text, &application);
    }
    text
}

fn document(text: &mut String, body: &Value) {
    text.push_str("---\n");
    write_document(text, body);
}

fn head(text: &mut String, companions: &[Companion], release: &CompanionRelease) {
    let CompanionRelease { name, version, nearest, .. } = release;
    if companions.is_empty() {
        let _ = writeln!(text, "# {version}, release {name}: these values enable no third-party chart.");
        return;
    }
    let names: Vec<_> = companions.iter().map(|companion| companion.chart.name).collect();
    let _ = writeln!(
        text,
        "# {version}, release {name}: the third-party charts that these values enable and gitlab-render\n\
         # does not render: {}. Each gets a release of its own.",
        names.join(", ")
    );
    if let Some(chart) = nearest {
        let _ = writeln!(
            text,
            "# The chart of this release of GitLab is not known here: the versions below are those of chart {chart}. Compare them with\n\
             # the dependencies of the chart that `helm search repo gitlab/gitlab --versions` lists for it."
        );
    }
}
