//! `gitlab-render upgrade`.

use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use crate::cli::{ClusterArgs, Rerun, ValuesArgs, Wanted, parse_namespace, parse_release_name};
use crate::diag::{Diagnostic, Failure};
use crate::files::Stdin;
use crate::phases::Hooks;
use crate::pipeline::Request;
use crate::pipeline::upgrade::{self, PlanRequest};
use crate::ui::Ui;
use crate::upgrade::plan::{Flags, With, report};
use crate::wrapped::{ReleaseFacts, Unwrapped};

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
    /// Plan an upgrade: required stops, preconditions, what breaks, and the commands.
    ///
    /// No cluster is contacted: the plan says what to check there, and with which commands.
    Plan(Box<PlanArgs>),
}

/// `gitlab-render upgrade plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PlanArgs {
    /// The release that runs: `18.2`, `18.2.6`, or the chart's `9.2.6`; prefix `gitlab:` or `chart:` to say which.
    #[arg(long, value_name = "VERSION")]
    pub from: String,
    /// The release to upgrade to; a part of a version means its newest patch. Without it: what `template` renders.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Stop at every minor, and keep GitLab available throughout.
    #[arg(long)]
    pub zero_downtime: bool,
    /// The tool that deploys the release; the plan contains its commands.
    #[arg(long, value_name = "TOOL", value_enum, default_value_t = With::Kubectl)]
    pub with: With,
    /// A condition of a stop that you checked and that does not hold, such as `npm_packages`. Repeatable or a comma list.
    #[arg(long, value_name = "CONDITION", value_delimiter = ',')]
    pub without: Vec<String>,
    /// The values of the running release.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Name of the release, for the commands of the plan; without it, the one that a file given with -f names, or `gitlab`.
    #[arg(long, value_name = "NAME", value_parser = parse_release_name, help_heading = "Release")]
    pub name: Option<String>,
    /// Namespace of the release; without it, the one that a file given with -f names, or `gitlab`.
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = parse_namespace, help_heading = "Release")]
    pub namespace: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Only this stop of the plan, with its versions written into the commands; counted from 1.
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub stop: Option<usize>,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = PlanForm::Text, help_heading = "Output")]
    pub output: PlanForm,
}

const EXAMPLES: &str = "\
Examples:
  To the newest release that this program renders:
    gitlab-render upgrade plan --from 16.11 -f values.yaml

  For a change request, by the chart's versions:
    gitlab-render upgrade plan --from 9.2.6 --to 9.9 -f values.yaml \\
      --name prod -n gitlab -o markdown

  Without downtime, one minor after the other:
    gitlab-render upgrade plan --from 18.2 --zero-downtime -f values.yaml

  For a release that Argo CD applies from git:
    gitlab-render upgrade plan --from 18.8 -f values.yaml --name prod \\
      -n gitlab --with argocd

  With conditions of stops that were checked and do not apply:
    gitlab-render upgrade plan --from 15.11 --without npm_packages,many_users";

/// The form of a plan.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanForm {
    /// For people.
    #[default]
    Text,
    /// One object, described by `schemas/upgrade-plan.schema.json`.
    Json,
    /// Task lists, for a change request or an issue.
    Markdown,
    /// One page for a browser, which remembers the ticked boxes.
    Html,
}

impl UpgradeArgs {
    /// Runs the command below `upgrade`.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match &self.command {
            UpgradeCommand::Plan(args) => args.run(ui),
        }
    }
}

impl PlanArgs {
    fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let mut planned = upgrade::plan(&self.request()?)?;
        if let Some(number) = self.stop {
            let stops = planned.plan.stops.len();
            if !(1..=stops).contains(&number) {
                let message = format!("`--stop {number}`: the plan has stops 1 to {stops}");
                return Err(Diagnostic::usage("no-such-stop", message)
                    .hint("without the flag, the plan lists them")
                    .into());
            }
            planned.plan.keep_stop(number - 1);
        }
        ui.report(&planned.warnings, &planned.sources);
        let text = match self.output {
            PlanForm::Text => report::text(&planned.plan),
            PlanForm::Json => report::json(&planned.plan),
            PlanForm::Markdown => report::markdown(&planned.plan),
            PlanForm::Html => report::html(&planned.plan),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }

    fn request(&self) -> Result<PlanRequest, Failure> {
        let Unwrapped { inputs, release } = self.values.inputs(&mut Stdin::default())?;
        let wanted = Wanted {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            is_upgrade: true,
            ..self.cluster.wanted()
        };
        // A plan contains its versions already.
        let target = wanted.target_or(&ReleaseFacts { gitlab: None, ..release }, "gitlab", "gitlab");
        let (mut sets, mut render) = (Rerun::default(), Rerun::default());
        sets.sets(&self.values);
        render.cluster(&self.cluster);
        render.leniency(&self.values);
        Ok(PlanRequest {
            from: self.from.clone(),
            to: self.to.clone(),
            without: self.without.clone(),
            zero_downtime: self.zero_downtime,
            with: self.with,
            flags: Flags { sets: sets.tail()?, render: render.tail()? },
            // The plan applies phase by phase, where Jobs are named by their content.
            render: Request { hooks: Hooks::None, ..self.values.request_of(target, inputs) },
        })
    }
}
