//! `gitlab-render argocd`.

use std::env;

use clap::Args;

use super::{Exit, adapter};
use crate::diag::{Diagnostic, Failure};
use crate::ui::Ui;

/// `gitlab-render argocd`.
#[derive(Debug, Args)]
#[command(after_help = "\
Variables, those with ARGOCD_ENV_ from `spec.source.plugin.env` of the Application, where they are written without it:
  ARGOCD_APP_NAME            the release, unless ARGOCD_ENV_RELEASE names another
  ARGOCD_APP_NAMESPACE       the namespace
  KUBE_VERSION               the version of the cluster
  ARGOCD_ENV_VALUES          values files, as a comma list; without it gitlab-values.yaml
  ARGOCD_ENV_PROFILE         a built-in profile under them
  ARGOCD_ENV_GITLAB_VERSION  the version of GitLab
  ARGOCD_ENV_ARGS            further arguments of `template`, separated by blanks

Example, in the plugin.yaml of a config management plugin:
  generate: {command: [gitlab-render, argocd]}")]
pub struct ArgocdArgs {}

impl ArgocdArgs {
    /// Renders the release that the environment variables describe, with Argo CD's hooks and sync waves.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let given = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let Some(application) = given("ARGOCD_APP_NAME") else {
            let message = "the variable ARGOCD_APP_NAME is not set: Argo CD sets it when it runs a plugin";
            return Err(Diagnostic::usage("plugin-input", message).hint("see `gitlab-render argocd --help`").into());
        };
        let mut words = vec![given("ARGOCD_ENV_RELEASE").unwrap_or(application)];
        words.push(format!("--values={}", given("ARGOCD_ENV_VALUES").as_deref().unwrap_or("gitlab-values.yaml")));
        for (name, flag) in [
            ("ARGOCD_APP_NAMESPACE", "--namespace"),
            ("KUBE_VERSION", "--kube-version"),
            ("ARGOCD_ENV_PROFILE", "--profile"),
            ("ARGOCD_ENV_GITLAB_VERSION", "--gitlab-version"),
        ] {
            words.extend(given(name).map(|value| format!("{flag}={value}")));
        }
        words.push("--hooks=argocd".to_owned());
        words.extend(given("ARGOCD_ENV_ARGS").iter().flat_map(|all| all.split_whitespace()).map(str::to_owned));
        adapter::arguments(words, "the plugin's variables")?.run(ui)
    }
}
