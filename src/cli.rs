//! What may be said on the command line: commands, and the groups of flags that commands share.
//!
//! Flags that `helm template` has are spelt and mean the same here. Nothing is read or decided in
//! this file; [`crate::commands`] gives the arguments their meaning.

pub mod adopt;
pub mod canary;
pub mod diff;
pub mod images;
pub mod import;
mod phases;
mod profiles;
pub mod upgrade;
pub mod validate;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::release::{parse_kube_version, parse_namespace, parse_release_name};
use crate::pipeline::KubeVersion;

pub use phases::{HooksName, PhaseArgs, PhaseName};
pub use profiles::{InitArgs, ProfileName, ProfilesArgs};
pub use values::{MigrateArgs, ValuesCommand, ValuesCommandArgs};

/// Turns a values file into the Kubernetes manifests of a GitLab deployment.
///
/// Reads values as the official GitLab Helm chart does, refuses what is wrong in them with file,
/// line and column, and writes manifests to stdout or to a directory. It asks no cluster and no
/// network; the same input gives the same bytes.
#[derive(Debug, Parser)]
#[command(name = "gitlab-render", version, max_term_width = 100, args_override_self = true, after_help = TOP_EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk.
    #[command(flatten)]
    pub talk: TalkArgs,
}

const TOP_EXAMPLES: &str = "\
Examples:
  gitlab-render template > manifests.yaml
  gitlab-render template prod -n gitlab -f values.yaml --phase pre,main,post | kubectl apply -n gitlab -f -

Exit status:
  0  done
  1  asked and found: a difference, a finding
  2  the command line is wrong
  3  refused: the values, the configuration, or a file that cannot be read or written
  4  a bug of gitlab-render: please report it";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the manifests of a deployment.
    Template(Box<TemplateArgs>),
    /// Write a values file to start from.
    ///
    /// What only you can know stands in it as an example, with the question behind it after `# ?:`. The questions are
    /// also said on stderr, each with its line.
    Init(InitArgs),
    /// List the values files to start from.
    ///
    /// Each is complete for one way to install GitLab: `init NAME` writes it out, `--profile NAME` and
    /// `-f profile:NAME` use it as it is.
    Profiles(ProfilesArgs),
    /// Say how a release that Helm runs is taken over by kubectl, Argo CD or Flux, step by step.
    ///
    /// The steps are those for your values. No cluster is asked, and nothing is changed.
    Adopt(Box<adopt::AdoptArgs>),
    /// Make values from another way to configure GitLab.
    Import(import::ImportArgs),
    /// List the images of a deployment, for people and for the tools that copy them.
    Images(Box<images::ImagesArgs>),
    /// Say what changes between two sets of values or manifests, and what each change does.
    Diff(Box<diff::DiffArgs>),
    /// Check manifests, ours or anyone's, without a cluster.
    Validate(Box<validate::ValidateArgs>),
    /// Work on values files.
    Values(ValuesCommandArgs),
    /// Say what is known of releases: versions, stops, what they need, how long they are looked after.
    Releases(upgrade::ReleasesArgs),
    /// Say what an upgrade asks, before it is done.
    Upgrade(upgrade::UpgradeArgs),
    /// Say which versions this program is made of and knows.
    Version(VersionArgs),
    /// Write a completion script for a shell.
    Completion(CompletionArgs),
}

/// `gitlab-render template`.
///
/// Nothing is written unless everything is right: a refused run leaves stdout empty and the output
/// directory as it was.
#[derive(Debug, Args)]
#[command(after_help = TEMPLATE_EXAMPLES)]
pub struct TemplateArgs {
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// The chart, which Helm wants here and we do not: kept to say so.
    #[arg(hide = true, value_name = "CHART")]
    pub chart: Option<String>,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// When they are applied.
    #[command(flatten)]
    pub phases: PhaseArgs,
    /// A second set beside them.
    #[command(flatten)]
    pub canary: canary::CanaryArgs,
    /// Where images come from.
    #[command(flatten)]
    pub images: images::RewriteArgs,
    /// Where to, and how.
    #[command(flatten)]
    pub output: OutputArgs,
}

const TEMPLATE_EXAMPLES: &str = "\
Examples:
  Everything with the defaults, for a look around:
    gitlab-render template > manifests.yaml

  A deployment, as `helm install prod gitlab/gitlab -n gitlab -f values.yaml` would make it:
    gitlab-render template prod -n gitlab -f values.yaml --phase pre,main,post | kubectl apply -n gitlab -f -

  One file an object, to keep in git:
    gitlab-render template prod -f values.yaml --output-dir manifests

  One component, with a value changed for this run:
    gitlab-render template prod -f values.yaml --set gitlab.gitaly.persistence.size=100Gi --component gitaly";

/// The values, lowest layer first: profile, `-f` in their order, then `--set-json`, `--set`,
/// `--set-string`, `--set-file` and `--set-literal`, as in Helm.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Values")]
pub struct ValuesArgs {
    /// Values file; `-` reads stdin, `profile:NAME` takes a built-in profile. Repeatable or a comma list, the last wins.
    #[arg(short = 'f', long = "values", value_name = "FILE", value_delimiter = ',')]
    pub files: Vec<String>,
    /// Set values: `a.b=c`, `a[0]=c`, `a={x,y}`; `null` takes a default away. Repeatable.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// As --set, and the value is always a string: `--set-string a.b=true`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set_string: Vec<String>,
    /// Set values from JSON: `a.b={"c": [1, 2]}`, or one whole JSON object.
    #[arg(long, value_name = "PATH=JSON")]
    pub set_json: Vec<String>,
    /// Set a value to the text of a file: `a.b=path/to/file`.
    #[arg(long, value_name = "PATH=FILE")]
    pub set_file: Vec<String>,
    /// Set a value to exactly the text that follows: commas and braces mean nothing.
    #[arg(long, value_name = "PATH=TEXT")]
    pub set_literal: Vec<String>,
    /// Start from a built-in profile, under all other values.
    #[arg(long, value_name = "NAME", value_parser = ProfileName, hide_possible_values = true)]
    pub profile: Option<String>,
    /// What a key that nothing reads is: an error, or a warning while moving over.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = UnknownKeys::Error)]
    pub unknown_keys: UnknownKeys,
    /// Make findings about types and bounds warnings, where a render is still possible.
    #[arg(long)]
    pub skip_schema_validation: bool,
}

/// What happens with a key that nothing reads.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnknownKeys {
    /// The run is refused.
    #[default]
    Error,
    /// The run goes on without the key.
    Warn,
}

/// Which release is rendered, for what cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "Release")]
pub struct ReleaseArgs {
    /// Name of the release; object names start with it.
    #[arg(value_name = "NAME", value_parser = parse_release_name)]
    pub name: Option<String>,
    /// Name of the release, for scripts that pass it this way; plain text only.
    #[arg(long, value_name = "TEXT")]
    pub name_template: Option<String>,
    /// Namespace that the objects go to.
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = parse_namespace)]
    pub namespace: String,
    /// Render as an upgrade of a release that is there, not as a first install.
    #[arg(long)]
    pub is_upgrade: bool,
    /// GitLab version to deploy; the default is the newest patch of the chart's series.
    #[arg(long, value_name = "VERSION")]
    pub gitlab_version: Option<String>,
    /// Kubernetes version to render for; the default is the newest one known.
    #[arg(long, value_name = "VERSION", value_parser = parse_kube_version)]
    pub kube_version: Option<KubeVersion>,
    /// API version that the cluster has beyond Kubernetes itself: `monitoring.coreos.com/v1`. Repeatable, or a comma list.
    #[arg(short = 'a', long, value_name = "GROUP/VERSION", value_delimiter = ',')]
    pub api_versions: Vec<String>,
}

/// The cluster that commands about renders render for.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// Kubernetes version to render for; the default is the newest one known.
    #[arg(long, value_name = "VERSION", value_parser = parse_kube_version, help_heading = "Release")]
    pub kube_version: Option<KubeVersion>,
    /// API version that the cluster has beyond Kubernetes itself. Repeatable, or a comma list.
    #[arg(short = 'a', long, value_name = "GROUP/VERSION", value_delimiter = ',', help_heading = "Release")]
    pub api_versions: Vec<String>,
}

/// Which of the objects are written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Only objects made from this template, `gitaly/statefulset.yaml`. Repeatable.
    #[arg(short = 's', long, value_name = "TEMPLATE")]
    pub show_only: Vec<String>,
    /// Only objects of this component: `gitaly`, `webservice`. Repeatable.
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Leave out objects that Helm would run as hooks.
    #[arg(long)]
    pub no_hooks: bool,
    /// Leave out tests.
    #[arg(long)]
    pub skip_tests: bool,
    /// Accepted as Helm does; there are no custom resource definitions to write.
    #[arg(long, hide_short_help = true)]
    pub include_crds: bool,
    /// Accepted as Helm does; there are no custom resource definitions to write.
    #[arg(long, hide_short_help = true, conflicts_with = "include_crds")]
    pub skip_crds: bool,
}

/// Where the result goes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write one file an object under this directory, in the place of what an earlier run wrote there.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Put the files into a directory named as the release, below --output-dir.
    #[arg(long, requires = "output_dir")]
    pub release_name: bool,
    /// Form of the manifests; `json` writes one `List`.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = Form::Yaml)]
    pub output: Form,
}

/// The form of what goes to stdout.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// YAML documents.
    #[default]
    Yaml,
    /// JSON.
    Json,
}

/// How messages look and how many there are; every command takes these.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Messages")]
pub struct TalkArgs {
    /// When to colour messages; `auto` looks at the terminal and at NO_COLOR.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Form of the messages on stderr; `json` writes one object a line.
    #[arg(long, global = true, value_name = "FORM", value_enum, default_value_t = ErrorFormat::Text)]
    pub error_format: ErrorFormat,
    /// Say errors only.
    #[arg(short = 'q', long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: which layers were read, how much was written.
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,
}

/// When messages are coloured.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always, NO_COLOR or not.
    Always,
    /// Never.
    Never,
}

/// The form of messages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// For people, with the line that a message is about.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// `gitlab-render version`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gitlab-render version -o json")]
pub struct VersionArgs {
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum)]
    pub output: Option<VersionForm>,
}

/// The form of an answer for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VersionForm {
    /// One JSON document.
    Json,
}

/// `gitlab-render completion`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitlab-render completion bash > ~/.local/share/bash-completion/completions/gitlab-render
  gitlab-render completion fish > ~/.config/fish/completions/gitlab-render.fish")]
pub struct CompletionArgs {
    /// The shell to write for.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
