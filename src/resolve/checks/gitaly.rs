//! Storages of repositories, Praefect, and Git over SSH.

use super::{Context, is_set, refuse, refuse_beside, required, warn};
use crate::model::{NonEmpty, Text};
use crate::resolve::shared::gitaly::{Gitaly, Praefect};

/// Reports contradictory settings of them.
pub(super) fn check(cx: &Context) {
    storages(cx);
    replication_factors(cx);
    certificates_behind_praefect(cx);
    metrics_of_openssh(cx);
    authorities_of_openssh(cx);
    signing_key(cx);
}

/// Each storage with the path of its name.
fn named(cx: &Context) -> Vec<(String, String)> {
    let gitaly: Gitaly = cx.read("global.gitaly");
    let praefect = Praefect::of(cx);
    let mut all = Vec::new();
    if praefect.enabled {
        for (index, storage) in praefect.virtual_storages.iter().enumerate() {
            all.push((storage.name.0.clone(), format!("global.praefect.virtualStorages[{index}].name")));
        }
    }
    if gitaly.enabled && !praefect.replaces_gitaly() {
        for (index, name) in gitaly.internal.names.iter().enumerate() {
            all.push((name.0.clone(), format!("global.gitaly.internal.names[{index}]")));
        }
    }
    for (index, storage) in gitaly.external.iter().enumerate() {
        all.push((storage.name.0.clone(), format!("global.gitaly.external[{index}].name")));
    }
    all
}

/// Rails uses `default` as the fallback storage, and identifies storages by name.
fn storages(cx: &Context) {
    let all = named(cx);
    for (index, (name, path)) in all.iter().enumerate() {
        if let Some((_, first)) = all[..index].iter().find(|(other, _)| other == name) {
            let message = format!("the storage `{name}` is already defined by `{first}`");
            refuse_beside(cx, "storage-twice", [path, first], &message, "give each storage a unique name");
        }
    }
    if !all.iter().any(|(name, _)| name == "default") {
        let (path, hint) = if cx.enabled("global.praefect.enabled") {
            ("global.praefect.virtualStorages", "name one storage `default`, here or in `global.gitaly.external`")
        } else if cx.enabled("global.gitaly.enabled") {
            ("global.gitaly.internal.names", "name one storage `default`, here or in `global.gitaly.external`")
        } else {
            (
                "global.gitaly.external",
                "name your Gitaly servers here, one of them with the name `default`, or remove `global.gitaly.enabled: false`",
            )
        };
        let message = match path {
            "global.gitaly.external" if all.is_empty() => {
                "is empty, and `global.gitaly.enabled` is false: nothing stores the repositories"
            }
            _ => "no storage is named `default`, which GitLab needs",
        };
        refuse(cx, "no-default-storage", path, message, hint);
    }
}

fn replication_factors(cx: &Context) {
    let praefect = Praefect::of(cx);
    if !praefect.enabled {
        return;
    }
    for (index, storage) in praefect.virtual_storages.iter().enumerate() {
        let Some(factor) = storage.default_replication_factor else { continue };
        if factor.0 < 1 || factor.0 > storage.replicas() {
            let base = format!("global.praefect.virtualStorages[{index}]");
            refuse_beside(
                cx,
                "replication-factor",
                [&format!("{base}.defaultReplicationFactor"), &format!("{base}.gitalyReplicas")],
                &format!(
                    "the number of copies must be between one and the number of Gitaly pods: `{base}.gitalyReplicas`, {}",
                    storage.replicas()
                ),
                "set it between 1 and `gitalyReplicas` of the same storage",
            );
        }
    }
}

/// The pods of each virtual storage have names of their own, and so need a certificate of their own.
fn certificates_behind_praefect(cx: &Context) {
    let praefect = Praefect::of(cx);
    if !praefect.enabled || !cx.enabled("global.gitaly.tls.enabled") {
        return;
    }
    for (index, storage) in praefect.virtual_storages.iter().enumerate() {
        if storage.tls_secret_name.non_empty().is_none() {
            let base = format!("global.praefect.virtualStorages[{index}]");
            refuse_beside(
                cx,
                "virtual-storage-certificate",
                [&format!("{base}.tlsSecretName"), &format!("{base}.name")],
                "is missing, and `global.gitaly.tls.enabled` enables TLS",
                "create a Secret with the certificate of its Gitaly pods, and name it here",
            );
        }
    }
}

fn metrics_of_openssh(cx: &Context) {
    if serves_openssh(cx) && cx.enabled("gitlab.gitlab-shell.metrics.enabled") {
        refuse_beside(
            cx,
            "openssh-metrics",
            ["gitlab.gitlab-shell.metrics.enabled", "gitlab.gitlab-shell.sshDaemon"],
            "OpenSSH, which `gitlab.gitlab-shell.sshDaemon` selects, has no metrics",
            "set `gitlab.gitlab-shell.sshDaemon: gitlab-sshd`, or `gitlab.gitlab-shell.metrics.enabled: false`",
        );
    }
}

fn authorities_of_openssh(cx: &Context) {
    let path = "gitlab.gitlab-shell.config.trustedUserCAKeys";
    if serves_openssh(cx) && is_set(cx, &format!("{path}.secret")) {
        warn(
            cx,
            "unread-key",
            path,
            "is not read: only `gitlab-sshd` accepts user certificates",
            "set `gitlab.gitlab-shell.sshDaemon: gitlab-sshd`",
        );
    }
}

fn serves_openssh(cx: &Context) -> bool {
    let daemon: Option<Text> = cx.read("gitlab.gitlab-shell.sshDaemon");
    cx.enabled("gitlab.gitlab-shell.enabled") && daemon.non_empty().unwrap_or("openssh") == "openssh"
}

fn signing_key(cx: &Context) {
    let base = "gitlab.gitaly.gpgSigning";
    if !cx.enabled("global.gitaly.enabled") || !cx.enabled(&format!("{base}.enabled")) {
        return;
    }
    for key in ["secret", "key"] {
        required(
            cx,
            "signing-key",
            &format!("{base}.{key}"),
            &format!("`{base}.enabled` signs commits that GitLab makes"),
            "create a Secret with the GPG key, and write its name into `secret` and the entry into `key`",
        );
    }
}
