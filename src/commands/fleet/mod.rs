//! `gitlab-render fleet`: many environments at once.

mod changes;
mod environment;
mod lint;
mod parallel;
mod plan;
mod render;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use super::lint::FailOn;
use crate::cli::read_fleet;
use crate::diag::{Diagnostic, Failure, Sources};
use crate::fleet::ci::{FleetPipeline, Runner};
use crate::fleet::shard::Shard;
use crate::fleet::{Environment, FILE, ci};
use crate::images::{Images, report};
use crate::redact::Excerpts;
use crate::ui::{self, Ui};

/// `gitlab-render fleet`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FleetArgs {
    /// The command below `fleet`.
    #[command(subcommand)]
    pub command: FleetCommand,
}

const EXAMPLES: &str = "\
Examples:
  The trees of all environments of fleet.yaml:
    gitlab-render fleet render -o manifests

  What a change of the values does to all of them:
    gitlab-render fleet diff --against manifests

  What a branch does to all of them:
    gitlab-render fleet diff --against origin/main

  The third of eight machines:
    gitlab-render fleet render -o manifests --shard 3/8";

/// What can be done with a fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Write one tree of manifests for each environment.
    Render(RenderArgs),
    /// Show what changes in which environments; exits with 1 where something does.
    Diff(DiffFleetArgs),
    /// Report what can be found in the values of every environment without a cluster.
    Lint(LintFleetArgs),
    /// Plan an upgrade of every environment; plans that are alike are written once.
    Plan(PlanFleetArgs),
    /// List the images of all environments.
    Images(SelectFleet),
    /// Write a pipeline that renders the fleet on several machines.
    Ci(CiArgs),
}

/// Which environments.
#[derive(Debug, Clone, Args)]
pub struct SelectFleet {
    /// The fleet's file; the default is `fleet.yaml`.
    #[arg(short = 'f', long = "file", value_name = "FILE", default_value = FILE)]
    pub file: String,
    /// Only this environment. Repeatable or a comma list.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only one part of the environments: `2/5` is the second of five.
    #[arg(long, value_name = "N/COUNT", value_parser = Shard::parse)]
    pub shard: Option<Shard>,
}

/// `fleet render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Which environments.
    #[command(flatten)]
    pub select: SelectFleet,
    /// The directory of the trees: each environment has a directory of its name in it.
    #[arg(short = 'o', long = "output-dir", value_name = "DIR", default_value = "manifests")]
    pub output: PathBuf,
    /// Replace files that were edited since they were written.
    #[arg(long)]
    pub force: bool,
}

/// `fleet diff`.
#[derive(Debug, Args)]
pub struct DiffFleetArgs {
    /// Which environments.
    #[command(flatten)]
    pub select: SelectFleet,
    /// The directory of the trees that `fleet render` has written, or a commit, branch or tag of git, whose fleet is rendered.
    #[arg(long, value_name = "DIR|REF")]
    pub against: String,
}

/// `fleet lint`.
#[derive(Debug, Args)]
pub struct LintFleetArgs {
    /// Which environments.
    #[command(flatten)]
    pub select: SelectFleet,
    /// Exit with 1 if a finding is at least this severe.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Error)]
    pub fail_on: FailOn,
    /// Also report values that equal their defaults.
    #[arg(long)]
    pub pedantic: bool,
    /// File that says which codes are allowed; `.gitlab-render.toml` is read where it exists.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `fleet plan`.
#[derive(Debug, Args)]
pub struct PlanFleetArgs {
    /// Which environments.
    #[command(flatten)]
    pub select: SelectFleet,
    /// The release that runs everywhere; without it, the version that each environment names.
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// The release to upgrade to; without it, what `template` renders.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
}

/// `fleet ci`.
#[derive(Debug, Args)]
pub struct CiArgs {
    /// The fleet's file in the repository.
    #[arg(short = 'f', long = "file", value_name = "FILE", default_value = FILE, value_parser = plain_word)]
    pub file: String,
    /// The directory of the trees in the repository.
    #[arg(long, value_name = "DIR", default_value = "manifests", value_parser = plain_word)]
    pub output_dir: String,
    /// What runs the pipeline.
    #[arg(short = 'o', long, value_name = "RUNNER", value_enum)]
    pub output: CiForm,
    /// How many machines share the work.
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub shards: u16,
    /// An image that has this program.
    #[arg(long, value_name = "IMAGE", default_value = "registry.example.com/gitlab-render:latest", value_parser = plain_word)]
    pub image: String,
}

/// Accepts words without a special meaning in YAML, shells and the expressions of runners.
fn plain_word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    match text.chars().all(plain) && !text.is_empty() && !text.starts_with(['-', '@', ':']) {
        true => Ok(text.to_owned()),
        false => Err("a pipeline takes letters, digits, `.`, `_`, `-`, `/`, `:` and `@`; rename it".to_owned()),
    }
}

/// The form of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiForm {
    /// GitLab CI.
    Gitlab,
    /// GitHub Actions.
    Github,
    /// A WorkflowTemplate of Argo Workflows.
    ArgoWorkflows,
}

impl SelectFleet {
    fn environments(&self) -> Result<Vec<Environment>, Failure> {
        self.of(read_fleet(&self.file)?.environments)
    }

    /// Environments among these that do not exist any more; none where only some environments are selected.
    fn gone(&self, environments: &[Environment], mut names: Vec<String>) -> Vec<String> {
        if !self.only.is_empty() || self.shard.is_some() {
            return Vec::new();
        }
        names.retain(|name| !environments.iter().any(|environment| environment.name == *name));
        names
    }

    /// Selects the environments that the flags name.
    fn of(&self, all: Vec<Environment>) -> Result<Vec<Environment>, Failure> {
        for name in &self.only {
            if !all.iter().any(|environment| environment.name == *name) {
                let names: Vec<&str> = all.iter().take(20).map(|environment| environment.name.as_str()).collect();
                let message = format!("`--only {name}`: there is no such environment");
                let hint = format!("`{}` has {}", self.file, names.join(", "));
                return Err(Diagnostic::usage("fleet", message).hint(hint).into());
            }
        }
        let wanted = all.into_iter().filter(|one| self.only.is_empty() || self.only.contains(&one.name));
        let parted = wanted.enumerate().filter(|(at, _)| self.shard.is_none_or(|shard| shard.has(*at)));
        Ok(parted.map(|(_, environment)| environment).collect())
    }
}

impl FleetArgs {
    /// Runs the command below `fleet`.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match &self.command {
            FleetCommand::Render(args) => render::run(args, ui),
            FleetCommand::Diff(args) => changes::run(args, ui),
            FleetCommand::Lint(args) => lint::run(args, ui),
            FleetCommand::Plan(args) => plan::run(args, ui),
            FleetCommand::Images(args) => images(args, ui),
            FleetCommand::Ci(args) => args.run(ui),
        }
    }
}

impl CiArgs {
    fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let pipeline = FleetPipeline {
            file: &self.file,
            directory: &self.output_dir,
            shards: self.shards.into(),
            image: &self.image,
        };
        let runner = match self.output {
            CiForm::Gitlab => Runner::Gitlab,
            CiForm::Github => Runner::Github,
            CiForm::ArgoWorkflows => ci::Runner::ArgoWorkflows,
        };
        ui.out(pipeline.text(runner).as_bytes())?;
        Ok(Exit::Done)
    }
}

fn images(select: &SelectFleet, ui: &Ui) -> Result<Exit, Failure> {
    let environments = select.environments()?;
    let results = parallel::each(&environments, ui, |environment| {
        crate::pipeline::images::images(&environment::request(environment)?).map(|(images, _)| images)
    });
    let mut failures = Failures::default();
    let mut all = Images::default();
    for (environment, result) in environments.iter().zip(results) {
        match result {
            Ok(images) => images.0.into_iter().for_each(|(image, names)| all.0.entry(image).or_default().extend(names)),
            Err(failure) => failures.add(environment, failure),
        }
    }
    ui.out(report::text(&all).as_bytes())?;
    failures.report(environments.len(), ui)
}

/// The count of environments: `38 of 40 environments`.
fn in_of(some: usize, all: usize) -> String {
    match some == all {
        true => format!("all {all} environments"),
        false => format!("{some} of {all} environments"),
    }
}

/// Merges the failures of all environments: a finding that several of them have is reported once.
#[derive(Default)]
struct Failures {
    environments: Vec<String>,
    findings: BTreeMap<String, (Diagnostic, Sources, Vec<String>)>,
    worst: Option<Exit>,
}

impl Failures {
    fn add(&mut self, environment: &Environment, failure: Failure) {
        self.environments.push(environment.name.clone());
        let exit = Exit::from(&failure);
        if self.worst.is_none_or(|worst| (worst as u8) < exit as u8) {
            self.worst = Some(exit);
        }
        self.found(environment, failure.report.0, &failure.sources);
    }

    /// Reports findings that do not stop the run.
    fn found(&mut self, environment: &Environment, findings: Vec<Diagnostic>, sources: &Sources) {
        if findings.is_empty() {
            return;
        }
        let (findings, sources) = environment.placed(findings, sources);
        let mut excerpts = Excerpts::of(&sources);
        for finding in findings {
            let key = ui::as_json(&finding, &sources, &mut excerpts).to_string();
            let entry = self.findings.entry(key).or_insert_with(|| (finding, sources.clone(), Vec::new()));
            entry.2.push(environment.name.clone());
        }
    }

    fn report(self, all: usize, ui: &Ui) -> Result<Exit, Failure> {
        let mut findings: Vec<_> = self.findings.into_values().collect();
        findings.sort_by(|a, b| a.2.cmp(&b.2));
        for (finding, sources, names) in findings {
            let subject = match names.as_slice() {
                [one] => format!("`{one}`"),
                names => format!("in {}", in_of(names.len(), all)),
            };
            let message = format!("{subject}: {}", finding.message);
            ui.report(&[Diagnostic { message, ..finding }], &sources);
        }
        match self.worst {
            None => Ok(Exit::Done),
            Some(exit) => {
                let names = self.environments.join(", ");
                let message = match self.environments.len() {
                    1 if all == 1 => format!("the environment {names} failed"),
                    count => format!("{} failed: {names}", in_of(count, all)),
                };
                ui.report(&[Diagnostic::error("fleet", message)], &Sources::default());
                Ok(exit)
            }
        }
    }
}
