//! `gitlab-render releases` and `gitlab-render upgrade`.

use crate::cli::VersionForm;
use crate::cli::upgrade::{PlanArgs, PlanForm, ReleasesArgs, UpgradeArgs, UpgradeCommand};
use crate::commands::inputs::inputs;
use crate::commands::{Exit, Stop, again, release, request::request};
use crate::pipeline::upgrade::{self, Flags, PlanRequest, report};
use crate::pipeline::{Hooks, Select, Target};
use crate::ui::Ui;

/// Shows the catalogue.
pub fn releases(args: &ReleasesArgs, ui: &Ui) -> Result<Exit, Stop> {
    let catalogue = upgrade::catalogue(args.from.as_deref(), args.to.as_deref())?;
    let text = match args.output {
        Some(VersionForm::Json) => catalogue.json(),
        None => catalogue.text(),
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Plans an upgrade.
pub fn run(args: &UpgradeArgs, ui: &Ui) -> Result<Exit, Stop> {
    let UpgradeCommand::Plan(args) = &args.command;
    let planned = upgrade::plan(&asked(args)?).map_err(|failure| Stop::refused(failure.report, failure.sources))?;
    ui.report(&planned.warnings, &planned.sources);
    let text = match args.output {
        PlanForm::Text => report::text(&planned.plan),
        PlanForm::Json => report::json(&planned.plan),
        PlanForm::Markdown => report::markdown(&planned.plan),
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}

fn asked(args: &PlanArgs) -> Result<PlanRequest, Stop> {
    let target = Target {
        name: args.name.clone(),
        namespace: args.namespace.clone(),
        is_upgrade: true,
        kube_version: args.cluster.kube_version.unwrap_or(release::NEWEST_KUBE),
        api_versions: args.cluster.api_versions.clone(),
        gitlab_version: None,
    };
    let spaced = |flags: Vec<String>| flags.iter().map(|flag| format!(" {flag}")).collect::<String>();
    let render =
        [again::cluster(args.cluster.kube_version, &args.cluster.api_versions), again::let_through(&args.values)]
            .concat();
    // the plan's commands apply phase by phase, where Jobs are named by their content
    let select = Select { hooks: Hooks::None, ..Select::default() };
    Ok(PlanRequest {
        from: args.from.clone(),
        to: args.to.clone(),
        without: args.without.clone(),
        zero_downtime: args.zero_downtime,
        flags: Flags { sets: spaced(again::sets(&args.values)), render: spaced(render) },
        render: request(target, inputs(&args.values)?, &args.values, select),
    })
}
