//! Objects of a running cluster, read by kubectl: the only program that this one runs besides the command of
//! `--values-from`, and only on request.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::diag::Diagnostic;

/// How kubectl finds the cluster; it takes missing settings from its own configuration.
#[derive(Debug, Default, Clone)]
pub struct Kubectl {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
}

impl Kubectl {
    /// Runs `kubectl get` with these arguments and returns its output.
    ///
    /// # Errors
    /// kubectl is not installed, cannot reach the cluster, or lacks permission to read the objects.
    pub fn get(&self, args: &[String]) -> Result<String, Diagnostic> {
        let mut command = Command::new("kubectl");
        if let Some(file) = &self.kubeconfig {
            command.arg("--kubeconfig").arg(file);
        }
        if let Some(context) = &self.context {
            command.arg("--context").arg(context);
        }
        command.arg("get").args(args).stdin(Stdio::null());
        let output = command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Diagnostic::environment(
                "kubectl",
                "`kubectl`, with which `--live` reads the cluster, is not on the PATH",
            )
            .hint("install it, or dump the cluster elsewhere with the commands that `--print-kubectl-get` prints"),
            _ => Diagnostic::environment("kubectl", format!("`kubectl` cannot be started: {error}")),
        })?;
        if !output.status.success() {
            return Err(failed(&String::from_utf8_lossy(&output.stderr), args));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Diagnostic::environment("kubectl", "the output of `kubectl get` is not UTF-8"))
    }
}

/// kubectl's error message, with the next step.
fn failed(said: &str, args: &[String]) -> Diagnostic {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it printed no reason");
    let hint = if last.contains("have a resource type") {
        "the cluster lacks the definition of a custom resource that these values render: install it first, or disable the \
         component that needs it"
    } else if last.contains("orbidden") {
        "the account that kubectl uses must be allowed to read the objects that these values render"
    } else {
        "`--kubeconfig` and `--context` select the cluster; without them kubectl uses its current context"
    };
    Diagnostic::environment("kubectl", format!("`kubectl get {}` has failed: {last}", args.join(" "))).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::failed;

    #[test]
    fn the_last_line_of_kubectl_is_its_reason() {
        let said = "E1126 memcache.go:265] couldn't get current server API group list\n\
                    error: the server doesn't have a resource type \"issuer\"\n";
        let reported = failed(said, &["issuer".to_owned(), "-o".to_owned(), "yaml".to_owned()]);
        assert_eq!(
            reported.message,
            "`kubectl get issuer -o yaml` has failed: error: the server doesn't have a resource type \"issuer\""
        );
        assert!(reported.hint.is_some_and(|hint| hint.contains("custom resource")));
    }
}
