//! Helm's commands and flags that this program does not have: people who come from Helm type them, and scripts contain
//! them.

/// What to do here instead of a command of Helm's; `words` are the arguments after the program's name.
pub fn command(words: &[String]) -> Option<&'static str> {
    let mut commands = words.iter().filter(|word| !word.starts_with('-')).map(String::as_str);
    let first = commands.next()?;
    Some(match (first, commands.next()) {
        ("install", _) => {
            "this program writes manifests, and kubectl applies them: `gitlab-render template NAME -n NAMESPACE -f values.yaml \
             --phase pre,main,post | kubectl apply -n NAMESPACE -f -`; `--list-phases` prints the commands that also wait"
        }
        ("upgrade", Some("plan" | "help")) => return None,
        ("upgrade", _) => {
            "`gitlab-render upgrade plan --from VERSION -f values.yaml` shows what an upgrade needs; `gitlab-render template \
             NAME -n NAMESPACE -f values.yaml --is-upgrade --list-phases` prints the commands that apply it"
        }
        ("rollback", _) => {
            "apply the manifests of the earlier release again: from git, or with `gitlab-render template NAME \
             --gitlab-version VERSION`; a database that a newer GitLab has migrated needs its backup too"
        }
        ("uninstall" | "delete" | "del" | "un", _) => {
            "delete what was applied: `gitlab-render template NAME -n NAMESPACE -f values.yaml | kubectl delete -n NAMESPACE \
             --ignore-not-found -f -`; this includes volume claims"
        }
        ("show" | "inspect", Some("values")) => {
            "`gitlab-render values --defaults` writes all default values, and `gitlab-render init PROFILE` writes values to start from"
        }
        ("show" | "inspect", _) => "`gitlab-render version` shows the chart that this program replaces",
        ("get", Some("manifest" | "hooks")) => {
            "`gitlab-render template NAME -n NAMESPACE -f values.yaml` writes the manifests; `gitlab-render diff` compares them \
             with those of the cluster"
        }
        ("get", _) => {
            "this program keeps no record in the cluster: keep the values in git; `helm get values NAME -n NAMESPACE` shows \
             those of a release that Helm runs"
        }
        ("list" | "ls" | "status" | "history" | "hist", _) => {
            "this program keeps no record in the cluster: `kubectl get all -n NAMESPACE -l release=NAME` shows what runs"
        }
        ("diff", Some("upgrade" | "release" | "revision" | "rollback")) => {
            "`gitlab-render diff OLD NEW` compares values files or manifests, and `gitlab-render diff --live new.yaml --name NAME -n \
             NAMESPACE` compares with the cluster"
        }
        ("test", _) => {
            "`gitlab-render template NAME -n NAMESPACE -f values.yaml --phase test | kubectl apply -n NAMESPACE -f -` runs the \
             tests"
        }
        (
            "repo" | "pull" | "fetch" | "dependency" | "dep" | "search" | "registry" | "package" | "push" | "create"
            | "verify",
            _,
        ) => {
            "no chart is downloaded or packaged: this program contains everything; `gitlab-render releases` lists the releases"
        }
        ("env" | "plugin", _) => "this program has no plugins and reads no environment but NO_COLOR and TERM",
        _ => return None,
    })
}

/// What to do here instead of a flag of Helm's, given as clap names it (`--repo`, `-g`).
pub fn flag(flag: &str) -> Option<&'static str> {
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
            "leave it out: no chart is downloaded, this program contains everything; `--gitlab-version` selects the GitLab version"
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
            "leave it out: no cluster is contacted; `--kube-version` and `--api-versions` describe the one to render for"
        }
        "--validate" | "--dry-run" | "--disable-openapi-validation" => {
            "leave it out: manifests are always checked, and nothing is ever sent to a cluster"
        }
        "--create-namespace" => {
            "leave it out, and run `kubectl create namespace NAMESPACE` before the manifests are applied"
        }
        "--wait" | "--wait-for-jobs" | "--timeout" | "--atomic" | "--rollback-on-failure" | "--cleanup-on-fail" => {
            "leave it out: `gitlab-render template --list-phases` prints the kubectl commands that apply each phase and wait for it"
        }
        "--install" | "-i" | "--force" | "--replace" | "--cascade" | "--force-conflicts" | "--server-side"
        | "--take-ownership" => "leave it out: `kubectl apply` does this with the manifests",
        "--reuse-values" | "--reset-values" | "--reset-then-reuse-values" | "--history-max" | "--keep-history" => {
            "leave it out: nothing is recorded in the cluster, and `-f` names all values"
        }
        "-g" | "--generate-name" => "give the release a name: the same input must give the same manifests",
        "--post-renderer" | "--post-renderer-args" => "write to stdout and pipe it into the next program",
        "--debug" => "`-v` prints more",
        "--strict" => "`gitlab-render lint --fail-on warning` fails where there is a warning",
        "--with-subcharts" => "leave it out: all components are checked",
        chart if is_chart(chart) => "leave the chart out: this program is the chart, and `-f` names values",
        "--render-subchart-notes" | "--hide-notes" | "--description" | "--labels" | "-l" | "--enable-dns" => {
            "leave it out: it has no effect here"
        }
        _ => return None,
    })
}

/// Whether an argument that no command expects is a chart: `.`, `./gitlab`, `gitlab/gitlab`, `oci://...`, an archive.
fn is_chart(word: &str) -> bool {
    let archive = [".tgz", ".tar.gz"].iter().any(|end| word.ends_with(end));
    let place = ["./", "../", "oci://", "https://", "gitlab/"].iter().any(|start| word.starts_with(start));
    word == "." || archive || place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_flag_with_its_value_is_known_by_its_name() {
        assert_eq!(flag("--repo=https://charts.gitlab.io"), flag("--repo"));
        assert!(flag("--repo").is_some());
        assert_eq!(flag("--reppo"), None);
        assert!(flag("gitlab/gitlab").is_some() && flag(".").is_some());
        assert_eq!(flag("values.yaml"), None);
    }

    #[test]
    fn helms_commands_have_an_answer_and_ours_none() {
        for line in [
            "install prod gitlab/gitlab --wait",
            "--quiet install",
            "upgrade --install prod gitlab/gitlab",
            "upgrade prod .",
            "rollback prod 3",
            "show values gitlab/gitlab",
            "get values prod",
            "uninstall prod",
            "history prod",
            "dependency update",
            "diff upgrade prod gitlab/gitlab",
            "repo add gitlab https://charts.gitlab.io",
        ] {
            assert!(command(&words(line)).is_some(), "{line}");
        }
        for line in ["template prod", "diff old.yaml new.yaml", "upgrade plan --from 18", "instal", "values migrate"] {
            assert_eq!(command(&words(line)), None, "{line}");
        }
    }
}
