//! The Application by which Argo CD applies the directory.

use std::path::Path;

use serde_json::json;

use super::flux;
use crate::yaml::write::write_document;

/// The name of its file, beside the folders of the components.
pub const APPLICATION: &str = "argocd.yaml";

/// The Application for a directory, as a file in that directory.
pub fn application(release: &str, namespace: &str, dir: &Path) -> (String, String) {
    let mut text = String::from(
        "# Apply this to the cluster that Argo CD runs in. Set `repoURL` and `targetRevision` to those of your repository; `path` is the directory as\n\
         # seen from the root of the repository. Argo CD creates the namespace if it does not exist.\n",
    );
    let body = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": format!("{release}-gitlab"), "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "source": {
                "repoURL": "https://git.example.com/deployments.git",
                "targetRevision": "main",
                "path": flux::root(dir),
                "directory": {"recurse": true, "exclude": APPLICATION},
            },
            "syncPolicy": {
                "syncOptions": ["CreateNamespace=true", "ServerSideApply=true", "RespectIgnoreDifferences=true"],
            },
        },
    });
    write_document(&mut text, &body);
    (APPLICATION.to_owned(), text)
}
