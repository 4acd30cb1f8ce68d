//! The arguments of `validate`.

use clap::{Args, ValueEnum};

use super::{ReleaseArgs, ValuesArgs};
use crate::commands::release::{parse_kube_version, parse_namespace};
use crate::pipeline::KubeVersion;

/// `gitlab-render validate`.
///
/// Checks manifests without a cluster: those in files and directories, those on stdin (`-`), or those that values
/// give. Without anything named it checks the default render.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArgs {
    /// Manifests: a file, a directory with all its .yaml, .yml and .json files, or `-` for stdin.
    #[arg(value_name = "FILE|-|DIR")]
    pub paths: Vec<String>,
    /// The values, where a render is to be checked.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Kubernetes version to compare with, 1.33 to 1.37.
    #[arg(long, value_name = "VERSION", value_parser = parse_kube_version)]
    pub kube_version: Option<KubeVersion>,
    /// Namespace of objects that do not name one.
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = parse_namespace)]
    pub namespace: String,
    /// Name of the release, where values are rendered.
    #[arg(long, value_name = "TEXT")]
    pub name_template: Option<String>,
    /// GitLab version, where values are rendered.
    #[arg(long, value_name = "VERSION")]
    pub gitlab_version: Option<String>,
    /// API version that the cluster has beyond Kubernetes itself, where values are rendered.
    #[arg(short = 'a', long, value_name = "GROUP/VERSION", value_delimiter = ',')]
    pub api_versions: Vec<String>,
    /// Warnings count as findings: what is deprecated, and what nothing in a set of others' manifests provides.
    #[arg(long)]
    pub strict: bool,
    /// Write the Secrets that objects need and the set does not hold, in place of the findings.
    #[arg(long)]
    pub list_required_secrets: bool,
    /// Form of the findings on stdout.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = FindingsForm::Text)]
    pub output: FindingsForm,
}

const EXAMPLES: &str = "\
Examples:
  What a render would apply:
    gitlab-render template prod -f values.yaml | gitlab-render validate -

  The same without a pipe, for a newer Kubernetes:
    gitlab-render validate -f values.yaml --kube-version 1.36

  A directory of anyone's manifests, for GitLab's merge request widget:
    gitlab-render validate deploy/ -o codequality > gl-code-quality-report.json

  The Secrets that have to be there first:
    gitlab-render validate -f values.yaml --list-required-secrets

Exit status: 0 nothing found, 1 findings, 2 the command line is wrong, 3 something cannot be read";

/// The form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingsForm {
    /// A line each.
    Text,
    /// One object, described by `schemas/validate.output.schema.json`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// GitLab's Code Quality report.
    Codequality,
    /// JUnit's XML.
    Junit,
}

impl ValidateArgs {
    /// The release to render.
    pub fn release(&self) -> ReleaseArgs {
        ReleaseArgs {
            name: None,
            name_template: self.name_template.clone(),
            namespace: self.namespace.clone(),
            is_upgrade: false,
            gitlab_version: self.gitlab_version.clone(),
            kube_version: self.kube_version,
            api_versions: self.api_versions.clone(),
        }
    }
}
