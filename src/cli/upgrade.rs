//! What may be said about releases and upgrades: `releases`, `upgrade plan`.

use clap::{Args, Subcommand, ValueEnum};

use super::{ClusterArgs, ValuesArgs, VersionForm};
use crate::commands::release::{parse_namespace, parse_release_name};

/// `gitlab-render releases`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gitlab-render releases --from 18.5\n  gitlab-render releases --from 9.8 --to 9.9 -o json"
)]
pub struct ReleasesArgs {
    /// The first release to tell of, by GitLab's version or the chart's.
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// The last release to tell of.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Form of the answer; a table without it.
    #[arg(short = 'o', long, value_name = "FORM", value_enum)]
    pub output: Option<VersionForm>,
}

/// `gitlab-render upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// What about it.
    #[command(subcommand)]
    pub command: UpgradeCommand,
}

/// What can be asked about an upgrade.
#[derive(Debug, Subcommand)]
pub enum UpgradeCommand {
    /// Plan an upgrade: where to stop, what must hold before, what breaks, what to type.
    ///
    /// Nothing is asked of a cluster: the plan says what to look at there, and with which commands.
    Plan(Box<PlanArgs>),
}

/// `gitlab-render upgrade plan`.
#[derive(Debug, Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct PlanArgs {
    /// The release that runs: `18.2`, `18.2.6`, or the chart's `9.2.6`; `gitlab:` or `chart:` before it says which.
    #[arg(long, value_name = "VERSION")]
    pub from: String,
    /// The release that is to run; a part of a version means its newest. Without it: what `template` renders.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Stop at every minor, and let GitLab answer all the time.
    #[arg(long)]
    pub zero_downtime: bool,
    /// A condition of a stop that was looked at and does not hold, `npm_packages`. Repeatable, or a comma list.
    #[arg(long, value_name = "CONDITION", value_delimiter = ',')]
    pub without: Vec<String>,
    /// The values that run now.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Name of the release, for the commands of the plan.
    #[arg(long, value_name = "NAME", value_parser = parse_release_name, default_value = "gitlab", help_heading = "Release")]
    pub name: String,
    /// Namespace of the release, for the commands of the plan.
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = parse_namespace, default_value = "gitlab", help_heading = "Release")]
    pub namespace: String,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = PlanForm::Text, help_heading = "Output")]
    pub output: PlanForm,
}

const PLAN_EXAMPLES: &str = "\
Examples:
  The way to the newest release that is rendered here:
    gitlab-render upgrade plan --from 16.11 -f values.yaml

  For a change request, by the chart's versions:
    gitlab-render upgrade plan --from 9.2.6 --to 9.9 -f values.yaml --name prod -n gitlab -o markdown

  Without downtime, one minor after the other:
    gitlab-render upgrade plan --from 18.2 --zero-downtime -f values.yaml

  Conditions of stops that were looked at and do not hold:
    gitlab-render upgrade plan --from 15.11 --without npm_packages,many_users";

/// The form of a plan.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanForm {
    /// For people.
    #[default]
    Text,
    /// One object; `schemas/upgrade-plan.schema.json` says its shape.
    Json,
    /// Boxes to tick, for a change request or an issue.
    Markdown,
}
