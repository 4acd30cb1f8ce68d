//! Requirements on the cluster, and the API versions that values can select.

use super::{Context, is_set, refuse};
use crate::bundle;
use crate::diag::Diagnostic;
use crate::releases::{kubernetes, series_of};

/// Reports what a cluster would refuse.
pub(super) fn check(cx: &Context) {
    for (path, written) in bundle::API_VERSIONS.iter().filter(|(path, _)| is_set(cx, path)) {
        if cx.section(path) != *written {
            let message =
                format!("no supported Kubernetes version has this API version; objects are written as `{written}`");
            refuse(cx, "removed-api", path, &message, &format!("remove the key, or set it to `{written}`"));
        }
    }
    version(cx);
}

fn version(cx: &Context) {
    let asked = (cx.release.kube_version.major, cx.release.kube_version.minor);
    let gitlab = cx.release.version();
    let Some(runs) = kubernetes::of(gitlab.series()) else { return };
    let oldest = runs.supported.iter().chain(&runs.deprecated).filter_map(|version| series_of(version)).min();
    let is_deprecated = runs.deprecated.iter().filter_map(|version| series_of(version)).any(|version| version == asked);
    let range = format!("GitLab {gitlab} supports Kubernetes {}", runs.in_words());
    let named = format!("`--kube-version {}.{}`", asked.0, asked.1);
    let warn = |message: String, hint: &str| cx.say(Diagnostic::warning("kube-version", message).hint(hint));
    if asked < kubernetes::serves_all() {
        let message = format!("{named}: it does not serve the API versions of the manifests; {range}");
        cx.say(Diagnostic::error("kube-version", message).hint("upgrade the cluster first"));
    } else if oldest.is_some_and(|oldest| asked < oldest) {
        warn(format!("{named}: it is too old to be supported; {range}"), "upgrade the cluster soon");
    } else if is_deprecated {
        warn(
            format!("{named}: it is supported, but deprecated; {range}"),
            "upgrade the cluster before a later GitLab drops it",
        );
    } else if asked > kubernetes::published() {
        warn(
            format!("{named}: this version is not known yet; {range}"),
            "check that this is the version of the cluster",
        );
    } else if kubernetes::newest(gitlab.series()).is_some_and(|newest| asked > newest) {
        let hint = "upgrade GitLab before the cluster, or check that this is the version of the cluster";
        warn(format!("{named}: it is newer than the versions that this release is known to support; {range}"), hint);
    }
}
