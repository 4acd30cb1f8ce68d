//! `gitlab-render fleet`: many environments at once.

mod changes;
mod environment;
mod parallel;
mod render;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use crate::cli::read_fleet;
use crate::diag::{Diagnostic, Failure, Sources};
use crate::fleet::ci::{FleetPipeline, Runner};
use crate::fleet::shard::Shard;
use crate::fleet::{Environment, FILE, ci};
use crate::images::{Images, report};
use crate::pipeline::upgrade::{self, PlanRequest};
use crate::ui::{self, Ui};
use crate::upgrade::plan::{self, Flags, With};

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

  The third of eight machines:
    gitlab-render fleet render -o manifests --shard 3/8";

/// What can be done with a fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Write one tree of manifests for each environment.
    Render(RenderArgs),
    /// Show what changes in which environments; exits with 1 where something does.
    Diff(DiffFleetArgs),
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
    /// Only this part of the environments, of so many: `2/5`.
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
    /// The directory of the trees that `fleet render` has written.
    #[arg(long, value_name = "DIR")]
    pub against: PathBuf,
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
    #[arg(short = 'f', long = "file", value_name = "FILE", default_value = FILE)]
    pub file: String,
    /// The directory of the trees in the repository.
    #[arg(long, value_name = "DIR", default_value = "manifests")]
    pub output_dir: String,
    /// What runs the pipeline.
    #[arg(short = 'o', long, value_name = "RUNNER", value_enum)]
    pub output: CiForm,
    /// How many machines share the work.
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub shards: u16,
    /// An image that has this program.
    #[arg(long, value_name = "IMAGE", default_value = "registry.example.com/gitlab-render:latest")]
    pub image: String,
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
        let all = read_fleet(&self.file)?.environments;
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
            FleetCommand::Plan(args) => args.run(ui),
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

impl PlanFleetArgs {
    fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let environments = self.select.environments()?;
        let results = parallel::each(&environments, ui, |environment| self.plan(environment));
        let mut failures = Failures::default();
        let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (environment, result) in environments.iter().zip(results) {
            match result {
                Ok(text) => texts.entry(text).or_default().push(&environment.name),
                Err(failure) => failures.add(&environment.name, failure),
            }
        }
        let mut texts: Vec<(Vec<&str>, String)> = texts.into_iter().map(|(text, names)| (names, text)).collect();
        texts.sort();
        for (names, text) in &texts {
            ui.out(
                format!("# {}: {}\n\n{text}\n", in_of(names.len(), environments.len()), names.join(", ")).as_bytes(),
            )?;
        }
        failures.report(environments.len(), ui)
    }

    fn plan(&self, environment: &Environment) -> Result<String, Failure> {
        let from = self.from.clone().or_else(|| environment.gitlab.clone()).ok_or_else(|| {
            Diagnostic::error("fleet", format!("`{}` does not say which version runs", environment.name))
                .hint("give it with `--from`, or as `gitlab:` of the environment")
        })?;
        let mut render = environment::request(environment)?;
        render.target.gitlab_version = None;
        render.target.is_upgrade = true;
        let request = PlanRequest {
            from,
            to: self.to.clone(),
            without: Vec::new(),
            zero_downtime: false,
            with: With::default(),
            flags: Flags { sets: String::new(), render: String::new() },
            render,
        };
        Ok(plan::report::text(&upgrade::plan(&request)?.plan))
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
            Err(failure) => failures.add(&environment.name, failure),
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
    fn add(&mut self, name: &str, failure: Failure) {
        self.environments.push(name.to_owned());
        let exit = Exit::from(&failure);
        if self.worst.is_none_or(|worst| (worst as u8) < exit as u8) {
            self.worst = Some(exit);
        }
        self.found(name, failure.report.0, &failure.sources);
    }

    /// Reports findings that do not stop the run.
    fn found(&mut self, name: &str, findings: Vec<Diagnostic>, sources: &Sources) {
        for finding in findings {
            let key = ui::as_json(&finding, sources).to_string();
            let entry = self.findings.entry(key).or_insert_with(|| (finding, sources.clone(), Vec::new()));
            entry.2.push(name.to_owned());
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
                let message = format!(
                    "{} could not be done: {}",
                    in_of(self.environments.len(), all),
                    self.environments.join(", ")
                );
                ui.report(&[Diagnostic::error("fleet", message)], &Sources::default());
                Ok(exit)
            }
        }
    }
}
