//! Commands that people copy into a shell.

/// Quotes a word for a POSIX shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The field manager of the printed commands.
pub const MANAGER: &str = "gitlab-render";

/// The command that applies manifests, up to `-f`: by server-side apply, so that fields that are no longer rendered are
/// removed, and with precedence over manual changes. `namespace` is `None` where each manifest says its own.
pub fn kubectl_apply(namespace: Option<&str>) -> String {
    let place = namespace.map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
    format!("kubectl apply{place} --server-side --force-conflicts --field-manager={MANAGER}")
}

/// What a saved file has to contain. A command that finds nothing may still succeed, and prints an empty list or a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Any text.
    Text,
    /// One or more Kubernetes objects, each a document.
    Objects,
    /// An object of a command that may leave out its kind.
    Object,
    /// A list of `kubectl get -o yaml` with at least one object.
    List,
    /// A table of `kubectl get`, even if it has no rows.
    Table,
}

impl Saved {
    /// The regular expression of a line that the file must have.
    fn pattern(self) -> &'static str {
        match self {
            Saved::Text => ".",
            Saved::Objects => "'^kind: '",
            Saved::Object => "'^metadata:'",
            Saved::List => "'^- '",
            Saved::Table => "'^NAME '",
        }
    }
}

/// A command whose output goes into a file, unless a previous attempt has kept it there: the cluster no longer has the state from
/// before both. The file gets its name when it is complete and has what it must contain, so that an attempt that broke
/// off leaves nothing that looks kept.
pub fn kept_once(file: &str, command: &str, saved: Saved) -> String {
    kept(file, &format!("{command} > {file}.part"), saved)
}

/// The same for output that `filter` changes. A shell reports only the exit status of the last command of a pipe, so the
/// output is saved before it is filtered.
pub fn kept_once_through(filter: &str, file: &str, command: &str, saved: Saved) -> String {
    kept(file, &format!("{command} > {file}.raw && {filter} {file}.raw > {file}.part && rm {file}.raw"), saved)
}

fn kept(file: &str, made: &str, saved: Saved) -> String {
    // In double quotes, because the common steps of a plan have variables in place of versions.
    format!(
        "test -s {file} || {{ {made} && grep -q {} {file}.part && mv {file}.part {file}; }} || \
         {{ echo \"{file} is not saved: do not go on\" >&2; false; }}",
        saved.pattern()
    )
}

/// A command whose output replaces a file. A shell creates the file before the command runs, and an empty file of commands or
/// manifests is a success for whatever reads it: so it gets its name when the command has succeeded, and is away otherwise.
pub fn written(file: &str, command: &str) -> String {
    format!(
        "{command} > {file}.part && mv {file}.part {file} || \
         {{ rm -f {file}; echo \"{file} is not written: do not go on\" >&2; false; }}"
    )
}

/// A command for each volume that claims are bound to, `$volume`; `claims` are arguments of `kubectl get pvc`. A list that cannot
/// be read is a failure, and not a list of none.
pub fn for_each_volume(claims: &str, command: &str) -> String {
    format!(
        "volumes=$(kubectl get pvc {claims} -o jsonpath='{{.items[*].spec.volumeName}}') &&\nfor volume in $volumes; do {command}; done"
    )
}

/// A filter for objects of `kubectl get -o yaml` that takes out what ties them to this moment: with its `resourceVersion` an object
/// could not be applied again after a change, and with its `uid` not after it was made anew.
pub const APPLICABLE_AGAIN: &str = "sed -e '/^ *resourceVersion: /d' -e '/^ *uid: /d'";

/// A command that makes a backup with a name of its own, once, and keeps the name in a file: a second attempt must neither replace
/// it nor look for it. `utility` is the command line of the backup tool in its pod.
pub fn backup_once(file: &str, utility: &str, version: &str) -> String {
    format!(
        "test -s {file} || {{ id=\"$(date +%s)_{version}\" && {utility} -t \"$id\" && echo \"$id\" > {file}; }} || \
         {{ echo \"there is no backup: do not go on\" >&2; false; }}"
    )
}

/// Commands that wait until a Job has ended, either way, and fail where it has failed. `kubectl wait` for one condition
/// does not see the other, and would wait for its whole timeout.
///
/// `job` is in kubectl's notation, `job/prod-migrations-1`, or a quoted shell variable; the wait ends after `seconds`
/// in any case.
pub fn job_ended(namespace: &str, job: &str, seconds: u64) -> String {
    let ended = r#"{.status.conditions[?(@.status=="True")].type}"#;
    let tries = seconds.div_ceil(5);
    format!(
        "for try in $(seq {tries}); do kubectl get -n {namespace} {job} -o jsonpath='{ended}' | grep -Eq 'Complete|Failed' && break; \
         sleep 5; done\n\
         kubectl logs -n {namespace} {job} --all-containers --tail=20 || :\n\
         kubectl get -n {namespace} {job} -o jsonpath='{ended}' | grep -q Complete || {{ echo 'the Job has failed: do not go on' >&2; false; }}"
    )
}

/// The same for the newest Job with these labels, for up to two hours: older ones may have failed long ago. Where there
/// is no such Job, the commands report that.
pub fn newest_job_ended(namespace: &str, labels: &str) -> String {
    let newest =
        format!("kubectl get job -n {namespace} -l {labels} --sort-by=.metadata.creationTimestamp -o name | tail -n 1");
    // An interactive shell continues with the next line, which would poll for an empty name until the time is over.
    let checked = format!("\"${{job:?no Job in namespace {namespace} has the labels {labels}}}\"");
    let ended = job_ended(namespace, "\"$job\"", 7200).replacen("\"$job\"", &checked, 1);
    format!("job=$({newest})\n{ended}")
}

/// A command by which Helm knows the repository of GitLab's charts by the name that the other commands use.
pub fn add_repository() -> String {
    "helm repo add gitlab https://charts.gitlab.io && helm repo update gitlab".to_owned()
}

/// A command that puts the chart with this GitLab into `$chart`, where the catalogue does not list it.
pub fn find_chart(gitlab: &str) -> String {
    format!(
        "helm repo update gitlab\n\
         chart=$(helm search repo gitlab/gitlab --versions | grep -wF v{gitlab} | awk 'NR == 1 {{print $2}}')"
    )
}

/// The chart that [`find_chart`] has found. An empty `--version` would be the newest chart, so the shell stops there.
pub fn found_chart(gitlab: &str) -> String {
    format!("\"${{chart:?no chart of gitlab/gitlab has GitLab {gitlab}}}\"")
}

/// The chart of a release that Helm has installed.
pub fn installed_chart(name: &str, namespace: &str) -> String {
    format!("\"$(helm get metadata {name} -n {namespace} -o yaml | awk '/^version:/ {{print $2}}')\"")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        for (word, written) in [
            ("values-18.9.8.yaml", "values-18.9.8.yaml"),
            ("../a b.yaml", "'../a b.yaml'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), written);
        }
    }
}
