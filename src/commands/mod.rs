//! The commands: one file each, with its arguments and its `run`, which makes one call into [`crate::pipeline`] and
//! hands the result to [`crate::ui`].

mod adapter;
mod adopt;
mod argocd;
mod companions;
mod complete;
mod completion;
mod diff;
mod explain;
mod explore;
mod fleet;
mod images;
mod impact;
mod import;
mod init;
mod krm;
mod lint;
mod man;
mod profiles;
mod releases;
mod schema;
mod secrets;
mod template;
mod upgrade;
mod validate;
mod values;
mod version;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::{MessageArgs, usage};
use crate::diag::{Failure, Fault, Severity, Sources};
use crate::ui::{self, Ui};

/// Turns a values file into the Kubernetes manifests of a GitLab deployment.
///
/// Reads values as the official GitLab Helm chart does, refuses what is wrong in them with file,
/// line and column, and writes manifests to stdout or to a directory. It contacts no cluster and no
/// network; the same input gives the same bytes.
#[derive(Debug, Parser)]
#[command(name = "gitlab-render", version, max_term_width = 100, args_override_self = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The flags about messages.
    #[command(flatten)]
    pub messages: MessageArgs,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render template > manifests.yaml
  gitlab-render template prod -n gitlab -f values.yaml --phase pre,main,post \\
    | kubectl apply -n gitlab -f -

Exit status:
  0  success
  1  the answer is yes: there is a difference, there are findings
  2  the command line is wrong
  3  refused: the values, the configuration, or a file that cannot be read or written
  4  a bug of gitlab-render: please report it";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the manifests of a deployment.
    Template(Box<template::TemplateArgs>),
    /// Write a values file to start from.
    ///
    /// Values that only you can know are examples, each with a question after `# ?:`. The questions are also printed to stderr,
    /// each with its line.
    Init(init::InitArgs),
    /// List the values files to start from.
    ///
    /// Each is complete for one way to install GitLab: `init NAME` writes it out, `--profile NAME` and
    /// `-f profile:NAME` use it as it is.
    Profiles(profiles::ProfilesArgs),
    /// Explain how to take over a release from Helm with kubectl, Argo CD or Flux, step by step.
    ///
    /// The steps are those for your values. No cluster is contacted, and nothing is changed.
    Adopt(Box<adopt::AdoptArgs>),
    /// Write how to install the third-party charts that the values turn on and that are not rendered.
    ///
    /// These are cert-manager, Prometheus, Envoy Gateway, Traefik and HAProxy, each in the version that the release of GitLab
    /// pins and with its own section of the values.
    Companions(Box<companions::CompanionsArgs>),
    /// Convert another configuration of GitLab to a values file.
    Import(import::ImportArgs),
    /// List the images of a deployment, for people and for the tools that copy them.
    Images(Box<images::ImagesArgs>),
    /// Show what changes between two sets of values or manifests, and what each change does.
    Diff(Box<diff::DiffArgs>),
    /// Check Kubernetes manifests of any origin without a cluster.
    Validate(Box<validate::ValidateArgs>),
    /// Report what can be found in values without a cluster: errors, keys without effect, and risks.
    Lint(Box<lint::LintArgs>),
    /// List the Secrets of a deployment: what creates each, and what needs it.
    Secrets(Box<secrets::SecretsArgs>),
    /// Write the merged values, only what differs from the defaults, or the defaults; migrate values files.
    Values(Box<values::ValuesCommandArgs>),
    /// Show which values make a field of an object what it is, each with its place.
    Why(Box<why::WhyArgs>),
    /// Write an HTML page with all objects, the values that decide each field, and a search.
    Explore(Box<explore::ExploreArgs>),
    /// Show what changes when a value is set, removed or left out, and what each change does.
    Impact(Box<impact::ImpactArgs>),
    /// Render, compare and plan many environments at once, as `fleet.yaml` names them.
    Fleet(fleet::FleetArgs),
    /// Explain a key of the values, a component, or the code of a finding; search keys by words.
    ///
    /// Of a key: what it does, its type, its default in this release and in others, the values that it may have, the
    /// releases that read it, what it replaces, an example, and where it is documented.
    Explain(explain::ExplainArgs),
    /// Write a JSON Schema of all values, by which editors complete keys and mark mistakes.
    ///
    /// It is one file in draft 7, with descriptions, defaults and deprecations.
    Schema(schema::SchemaArgs),
    /// Show facts about releases: versions, required stops, requirements, and how long they are supported.
    Releases(releases::ReleasesArgs),
    /// Plan an upgrade.
    Upgrade(upgrade::UpgradeArgs),
    /// Show the versions of this program and of the releases that it knows.
    Version(version::VersionArgs),
    /// Write a completion script for a shell.
    Completion(completion::CompletionArgs),
    /// Render for Argo CD, as a config management plugin.
    ///
    /// The release and its values are read from the variables that Argo CD sets; the objects have its hooks and sync waves.
    Argocd(argocd::ArgocdArgs),
    /// Render for kustomize, as a KRM function: a ResourceList on stdin, and one with the objects on stdout.
    Krm(krm::KrmArgs),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(man::ManArgs),
    /// Write what can stand at the cursor of a command line.
    #[command(name = "__complete", hide = true)]
    Complete(complete::CompleteArgs),
}

/// [`Cli`] with the one command that scripts run over and over: describing all the others to clap costs as much as a fifteenth
/// of a default render.
#[derive(Debug, Parser)]
#[command(name = "gitlab-render", args_override_self = true)]
struct TemplateCli {
    #[command(subcommand)]
    command: TemplateCommand,
    #[command(flatten)]
    messages: MessageArgs,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    Template(Box<template::TemplateArgs>),
}

impl Cli {
    fn of(args: &[OsString]) -> Result<Self, clap::Error> {
        // Help and errors name the other commands, so only a success counts here.
        if args.get(1).is_some_and(|word| word == "template")
            && let Ok(TemplateCli { command: TemplateCommand::Template(args), messages }) =
                TemplateCli::try_parse_from(args)
        {
            return Ok(Cli { command: Command::Template(args), messages });
        }
        Cli::try_parse_from(args)
    }
}

impl Command {
    fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match self {
            Command::Template(args) => args.run(ui),
            Command::Init(args) => args.run(ui),
            Command::Profiles(args) => args.run(ui),
            Command::Adopt(args) => args.run(ui),
            Command::Companions(args) => args.run(ui),
            Command::Import(args) => args.run(ui),
            Command::Images(args) => args.run(ui),
            Command::Diff(args) => args.run(ui),
            Command::Validate(args) => args.run(ui),
            Command::Lint(args) => args.run(ui),
            Command::Secrets(args) => args.run(ui),
            Command::Values(args) => args.run(ui),
            Command::Why(args) => args.run(ui),
            Command::Impact(args) => args.run(ui),
            Command::Fleet(args) => args.run(ui),
            Command::Explore(args) => args.run(ui),
            Command::Explain(args) => args.run(ui),
            Command::Schema(args) => args.run(ui),
            Command::Releases(args) => args.run(ui),
            Command::Upgrade(args) => args.run(ui),
            Command::Version(args) => args.run(ui),
            Command::Completion(args) => args.run(ui),
            Command::Argocd(args) => args.run(ui),
            Command::Krm(args) => args.run(ui),
            Command::Man(args) => args.run(ui),
            Command::Complete(args) => args.run(ui),
        }
    }
}

/// The result of a run; scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Done = 0,
    /// The answer is yes: a difference, a finding.
    Found = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Values, configuration, or a file that cannot be read or written.
    Refused = 3,
    /// A bug of this program.
    Bug = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<&Failure> for Exit {
    /// A full disk and a file that cannot be opened end as refused values do: the user mends both outside this program.
    fn from(failure: &Failure) -> Self {
        let faults = || failure.report.0.iter().filter(|d| d.severity == Severity::Error).map(|d| d.fault);
        match () {
            () if faults().any(|fault| fault == Fault::Bug) => Exit::Bug,
            () if faults().any(|fault| fault == Fault::Usage) => Exit::Usage,
            () => Exit::Refused,
        }
    }
}

/// Runs the command that the arguments select; the first argument is the program's own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::of(&args) {
        Ok(cli) => cli,
        Err(error) => return refuse_usage(&error, &args),
    };
    let ui = Ui::new(&cli.messages);
    match cli.command.run(&ui) {
        Ok(exit) => exit,
        Err(failure) => {
            ui.report(&failure.report.0, &failure.sources);
            Exit::from(&failure)
        }
    }
}

/// Prints clap's answer, which is a result for `--help` and an error otherwise.
fn refuse_usage(error: &clap::Error, args: &[OsString]) -> Exit {
    if !error.use_stderr() {
        ui::clap_message(error);
        return Exit::Done;
    }
    let words: Vec<String> = args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match usage::finding(error, &words) {
        Some(finding) => Ui::new(&usage::messages(&words)).report(&[finding], &Sources::default()),
        None => ui::clap_message(error),
    }
    Exit::Usage
}
