//! What the cluster has to be, and which API versions can be asked for.

use super::{Context, is_set, refuse};
use crate::bundle;
use crate::diag::Diagnostic;
use crate::resolve::KubeVersion;

/// The first Kubernetes that serves every API version that is written: `autoscaling/v2` and `policy/v1` are all there is since.
const SERVES_ALL: KubeVersion = KubeVersion { major: 1, minor: 25 };
/// What GitLab 18.9 supports (`charts/releases/kubernetes.json`), and the newest version that was published when this was written.
const SUPPORTED: (KubeVersion, KubeVersion) =
    (KubeVersion { major: 1, minor: 33 }, KubeVersion { major: 1, minor: 35 });
const NEWEST: KubeVersion = KubeVersion { major: 1, minor: 37 };

/// Says what a cluster would refuse.
pub(super) fn check(cx: &Context) {
    for (path, written) in bundle::API_VERSIONS.iter().filter(|(path, _)| is_set(cx, path)) {
        if cx.section(path) != *written {
            let message = format!("no supported Kubernetes has this API version, objects are written as `{written}`");
            refuse(cx, "removed-api", path, &message, &format!("remove the key, or set it to `{written}`"));
        }
    }
    version(cx);
}

fn version(cx: &Context) {
    let asked = cx.release.kube_version;
    let (oldest, newest) = SUPPORTED;
    let range = format!("GitLab 18.9 supports {}.{} to {}.{}", oldest.major, oldest.minor, newest.major, newest.minor);
    let said = format!("`--kube-version {}.{}`", asked.major, asked.minor);
    if asked < SERVES_ALL {
        let message = format!("{said}: does not serve the API versions that are written; {range}");
        cx.say(Diagnostic::error("kube-version", message).hint("upgrade the cluster first"));
    } else if asked < oldest {
        let message = format!("{said}: too old to be supported; {range}");
        cx.say(Diagnostic::warning("kube-version", message).hint("upgrade the cluster soon"));
    } else if asked > NEWEST {
        let message = format!("{said}: not known yet; {range}");
        cx.say(Diagnostic::warning("kube-version", message).hint("check that the version is the cluster's"));
    }
}
