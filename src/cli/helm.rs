//! Flags that `helm template` has and this program has no use for: scripts that move over bring them.

/// Why a flag of Helm's is not here, given as clap names it (`--repo`, `-g`).
pub fn hint(flag: &str) -> Option<&'static str> {
    let name = flag.split(['=', ' ']).next().unwrap_or(flag);
    Some(match name {
        "--repo"
        | "--version"
        | "--devel"
        | "--verify"
        | "--keyring"
        | "--username"
        | "--password"
        | "--pass-credentials"
        | "--ca-file"
        | "--cert-file"
        | "--key-file"
        | "--insecure-skip-tls-verify"
        | "--plain-http"
        | "--dependency-update"
        | "--repository-cache"
        | "--repository-config"
        | "--registry-config" => {
            "leave it out: no chart is fetched, everything is in this program; `--gitlab-version` picks the GitLab version"
        }
        "--kubeconfig"
        | "--kube-context"
        | "--kube-apiserver"
        | "--kube-token"
        | "--kube-as-user"
        | "--kube-as-group"
        | "--kube-ca-file"
        | "--kube-insecure-skip-tls-verify"
        | "--kube-tls-server-name"
        | "--qps"
        | "--burst-limit" => {
            "leave it out: no cluster is asked; `--kube-version` and `--api-versions` say what it can do"
        }
        "--validate" | "--dry-run" | "--disable-openapi-validation" => {
            "leave it out: manifests are always checked, and nothing is ever sent to a cluster"
        }
        "--atomic"
        | "--wait"
        | "--wait-for-jobs"
        | "--timeout"
        | "--force"
        | "--replace"
        | "--create-namespace"
        | "--cascade"
        | "--rollback-on-failure"
        | "--force-conflicts"
        | "--server-side"
        | "--take-ownership" => "leave it out: `kubectl apply` and `kubectl rollout status` do this with the manifests",
        "-g" | "--generate-name" => "give the release a name: the same input must give the same manifests",
        "--post-renderer" | "--post-renderer-args" => "write to stdout and pipe it into the next program",
        "--debug" => "`-v` says more",
        "--render-subchart-notes" | "--hide-notes" | "--description" | "--labels" | "-l" | "--enable-dns" => {
            "leave it out: there is nothing here that it would change"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_flag_with_its_value_is_known_by_its_name() {
        assert_eq!(hint("--repo=https://charts.gitlab.io"), hint("--repo"));
        assert!(hint("--repo").is_some());
        assert_eq!(hint("--reppo"), None);
    }
}
