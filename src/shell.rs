//! Words of command lines that people copy into a shell.

/// A word as a POSIX shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The name under which the API server keeps what the printed commands apply.
pub const MANAGER: &str = "gitlab-render";

/// The command that applies manifests, up to `-f`: on the server's side, so that fields which are no longer rendered go,
/// and over what somebody changed by hand.
pub fn kubectl_apply(namespace: &str) -> String {
    format!("kubectl apply -n {namespace} --server-side --force-conflicts --field-manager={MANAGER}")
}

/// Commands that wait until a Job has ended, either way, and fail where it has failed. `kubectl wait` for one condition
/// does not see the other, and would hang for its whole timeout.
///
/// `job` is as kubectl takes it, `job/prod-migrations-1`, or a variable of the shell in quotes; the wait ends after `seconds`
/// in any case.
pub fn job_ended(namespace: &str, job: &str, seconds: u64) -> String {
    let ended = r#"{.status.conditions[?(@.status=="True")].type}"#;
    let tries = seconds.div_ceil(5);
    format!(
        "for try in $(seq {tries}); do kubectl get -n {namespace} {job} -o jsonpath='{ended}' | grep -Eq 'Complete|Failed' && break; \
         sleep 5; done\n\
         kubectl logs -n {namespace} {job} --all-containers --tail=20\n\
         kubectl wait -n {namespace} {job} --for=condition=complete --timeout=1s"
    )
}

/// The same for the newest Job with these labels, for up to two hours: older ones may have failed long ago. Where there is no
/// such Job, the shell says so.
pub fn newest_job_ended(namespace: &str, labels: &str) -> String {
    let newest =
        format!("kubectl get job -n {namespace} -l {labels} --sort-by=.metadata.creationTimestamp -o name | tail -n 1");
    // an interactive shell goes on with the next line, where an empty name would be asked for until the time is over
    let checked = format!("\"${{job:?no Job in namespace {namespace} has the labels {labels}}}\"");
    let ended = job_ended(namespace, "\"$job\"", 7200).replacen("\"$job\"", &checked, 1);
    format!("job=$({newest})\n{ended}")
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
