//! `gitlab-render releases` and `gitlab-render upgrade`.

use crate::cli::VersionForm;
use crate::cli::upgrade::{PlanArgs, PlanForm, ReleasesArgs, UpgradeArgs, UpgradeCommand};
use crate::commands::inputs::inputs;
use crate::commands::{Exit, Stop, release, request::request};
use crate::pipeline::upgrade::{self, PlanRequest, report};
use crate::pipeline::{Select, Target};
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
        kube_version: args.kube_version.unwrap_or(release::NEWEST_KUBE),
        api_versions: args.api_versions.clone(),
        gitlab_version: None,
    };
    Ok(PlanRequest {
        from: args.from.clone(),
        to: args.to.clone(),
        without: args.without.clone(),
        zero_downtime: args.zero_downtime,
        render: request(target, inputs(&args.values)?, &args.values, Select::default()),
    })
}
