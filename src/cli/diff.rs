//! `gitlab-render diff`.

use clap::{Args, ValueEnum};

use super::{ClusterArgs, ValuesArgs};
use crate::commands::release::{parse_namespace, parse_release_name};

/// `gitlab-render diff OLD NEW`.
///
/// Says by object and field what changes, and what each change does to a running GitLab: pods that restart, fields
/// that cannot be changed in place, data, exposure, outage. What a server fills in by itself, order, status and
/// checksums are no change. Ends with 1 when there is a difference.
#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// What there is: values files (a comma list), manifests (a file or a directory), or `-` for stdin.
    ///
    /// Without NEW, what -f names is rendered and taken for the new side; without OLD, for both.
    #[arg(value_name = "OLD")]
    pub old: Option<String>,
    /// What there will be, given as OLD is.
    #[arg(value_name = "NEW")]
    pub new: Option<String>,
    /// The values below those that OLD and NEW name.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Name of the release; without it that of the manifests, where one side is manifests.
    #[arg(long, value_name = "NAME", value_parser = parse_release_name, help_heading = "Release")]
    pub name: Option<String>,
    /// Namespace of the release; without it that of the manifests.
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = parse_namespace, help_heading = "Release")]
    pub namespace: Option<String>,
    /// GitLab version that the old side's values are rendered for.
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    pub from_gitlab: Option<String>,
    /// GitLab version that the new side's values are rendered for.
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    pub to_gitlab: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = DiffForm::Text, help_heading = "Output")]
    pub output: DiffForm,
    /// End with 1 only when there is a change of one of these classes. Repeatable, or a comma list.
    #[arg(long, value_name = "CLASS", value_enum, value_delimiter = ',', help_heading = "Output")]
    pub fail_on: Vec<RiskClass>,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  What a change of the values does:
    gitlab-render diff old.yaml new.yaml -n gitlab --name prod

  What the running release has that the values do not say, and the other way round:
    kubectl get all,cm,secret,ingress,pvc -n gitlab -o yaml | gitlab-render diff - values.yaml

  What Helm rendered against what we render:
    helm get manifest prod -n gitlab | gitlab-render diff - values.yaml --name prod -n gitlab

  What an upgrade changes, for a merge request that must not cost an outage:
    gitlab-render diff -f values.yaml --from-gitlab 18.8 --to-gitlab 18.9 -o markdown --fail-on outage,data,exposure";

/// The form of a comparison.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffForm {
    /// For people.
    #[default]
    Text,
    /// One object; `schemas/diff.schema.json` says its shape.
    Json,
    /// A table and the changes, for a merge request.
    Markdown,
    /// Unified diffs.
    Diff,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RiskClass {
    /// Nobody notices.
    None,
    /// Pods restart, a few at a time.
    Restart,
    /// An object has to be deleted and made again.
    Replace,
    /// Stored data or a secret is affected.
    Data,
    /// More can be reached, or may do more, than before.
    Exposure,
    /// Something does not answer for a while, or any more.
    Outage,
}
